// What `npm start` runs: a service made by the generator, under traffic, with the collector beside it; after a
// while its cache slows down. Everything it makes is below one folder, .demo/ in the clone.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Incident, IncidentsBody } from '../collector/api/types.ts';
import { httpPath } from '../slo/index.ts';
import { type Ask, followChain, type Link, renderChain } from './chain.ts';
import { type Fault, NO_FAULT, startFaultProxy } from './fault-proxy.ts';
import { DEMO_USAGE, type DemoOptions, parseDemoOptions } from './options.ts';
import { isFree, ownerOf } from './ports.ts';
import { type Running, runProgram, startProgram } from './processes.ts';
import { type Flow, startTraffic } from './traffic.ts';

const root = join(import.meta.dirname, '..');
const SERVICE = 'shop';
/** What the slow traces are expected to wait for. */
const DEPENDENCY = 'redis.GET';

/**
 * The cache answers after 280 ms: the pool of 10 connections then serves 36 reads a second where 40 are asked, so it
 * runs dry, callers wait up to their timeout, and their retries add to the load. One answer in a hundred is lost.
 */
const SLOW_CACHE: Fault = { latencyMs: 280, stallShare: 0, dropShare: 0.01 };

const SCRAPE_EVERY = '5s';
/** How long the detector may take from the fault to an incident that explains it. */
const EXPLAINED_WITHIN_MS = 180_000;
const STARTED_WITHIN_MS = 60_000;
const POLL_MS = 500;

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

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Asks again and again until `answer` is there. @throws Error with `what` when the time is over */
async function until<T>(what: string, withinMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  }
  throw new Error(
    `${what} did not happen within ${withinMs / 1000} s${last instanceof Error ? ` (${last.message})` : ''}`,
  );
}

function asker(port: number): Ask {
  return async <T>(path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`GET ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  };
}

async function needPorts(options: DemoOptions): Promise<void> {
  const wanted = [
    ['service', options.servicePort, '--service-port'],
    ['admin', options.adminPort, '--admin-port'],
    ['OTLP', options.otlpPort, '--otlp-port'],
    ['console', options.apiPort, '--api-port'],
  ] as const;
  for (const [what, port, flag] of wanted) {
    if (await isFree(port)) continue;
    const owner = await ownerOf(port);
    throw new Error(
      `port ${port} (${what}) is taken${owner ? ` by ${owner}` : ''}. Stop that program or move this port: npm start -- ${flag} ${port + 1000}`,
    );
  }
}

/** Generates the service with the real command and builds it. */
async function buildService(work: string): Promise<string> {
  await rm(join(work, SERVICE), { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const args = [
    'scaffold/src/create.ts',
    SERVICE,
    '--dir',
    join(work, SERVICE),
    '--with',
    'redis',
    '--yes',
    '--no-git',
  ];
  await runProgram({ name: 'create-go-sre-service', command: process.execPath, args, cwd: root });
  const binary = join(work, 'bin', SERVICE);
  const build = ['build', '-tags', 'grpcnotrace', '-trimpath', '-o', binary, `./cmd/${SERVICE}`];
  await runProgram({ name: 'go build', command: 'go', args: build, cwd: join(work, SERVICE) });
  return binary;
}

async function buildCache(work: string): Promise<string> {
  const binary = join(work, 'bin', 'cache');
  await runProgram({
    name: 'go build',
    command: 'go',
    args: ['build', '-o', binary, '.'],
    cwd: join(root, 'demo', 'cache'),
  });
  return binary;
}

async function buildConsole(): Promise<void> {
  await runProgram({
    name: 'console build',
    command: process.execPath,
    args: ['collector/ui/build.ts'],
    cwd: root,
  });
}

interface Stack {
  programs: Running[];
  slow(fault: Fault): void;
  stop(): Promise<void>;
}

/** Starts cache, proxy, collector, service and traffic; stops them in reverse. */
async function startStack(
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
          ...['--data', join(work, 'data', 'telemetry.sqlite'), '--log-file', `${SERVICE}=${logFile}`],
          ...['--scrape', `${SERVICE}=127.0.0.1:${options.adminPort}`, '--scrape-interval', SCRAPE_EVERY],
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

interface Told {
  incident: Incident;
  links: Link[];
}

/** The newest incident of the service as it stands, followed through the stored data; undefined while there is none. */
async function follow(ask: Ask): Promise<Told | undefined> {
  const { incidents } = await ask<IncidentsBody>('/api/v1/incidents');
  const head = incidents.find((incident) => incident.service === SERVICE);
  if (!head) return undefined;
  const incident = await ask<Incident>(`/api/v1/incidents/${head.id}`);
  return { incident, links: await followChain(incident, DEPENDENCY, ask) };
}

/** Waits until an incident explains the fault with every link of the chain, prints it, and resolves to the exit code. */
async function tell(options: DemoOptions): Promise<number> {
  const ask = asker(options.apiPort);
  let last: Told | undefined;
  const complete = async () => {
    last = (await follow(ask)) ?? last;
    const certain = last?.incident.confidence.tier === 'high' || last?.incident.confidence.tier === 'medium';
    return certain && last?.links.every((link) => link.found) ? last : undefined;
  };
  const seconds = EXPLAINED_WITHIN_MS / 1000;
  await until('an incident that explains the slow cache', EXPLAINED_WITHIN_MS, complete).catch(
    (error: Error) => {
      if (!last) throw error;
    },
  );
  if (!last) throw new Error(`no incident was opened within ${seconds} s`);
  const { incident, links } = last;
  const text = await fetch(`http://127.0.0.1:${options.apiPort}/api/v1/incidents/${incident.id}?format=text`);
  console.log(`\n${await text.text()}`);
  console.log(`The chain, followed through the stored data:\n${renderChain(links)}\n`);
  const missing = links.filter((link) => !link.found).length;
  console.log(
    missing === 0
      ? `All ${links.length} links were found.`
      : `${missing} of ${links.length} links are missing after ${seconds} s.`,
  );
  return missing === 0 ? 0 : 1;
}

async function demo(options: DemoOptions, stopped: Promise<number>): Promise<number> {
  await needPorts(options);
  console.log(`Generating and building ${SERVICE} (Go), its cache and the console …`);
  const [service, cache] = [await buildService(options.workDir), await buildCache(options.workDir)];
  await buildConsole();
  const stack = await startStack(options, { service, cache });
  try {
    console.log(`Console  http://localhost:${options.apiPort}
Service  http://localhost:${options.servicePort}/orders/1 (its code is in ${join(options.workDir, SERVICE)})
The cache slows down in ${options.faultAfterSeconds} s. Until then everything is normal.`);
    const death = Promise.race(stack.programs.map((program) => program.died));
    const fault = async () => {
      await sleep(options.faultAfterSeconds * 1000);
      stack.slow(SLOW_CACHE);
      console.log(
        `${new Date().toISOString().slice(11, 19)}Z the cache slows down. An incident opens within about a minute.`,
      );
      const code = await tell(options);
      if (options.once) return code;
      console.log(`The incident: http://localhost:${options.apiPort}/incidents. Ctrl C ends the demo.`);
      return stopped;
    };
    return await Promise.race([fault(), death, stopped]);
  } finally {
    stack.slow(NO_FAULT);
    await stack.stop();
  }
}

async function main(argv: readonly string[]): Promise<number> {
  let options: DemoOptions | 'help';
  try {
    options = parseDemoOptions(argv, {
      caller: process.env['INIT_CWD'] ?? process.cwd(),
      usual: join(root, '.demo'),
    });
  } catch (error) {
    console.error(`npm start: ${error instanceof Error ? error.message : error}\nSee npm start -- --help.`);
    return 2;
  }
  if (options === 'help') {
    console.log(DEMO_USAGE);
    return 0;
  }
  const stopped = new Promise<number>((resolve) => {
    process.once('SIGINT', () => resolve(130));
    process.once('SIGTERM', () => resolve(143));
  });
  try {
    return await demo(options, stopped);
  } catch (error) {
    console.error(`npm start: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

// Timers of the race that was lost would keep the process for minutes.
process.exit(await main(process.argv.slice(2)));
