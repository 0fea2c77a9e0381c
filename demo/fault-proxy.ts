import { connect, createServer, type Socket } from 'node:net';

/** What the proxy does to the traffic that passes; all zero is "nothing". */
export interface Fault {
  /** Milliseconds that each answer of the server is held back. */
  latencyMs: number;
  /** Share of new connections that are accepted and then never answered, 0 to 1. */
  stallShare: number;
  /** Share of answers in whose place the connection is closed, 0 to 1. */
  dropShare: number;
}

export const NO_FAULT: Fault = { latencyMs: 0, stallShare: 0, dropShare: 0 };

/** What a program that meets the fault sees on the wire is made here; times and chance are handed in. */
export interface FaultProxyDeps {
  random(): number;
  later(ms: number, work: () => void): void;
}

export interface FaultProxy {
  port: number;
  set(fault: Fault): void;
  stop(): Promise<void>;
}

/** A TCP proxy on 127.0.0.1 in front of `target` whose faults can be changed while connections are open. */
export async function startFaultProxy(
  target: { host: string; port: number },
  deps: FaultProxyDeps,
): Promise<FaultProxy> {
  let fault = NO_FAULT;
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    track(client);
    if (deps.random() < fault.stallShare) return;
    const upstream = connect(target.port, target.host);
    track(upstream);
    client.on('data', (bytes) => upstream.write(bytes));
    upstream.on('data', (bytes) => answer(client, bytes));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.end());
  });
  const answer = (client: Socket, bytes: Buffer) => {
    const now = fault;
    if (now.latencyMs === 0 && now.dropShare === 0) {
      client.write(bytes);
      return;
    }
    deps.later(now.latencyMs, () => {
      if (deps.random() < now.dropShare) client.destroy();
      else if (!client.destroyed) client.write(bytes);
    });
  };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the fault proxy has no address');
  return {
    port: address.port,
    set: (next) => {
      fault = next;
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
