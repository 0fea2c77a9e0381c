// The emitted service with all options on, all that it leads to, and customers who use all of its routes.
import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startPostgres, startRedis } from '../../helpers/backends.ts';
import { emitService, fullAnswers } from '../../helpers/emitted-service.ts';
import { startService } from '../../helpers/running-service.ts';
import { ensureTool } from '../../helpers/tools.ts';
import type { Cleanup } from './cleanup.ts';

/** Requests that come in every turn, and how long a turn is: ten requests a second. */
const turnMs = 500;
const order = { method: 'POST', body: '{"item":"tea","quantity":1}' };
const turn: readonly { path: string; init?: RequestInit }[] = [
  { path: '/orders', init: order },
  { path: '/orders/1' },
  { path: '/products/tea' },
  { path: '/products/tea', init: { method: 'PUT', body: '{"name":"tea","price_cents":490}' } },
  { path: '/api/v2/verify?session=a' },
  { path: '/payment/1/capture', init: { method: 'POST', body: '{}' } },
  { path: '/shipping/8001' },
  { path: '/shipping/8002' },
];

export interface Shop {
  /** The folder of the service's source, with ops/. */
  readonly folder: string;
  readonly adminAddr: string;
  /** Makes the service behind `GET /shipping/{zip}` fail, or answer again. */
  breakShipping(broken: boolean): void;
}

/** @param collector where the service sends its traces */
export async function startShop(folder: string, collector: string, cleanup: Cleanup): Promise<Shop> {
  const source = join(folder, 'shop');
  await emitService(fullAnswers, source);
  const binary = join(folder, 'shop-binary');
  const env = { ...process.env, GOFLAGS: '-tags=grpcnotrace', GOWORK: 'off' };
  execFileSync('go', ['build', '-o', binary, './cmd/shop'], { cwd: source, env, stdio: 'pipe' });
  const shipping = await startQuotes(cleanup);
  const backends = {
    REDIS_ADDR: await startRedis(cleanup, ensureTool('redis-server')),
    DATABASE_URL: await startPostgres(cleanup, ensureTool('postgres')),
    SHIPPING_URL: shipping.url,
  };
  execFileSync(binary, ['migrate'], { env: { ...process.env, ...backends }, stdio: 'pipe' });
  const running = await startService(binary, collector, backends);
  cleanup.after(() => running.stop());
  cleanup.after(sendTraffic(`http://${running.addr}`));
  return { folder: source, adminAddr: running.adminAddr, breakShipping: shipping.break };
}

/** The service that quotes what shipping costs. */
async function startQuotes(cleanup: Cleanup): Promise<{ url: string; break(broken: boolean): void }> {
  let broken = false;
  const server: Server = createServer((_, response) => {
    response.statusCode = broken ? 500 : 200;
    response.setHeader('content-type', 'application/json');
    response.end('{"price_cents":490,"days":2}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    break: (now) => {
      broken = now;
    },
  };
}

/** Sends every request of a turn, turn after turn; what is answered does not matter. Answers how to stop. */
function sendTraffic(base: string): () => Promise<void> {
  const stop = new AbortController();
  const done = (async () => {
    while (!stop.signal.aborted) {
      await Promise.all(
        turn.map(({ path, init }) =>
          fetch(`${base}${path}`, { ...init, signal: stop.signal })
            .then((response) => response.arrayBuffer())
            .catch(() => undefined),
        ),
      );
      await delay(turnMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  return () => {
    stop.abort();
    return done;
  };
}
