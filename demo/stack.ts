import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { httpPath } from '../slo/index.ts';
import { SERVICE } from './binaries.ts';
import { type Fault, startFaultProxy } from './fault-proxy.ts';
import type { DemoOptions } from './options.ts';
import { type Running, startProgram } from './processes.ts';
import { type Flow, startTraffic } from './traffic.ts';
import { sleep, until } from './wait.ts';

const root = join(import.meta.dirname, '..');
const SCRAPE_EVERY = '5s';
const STARTED_WITHIN_MS = 60_000;

const FLOWS: readonly Flow[] = [
  { method: 'GET', path: (n) => `/api/v2/verify?session=${n % 1000}`, perSecond: 40, retries: 1 },
  { method: 'GET', path: (n) => `/orders/${(n % 100) + 1}`, perSecond: 40, retries: 0 },
  {
    method: 'POST',
    path: () => '/orders',
    body: (n) => JSON.stringify({ item: `item-${n % 50}`, quantity: 1 }),
    perSecond: 10,
    retries: 0,
  },
  {
    method: 'POST',
    path: (n) => `/payment/${n}/capture`,
    body: () => '{}',
    perSecond: 8,
    retries: 0,
  },
];

/** Everything that runs beside the demo. */
export interface Stack {
  programs: Running[];
  slow(fault: Fault): void;
  stop(): Promise<void>;
}

/** Starts cache, proxy, collector, service and traffic; stops them in reverse. */
export async function startStack(
  options: DemoOptions,
  binaries: { service: string; cache: string },
): Promise<Stack> {
  const work = options.workDir;
  const stops: (() => Promise<void>)[] = [];
  const programs: Running[] = [];
  const stop = async () => {
    for (let part = stops.pop(); part; part = stops.pop()) await part();
  };
  const add = (running: Running) => {
    programs.push(running);
    stops.push(running.stop);
    return running;
  };
  try {
    const cache = add(startProgram({ name: 'cache', command: binaries.cache, args: [] }));
    const [host = '', port = ''] = (await cache.line((line) => /:\d+$/.test(line))).split(':');
    const later = (ms: number, todo: () => void) => void setTimeout(todo, ms);
    const proxy = await startFaultProxy({ host, port: Number(port) }, { random: Math.random, later });
    stops.push(proxy.stop);

    const logFile = join(work, `${SERVICE}.log`);
    await rm(logFile, { force: true });
    await rm(join(work, 'data'), { recursive: true, force: true });
    const collector = add(
      startProgram({
        name: 'collector',
        command: process.execPath,
        args: [
          ...[
            'collector/main.ts',
            '--otlp-port',
            String(options.otlpPort),
            '--api-port',
            String(options.apiPort),
          ],
          // The service sends over HTTP.
          ...['--otlp-grpc-port', '0'],
          ...['--data', join(work, 'data', 'telemetry.sqlite'), '--log-file', `${SERVICE}=${logFile}`],
          ...['--scrape', `${SERVICE}=127.0.0.1:${options.adminPort}`, '--scrape-interval', SCRAPE_EVERY],
          ...['--slo', join(work, SERVICE, 'slo.json')],
        ],
        cwd: root,
      }),
    );
    await Promise.race([
      collector.line((line) => line.startsWith('console and API')),
      sleep(STARTED_WITHIN_MS),
    ]);

    const service = add(
      startProgram({
        name: SERVICE,
        command: binaries.service,
        args: [],
        env: {
          ADDR: `127.0.0.1:${options.servicePort}`,
          ADMIN_ADDR: `127.0.0.1:${options.adminPort}`,
          LOG_FILE: logFile,
          REDIS_ADDR: `127.0.0.1:${proxy.port}`,
          OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${options.otlpPort}`,
        },
      }),
    );
    const answered = until('the first answer of the service', STARTED_WITHIN_MS, async () => {
      const response = await fetch(`http://127.0.0.1:${options.adminPort}${httpPath.ready}`);
      return response.ok ? true : undefined;
    });
    await Promise.race([answered, service.died, collector.died]);

    const every = (ms: number, todo: () => void) => {
      const timer = setInterval(todo, ms);
      return { stop: () => clearInterval(timer) };
    };
    const traffic = startTraffic(`http://127.0.0.1:${options.servicePort}`, FLOWS, {
      random: Math.random,
      every,
    });
    stops.push(traffic.stop);
    return { programs, slow: proxy.set, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
