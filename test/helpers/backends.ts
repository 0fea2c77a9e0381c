// The servers behind an emitted service, real ones, each on a port of its own and gone with the test.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, realpathSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { folderOf } from './collector.ts';
import { freePort } from './ports.ts';
import { until } from './until.ts';

type Cleanup = Pick<TestContext, 'after'>;

/** Starts the `redis-server` at this path, keeping nothing on disk; answers its `HOST:PORT`. */
export async function startRedis(t: Cleanup, redisServer: string): Promise<string> {
  const port = await freePort();
  const flags = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no'];
  const child = spawn(redisServer, flags, { cwd: folderOf(t), stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  await until('redis-server listens', 10_000, () => listening(port));
  return `127.0.0.1:${port}`;
}

/**
 * Starts the `postgres` at this path with an empty cluster that trusts everybody; answers its URL. PostgreSQL refuses
 * to run as root, so root starts it as the user that Debian's package makes for it.
 */
export async function startPostgres(t: Cleanup, postgres: string): Promise<string> {
  const data = folderOf(t);
  const owner = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (owner.uid !== undefined) chownSync(data, owner.uid, owner.gid);
  const initdb = join(dirname(realpathSync(postgres)), 'initdb');
  const flags = ['--username', 'shop', '--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C', '--no-sync'];
  execFileSync(initdb, ['--pgdata', data, ...flags], { ...owner, cwd: data });
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', `port=${port}`];
  const options = settings.flatMap((setting) => ['-c', setting]);
  const child = spawn(postgres, ['-D', data, ...options], { ...owner, cwd: data, stdio: 'ignore' });
  // SIGINT is its fast shutdown: SIGKILL would leave its children and their shared memory behind.
  const ended = new Promise((resolve) => child.on('close', resolve));
  t.after(() => {
    child.kill('SIGINT');
    return ended;
  });
  await until('postgres listens', 20_000, () => listening(port));
  return `postgres://shop@127.0.0.1:${port}/postgres?sslmode=disable`;
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
}

function listening(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(undefined));
  });
}

/** Starts the service that the http-client option calls: it quotes every zip code. Answers its URL. */
export async function startShipping(t: Cleanup): Promise<string> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"price_cents":490,"days":2}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}
