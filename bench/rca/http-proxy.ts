import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpProxy {
  /** HOST:PORT of 127.0.0.1. */
  address: string;
  /** Cuts every connection of a client, as a restart does. */
  cut(): void;
  stop(): Promise<void>;
}

export interface HttpProxyOptions {
  /** HOST:PORT of the servers; requests go to them in turn. */
  targets: readonly string[];
  /** Changes a request's body before it is passed on; it passes as it comes by default. */
  rewrite?: (body: Buffer) => Buffer;
}

const ANY = '127.0.0.1';

/** A reverse proxy on 127.0.0.1 that hands each request to the next of its targets; 502 when that does not answer. */
export async function startHttpProxy({ targets, rewrite }: HttpProxyOptions): Promise<HttpProxy> {
  const agent = new Agent({ keepAlive: true });
  let turn = 0;
  const server = createServer((incoming, answer) => {
    const [host = ANY, port] = targets[turn++ % targets.length]!.split(':');
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      pass(incoming, answer, { host, port: Number(port), agent }, rewrite?.(body) ?? body);
    });
    incoming.on('error', () => answer.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, ANY, resolve);
  });
  return {
    address: `${ANY}:${(server.address() as AddressInfo).port}`,
    cut: () => server.closeAllConnections(),
    stop: () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pass(
  incoming: IncomingMessage,
  answer: ServerResponse,
  target: { host: string; port: number; agent: Agent },
  body: Buffer,
): void {
  const { method = 'GET', url = '/' } = incoming;
  const length = body.length > 0 ? { 'content-length': body.length } : {};
  const headers = { ...incoming.headers, ...length };
  const outgoing = request({ ...target, method, path: url, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
  });
  outgoing.on('error', () => {
    if (!answer.headersSent) answer.writeHead(502);
    answer.end();
  });
  answer.on('close', () => {
    if (!answer.writableEnded) outgoing.destroy();
  });
  outgoing.end(body);
}

/** Shifts all times of spans in an OTLP/JSON body. */
export function shiftTimes(body: Buffer, byNano: bigint): Buffer {
  const text = body
    .toString()
    .replace(/"((?:start|end)?[tT]imeUnixNano)":\s*"(\d+)"/g, (_, key: string, time: string) => {
      return `"${key}":"${BigInt(time) + byNano}"`;
    });
  return Buffer.from(text);
}
