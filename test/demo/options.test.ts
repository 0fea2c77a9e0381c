import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
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
