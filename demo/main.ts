// What `npm start` runs: a service made by the generator, under traffic, with the collector beside it; after a
// while its cache slows down. Everything it makes is below one folder, .demo/ in the clone.
import { join } from 'node:path';
import type { Incident, IncidentsBody } from '../collector/api/types.ts';
import { buildCache, buildConsole, buildService, prepareWorkDir, SERVICE } from './binaries.ts';
import { type Ask, followChain, type Link, renderChain } from './chain.ts';
import { type Fault, NO_FAULT } from './fault-proxy.ts';
import { DEMO_USAGE, type DemoOptions, parseDemoOptions } from './options.ts';
import { isFree, ownerOf } from './ports.ts';
import { startStack } from './stack.ts';
import { sleep, until } from './wait.ts';

const root = join(import.meta.dirname, '..');
/** What the slow traces are expected to wait for. */
const DEPENDENCY = 'redis.GET';

/**
 * The cache answers after 280 ms: the pool of 10 connections then serves 36 reads a second where 40 are asked, so it
 * runs dry, callers wait up to their timeout, and their retries add to the load. One answer in a hundred is lost.
 */
const SLOW_CACHE: Fault = { latencyMs: 280, stallShare: 0, dropShare: 0.01 };

/** How long the detector may take from the fault to an incident that explains it. */
const EXPLAINED_WITHIN_MS = 180_000;
/** A chain that is complete is told after this even when more evidence could still raise its confidence. */
const SETTLED_AFTER_MS = 45_000;

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
  let completeSince: number | undefined;
  const complete = async () => {
    last = (await follow(ask)) ?? last;
    if (!last?.links.every((link) => link.found)) return undefined;
    completeSince ??= performance.now();
    const settled = performance.now() - completeSince > SETTLED_AFTER_MS;
    return settled || last.incident.confidence.tier === 'high' ? last : undefined;
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
  await prepareWorkDir(options.workDir);
  console.log(`Generating and building ${SERVICE} (Go), its cache and the console …`);
  const build = async () => {
    const binaries = {
      service: await buildService(options.workDir),
      cache: await buildCache(options.workDir),
    };
    await buildConsole();
    return binaries;
  };
  const binaries = await Promise.race([build(), stopped]);
  if (typeof binaries === 'number') return binaries;
  const stack = await startStack(options, binaries);
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
    process.once('SIGHUP', () => resolve(129));
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
