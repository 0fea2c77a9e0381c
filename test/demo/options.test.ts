import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareWorkDir } from '../../demo/binaries.ts';
import { parseDemoOptions } from '../../demo/options.ts';
import { isFree, ownerOf } from '../../demo/ports.ts';

const dirs = { caller: '/home/reader', usual: '/clone/.demo' };

test('without flags the demo takes the documented ports and waits two minutes', () => {
  assert.deepEqual(parseDemoOptions([], dirs), {
    once: false,
    servicePort: 8080,
    adminPort: 8081,
    otlpPort: 4318,
    apiPort: 4319,
    faultAfterSeconds: 120,
    workDir: '/clone/.demo',
  });
});

for (const argv of [['--api-port', '0'], ['--api-port', 'x'], ['--fault-after', '5'], ['--ones'], ['now']]) {
  test(`refused: ${argv.join(' ')}`, () => {
    assert.throws(() => parseDemoOptions(argv, dirs), new RegExp(argv[0]?.replace(/^--/, '') ?? ''));
  });
}

test('one port for two parts is refused', () => {
  assert.throws(() => parseDemoOptions(['--api-port', '8080'], dirs), /port 8080 is given to two parts/);
});

test('a folder that a person filled is refused and left as it is; an own one is used again', async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'go-sre-work-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  writeFileSync(join(parent, 'notes.txt'), 'mine');
  await assert.rejects(prepareWorkDir(parent), /holds files that the demo did not make/);
  assert.deepEqual(readdirSync(parent), ['notes.txt']);
  await prepareWorkDir(join(parent, 'new'));
  writeFileSync(join(parent, 'new', 'shop.log'), '');
  await prepareWorkDir(join(parent, 'new'));
  await assert.rejects(prepareWorkDir(join(parent, 'no', 'such')), /Its parent must exist/);
});

test('a taken port is told from a free one, with the program that took it', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  assert.equal(await isFree(address.port), false);
  if (process.platform === 'linux')
    assert.match((await ownerOf(address.port)) ?? '', new RegExp(`process ${process.pid}$`));
});
