import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { versionedCommands } from './tool-recipes.ts';

const tools = join(import.meta.dirname, 'tools.ts');
const asTest = `import { tool } from ${JSON.stringify(tools)};
const t = { skip: (reason) => console.log('skipped: ' + reason) };
console.log('path: ' + tool(t, 'promtool'));`;

/** Asks for promtool on a machine that has no tool at all. */
function onBareMachine(env: NodeJS.ProcessEnv) {
  const bare = { PATH: '', GO_SRE_TOOLS_DIR: join(tmpdir(), 'go-sre-no-tools-here') };
  return spawnSync(process.execPath, ['--input-type=module', '--eval', asTest], {
    encoding: 'utf8',
    env: { ...bare, ...env },
  });
}

test('a test whose tool is missing is skipped with the reason and the remedy', () => {
  const { stdout } = onBareMachine({});
  assert.match(
    stdout,
    /^skipped: promtool is missing: run `npm run tools -- promtool`, or install Prometheus 3/,
  );
  assert.match(stdout, /^path: undefined$/m);
});

test('where tools are required a missing one is a failure', () => {
  const { status, stderr } = onBareMachine({ GO_SRE_TOOLS: 'required' });
  assert.equal(status, 1);
  assert.match(stderr, /promtool is missing/);
});

test('a tool nobody knows is refused with the list of those there are', () => {
  const { status, stderr } = spawnSync(process.execPath, [tools, 'promtol'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /^No such tool: promtol\. There are: promtool, chromium, docker, docker-compose/);
});

test('of several versions side by side the newest is taken', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-versions-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const version of ['9.6', '15', '17']) mkdirSync(join(folder, version));
  assert.deepEqual(
    versionedCommands(folder, 'bin/postgres'),
    ['17', '15', '9.6'].map((version) => join(folder, version, 'bin/postgres')),
  );
  assert.deepEqual(versionedCommands(join(folder, 'missing'), 'bin/postgres'), []);
});
