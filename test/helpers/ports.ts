// Ports of 127.0.0.1 that nobody listened on a moment ago, for servers that cannot choose one themselves.
import { type AddressInfo, createServer } from 'node:net';

/** A free port. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts();
  return port;
}

/**
 * Two free ports, the first of them `wanted` unless that is 0.
 * @throws Error (EADDRINUSE) when `wanted` is taken
 */
export async function freePorts(wanted = 0): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const;
  const listen = (server: (typeof servers)[number], port: number) =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  try {
    return [await listen(servers[0], wanted), await listen(servers[1], 0)];
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}
