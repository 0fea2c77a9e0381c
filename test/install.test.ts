import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';

const root = join(import.meta.dirname, '..');

/** A copy of what the installing step reads, in a folder without node_modules. */
function freshClone(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-install-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = [
    'install.mjs',
    'package.json',
    'package-lock.json',
    'scaffold/package.json',
    'collector/package.json',
  ];
  for (const file of files) cpSync(join(root, file), join(folder, file));
  return folder;
}

/** The machine's own npm and node, without anything of this clone's node_modules. */
function machinePath(): string {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((dir) => !dir.includes('node_modules'))
    .join(delimiter);
}

test('without Go, one line says so and where to get it', (t) => {
  const folder = freshClone(t);
  const bin = join(folder, 'bin');
  symlinkSync(dirname(process.execPath), bin);
  const result = spawnSync(process.execPath, ['install.mjs', 'go'], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: bin },
  });
  assert.equal(result.status, 1);
  assert.match(result.stderr, /^go-sre: Go is missing: install it from https:\/\/go\.dev\/dl\/ .*PATH\.\n$/);
});

test('without a network, one line says so and nothing counts as installed', (t) => {
  const folder = freshClone(t);
  const env = {
    PATH: machinePath(),
    HOME: folder,
    npm_config_registry: 'http://127.0.0.1:1/',
    npm_config_fetch_retries: '0',
    npm_config_cache: join(folder, 'cache'),
  };
  const result = spawnSync('node', ['install.mjs'], { cwd: folder, encoding: 'utf8', env });
  assert.equal(result.status, 1);
  assert.match(result.stderr, /\ngo-sre: no network: npm could not reach its registry\. .*again\.\n$/);
  assert.equal(existsSync(join(folder, 'node_modules/.installed-from')), false);
});

test('when nothing changed, nothing is installed and nothing is printed', () => {
  const result = spawnSync(process.execPath, ['install.mjs'], { cwd: root, encoding: 'utf8' });
  assert.deepEqual([result.status, result.stderr, result.stdout], [0, '', '']);
});
