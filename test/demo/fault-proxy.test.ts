import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { NO_FAULT, startFaultProxy } from '../../demo/fault-proxy.ts';

/** An echo server behind a proxy whose delays are collected instead of waited for. */
async function setUp(t: TestContext, random: () => number = () => 0.5) {
  const echo = createServer((socket) => void socket.on('error', () => {}).pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const address = echo.address();
  assert.ok(typeof address === 'object' && address);
  const delays: number[] = [];
  const later = (ms: number, work: () => void) => {
    delays.push(ms);
    work();
  };
  const proxy = await startFaultProxy({ host: '127.0.0.1', port: address.port }, { random, later });
  const clients: Socket[] = [];
  t.after(async () => {
    for (const client of clients) client.destroy();
    await proxy.stop();
    echo.close();
  });
  const dial = async () => {
    const client = connect(proxy.port, '127.0.0.1');
    clients.push(client);
    await once(client, 'connect');
    return client;
  };
  return { proxy, delays, dial };
}

test('without a fault every byte comes back at once', async (t) => {
  const { dial, delays } = await setUp(t);
  const client = await dial();
  client.write('PING');
  assert.equal(String((await once(client, 'data'))[0]), 'PING');
  assert.deepEqual(delays, []);
});

test('a fault set while the connection is open holds its next answer back', async (t) => {
  const { proxy, dial, delays } = await setUp(t);
  const client = await dial();
  proxy.set({ ...NO_FAULT, latencyMs: 900 });
  client.write('PING');
  assert.equal(String((await once(client, 'data'))[0]), 'PING');
  assert.deepEqual(delays, [900]);
});

test('a dropped answer closes the connection instead', async (t) => {
  const { proxy, dial } = await setUp(t, () => 0.01);
  const client = await dial();
  proxy.set({ ...NO_FAULT, dropShare: 0.02 });
  client.on('data', () => assert.fail('the answer was to be dropped'));
  client.write('PING');
  await once(client, 'close');
});

test('the fault ends when it is taken back', async (t) => {
  const { proxy, dial } = await setUp(t, () => 0);
  const client = await dial();
  proxy.set({ latencyMs: 900, stallShare: 1, dropShare: 1 });
  proxy.set(NO_FAULT);
  client.write('PING');
  assert.equal(String((await once(client, 'data'))[0]), 'PING');
});
