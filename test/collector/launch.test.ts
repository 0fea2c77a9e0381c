import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';

const entry = new URL('../../collector/launch.ts', import.meta.url).pathname;
const launch = (...args: string[]) => spawnSync(process.execPath, [entry, ...args], { encoding: 'utf8' });

test('the process that starts itself anew with its flags of Node answers, and ends, as one that does not', () => {
  const manifest = new URL('../../collector/package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const { status, stdout, stderr } = launch('--version');
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: `${version}\n`, stderr: '' });
  const refused = launch('--no-such-flag');
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /no-such-flag/);
});
