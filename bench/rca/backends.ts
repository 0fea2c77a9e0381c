// Redis and PostgreSQL as a stack has them: real servers, with what is asked of them, each behind a proxy.
import { connect } from 'node:net';
import { type FaultProxy, startFaultProxy } from '../../demo/fault-proxy.ts';
import { until } from '../../demo/wait.ts';
import { startPostgres, startRedis } from '../../test/helpers/backends.ts';
import type { BenchDeps } from '../bench.ts';
import { runCommand } from '../processes.ts';

/** Sessions that Redis knows: `session:0` and so on. */
export const SESSIONS = 1000;

const STARTED_WITHIN_MS = 30_000;

/** Takes what ends a server, to be called when the stack ends. */
interface Cleanup {
  after(stop: () => unknown): void;
}

/** Starts the `redis-server` at this path with the sessions in it. */
export async function startSessions(cleanup: Cleanup, redisServer: string): Promise<FaultProxy> {
  const address = await startRedis(cleanup as Parameters<typeof startRedis>[0], redisServer);
  await seed(address);
  return proxyOf(address);
}

/** Starts the `postgres` at this path with the schema of shipping's binary; answers its URL through the proxy, too. */
export async function startProducts(
  cleanup: Cleanup,
  postgres: string,
  shipping: string,
  { env, signal }: BenchDeps,
): Promise<{ proxy: FaultProxy; url: string }> {
  const url = new URL(await startPostgres(cleanup as Parameters<typeof startPostgres>[0], postgres));
  const migrate = { command: shipping, args: ['migrate'], env: { ...env, DATABASE_URL: url.href }, signal };
  // It listens before it takes connections.
  await until('the schema', STARTED_WITHIN_MS, () => runCommand(migrate));
  const proxy = await proxyOf(url.host);
  url.host = `127.0.0.1:${proxy.port}`;
  return { proxy, url: url.href };
}

function proxyOf(address: string): Promise<FaultProxy> {
  const [host = '', port = ''] = address.split(':');
  const later = (ms: number, work: () => void) => void setTimeout(work, ms);
  return startFaultProxy({ host, port: Number(port) }, { random: Math.random, later });
}

function seed(address: string): Promise<void> {
  const [host = '', port = ''] = address.split(':');
  const commands = Array.from({ length: SESSIONS }, (_, i) => `SET session:${i} user-${i}\r\n`);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host);
    let answered = 0;
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      // Each command is answered by a line.
      answered += bytes.toString().split('\r\n').length - 1;
      if (answered >= SESSIONS) socket.end(resolve);
    });
    socket.write(commands.join(''));
  });
}
