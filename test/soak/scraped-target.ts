// A target that is scraped: every sample of scrape n says n.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export const LANES = 20;

export interface ScrapedTarget {
  port: number;
  /** Scrapes that were answered, and in which life of the collector each was. */
  lives: number[];
  /** Told when a life begins. */
  life: number;
  close(): void;
}

export async function startTarget(): Promise<ScrapedTarget> {
  const lives: number[] = [];
  const target: ScrapedTarget = { port: 0, lives, life: 0, close: () => server.close() };
  const server: Server = createServer((_request, response) => {
    const n = lives.push(target.life) - 1;
    const lines = Array.from({ length: LANES }, (_, lane) => `soak_scraped{lane="${lane}"} ${n}`);
    response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    response.end(`# TYPE soak_scraped gauge\n${lines.join('\n')}\n# EOF\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  target.port = (server.address() as AddressInfo).port;
  return target;
}
