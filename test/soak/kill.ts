// kill -9 at random moments under load: what was acknowledged is there, and nothing is there twice.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmbeddedStore } from '../../collector/storage/embedded/store.ts';
import { systemClock } from '../../collector/telemetry/clock.ts';
import { freePorts } from '../helpers/ports.ts';
import { randomFrom } from '../helpers/random.ts';
import { until } from '../helpers/until.ts';
import { CollectorProcess } from './collector-process.ts';
import { LogWriter, type Rotation } from './log-writer.ts';
import { drawEnding, PHASES, type Phase } from './random-life.ts';
import {
  LOGS_EACH,
  logsBody,
  loudBody,
  metricsBody,
  PUSHED_FROM,
  SERIES,
  spansIn,
  tracesBody,
} from './requests.ts';
import { LANES, type ScrapedTarget, startTarget } from './scraped-target.ts';
import { Sender } from './sender.ts';
import { blockStages, logCopies, samplesOf, spanCopies, storedRecords } from './stored.ts';
import { judgeOnce, judgeRequests, judgeScrapes, Tally } from './tally.ts';

export interface KillSettings {
  kills: number;
  seed: number;
  /** Exists; everything that is written is in it. */
  folder: string;
  /** The collector's entry: its source, or a build of it. */
  main: string;
  tell(line: string): void;
}

export interface KillResult {
  kills: number;
  losses: number;
  doubled: number;
  notes: string[];
  /** Kills by the phase that they were to hit, and of how many its sign was seen. */
  phases: Record<Phase, { kills: number; hit: number }>;
  sent: Record<string, number>;
}

/** The loud service fills this many times over, so that evictions never stop; the others stay far below their share. */
const MAX_SIZE = '60MB';
const LOUD_BYTES = 200_000;
/** Names of the services; those that end in `once` never repeat a request. */
const TRACES = ['traces-once', 'traces-again', 'traces-once-too'];
const LOGS = ['logs-once', 'logs-again'];
/** Log files, by how they are rotated, which is also the name of the service and of the folder. */
const FILES: readonly Rotation[] = ['renamed', 'copied'];
const TURN_MS = 100;
const CAUGHT_UP_MS = 120_000;

interface Load {
  traces: Sender[];
  logs: Sender[];
  metrics: Sender[];
  loud: Sender;
}

export async function soakKill({ kills, seed, folder, main, tell }: KillSettings): Promise<KillResult> {
  const random = randomFrom(seed);
  const [otlpPort, apiPort] = await freePorts();
  const storePath = join(folder, 'store.sqlite');
  const target = await startTarget();
  const writers = FILES.map((rotation, at) => {
    mkdirSync(join(folder, rotation));
    return new LogWriter(logPath(folder, rotation), rotation, randomFrom(seed + 1 + at));
  });
  const configPath = join(folder, 'collector.json');
  writeFileSync(configPath, configText({ otlpPort, apiPort, storePath, folder, target }));
  const start = () => new CollectorProcess(main, configPath, storePath, process.env);
  const load = startLoad(otlpPort);
  let turns: NodeJS.Timeout | undefined;
  let collector = start();
  const phases = Object.fromEntries(
    PHASES.map((phase) => [phase, { kills: 0, hit: 0 }]),
  ) as KillResult['phases'];
  try {
    await collector.begun();
    // What was rotated away before a log was looked at first is history, and the one thing that may be missing.
    for (const writer of writers) writer.write();
    for (const rotation of FILES) await stored(apiPort, rotation, 1);
    turns = setInterval(() => {
      for (const writer of writers) writer.turn();
    }, TURN_MS);
    let startMs = 1500;
    for (let kill = 0; kill < kills; kill++) {
      const ending = drawEnding(random, startMs * 1.2);
      const begun = performance.now();
      void collector.ready.then(() => {
        startMs = 0.8 * startMs + 0.2 * (performance.now() - begun);
      });
      const hit = await collector.live(ending);
      phases[ending.phase].kills++;
      if (hit) phases[ending.phase].hit++;
      target.life++;
      if ((kill + 1) % 10 === 0) tell(`${kill + 1} kills, ${acknowledgedIn(load)} requests acknowledged`);
      collector = start();
    }
    await collector.begun();
    const senders = [...load.traces, ...load.logs, ...load.metrics, load.loud];
    for (const sender of senders) sender.stop();
    clearInterval(turns);
    await Promise.all(senders.map((sender) => sender.done));
    for (const [at, { lines }] of writers.entries()) await stored(apiPort, FILES[at]!, lines);
    await collector.stop();
    const problem = senders.find((sender) => sender.problem !== undefined)?.problem;
    if (problem !== undefined) throw new Error(problem);
    const tally = await judge(storePath, load, writers, target);
    const stages = blockStages(storePath);
    return {
      ...{ kills, losses: tally.losses, doubled: tally.doubled, phases },
      notes: [
        ...tally.notes,
        `${stages.raw} raw and ${stages.sealed} sealed blocks at the end`,
        ...writers.map(toldOf),
      ],
      sent: sentBy(load, writers, target),
    };
  } finally {
    clearInterval(turns);
    collector.kill();
    target.close();
    for (const writer of writers) writer.close();
  }
}

function configText(of: {
  otlpPort: number;
  apiPort: number;
  storePath: string;
  folder: string;
  target: ScrapedTarget;
}): string {
  const { otlpPort, apiPort, storePath, folder, target } = of;
  return JSON.stringify({
    listen: { otlpHttpPort: otlpPort, otlpGrpcPort: 0, apiPort },
    store: {
      ...{ path: storePath, retention: '7d', maxSize: MAX_SIZE, evictionInterval: '500ms' },
      seal: { after: '200ms', maxWaiting: 0 },
    },
    receivers: {
      logFiles: FILES.map((rotation) => ({
        include: [logPath(folder, rotation)],
        resource: { 'service.name': rotation },
      })),
      scrape: [
        { job: 'scraped', targets: [`127.0.0.1:${target.port}`], interval: '300ms', timeout: '300ms' },
      ],
    },
    processors: { limit: { recordsPerSecond: 1_000_000 } },
    telemetry: { logLevel: 'debug' },
  });
}

function startLoad(port: number): Load {
  const now = systemClock;
  return {
    traces: TRACES.map(
      (service, stream) =>
        new Sender({
          ...{ port, path: '/v1/traces', repeats: service.includes('again'), pauseMs: 12 },
          body: (n) => tracesBody(service, stream, n, now()),
        }),
    ),
    logs: LOGS.map(
      (service) =>
        new Sender({
          ...{ port, path: '/v1/logs', repeats: service.includes('again'), pauseMs: 60 },
          body: (n) => logsBody(service, n, now()),
        }),
    ),
    metrics: [
      new Sender({
        ...{ port, path: '/v1/metrics', repeats: true, pauseMs: 60 },
        body: (n) => metricsBody('pushed', n),
      }),
    ],
    loud: new Sender({
      ...{ port, path: '/v1/logs', repeats: false, pauseMs: 25 },
      body: () => loudBody('loud', now(), LOUD_BYTES),
    }),
  };
}

function acknowledgedIn(load: Load): number {
  const all = [...load.traces, ...load.logs, ...load.metrics];
  return all.reduce((sum, { ledger }) => sum + ledger.acknowledged.filter(Boolean).length, 0);
}

function logPath(folder: string, rotation: Rotation): string {
  return join(folder, rotation, 'app.log');
}

function toldOf({ rotations, compressed }: LogWriter, at: number): string {
  return `the log file that is ${FILES[at]} was rotated ${rotations} times, ${compressed} files of it compressed`;
}

/** Waits until so many lines are stored. */
async function stored(apiPort: number, service: string, lines: number): Promise<void> {
  const query = `service=${service}&from=0&limit=1`;
  await until('the lines of the log file are stored', CAUGHT_UP_MS, async () => {
    const answer = await fetch(`http://127.0.0.1:${apiPort}/api/v1/logs?${query}`);
    if ((((await answer.json()) as { matched?: number }).matched ?? 0) >= lines) return true;
    await sleep(500);
    return undefined;
  }).catch(() => undefined); // What is missing is counted below.
}

async function judge(
  path: string,
  load: Load,
  writers: readonly LogWriter[],
  target: ScrapedTarget,
): Promise<Tally> {
  const tally = new Tally();
  const store = await openEmbeddedStore({ path, retentionMs: 1e12, maxBytes: 1e12 }, { clock: systemClock });
  let distinct: number[];
  try {
    distinct = [];
    for (const [stream, { ledger }] of load.traces.entries()) {
      const copies = await spanCopies(store, stream, ledger.acknowledged.length);
      const stored = (n: number, i: number) => copies[n]![i]!;
      judgeRequests(tally, `trace of ${TRACES[stream]}`, onceAnswered(ledger), spansIn, stored);
      distinct.push(copies.flat().filter((count) => count > 0).length);
    }
    for (const [at, { ledger }] of load.logs.entries()) {
      const copies = await logCopies(store, LOGS[at]!);
      const stored = (n: number, i: number) => copies.get(`record ${n}.${i}`) ?? 0;
      judgeRequests(tally, `request of ${LOGS[at]}`, ledger, () => LOGS_EACH, stored);
    }
    for (const [at, { lines }] of writers.entries()) {
      const copies = numbered(await logCopies(store, FILES[at]!), 'line ');
      judgeOnce(tally, `${FILES[at]} line`, lines, copies);
    }
    await judgeSamples(tally, store, load.metrics[0]!, target);
  } finally {
    await store.close();
  }
  // A query answers a span once however often it is stored: the blocks tell whether it was stored twice.
  for (const [stream, service] of TRACES.entries()) {
    if (!service.includes('once')) continue;
    const above = storedRecords(path, 'traces', service) - distinct[stream]!;
    tally.double(
      Math.abs(above),
      `${above} spans of ${service} are stored beside the ${distinct[stream]} answered`,
    );
  }
  return tally;
}

/** Spans have an identity: however often a request was sent, each is answered once. */
function onceAnswered({ acknowledged, attempts }: Sender['ledger']): Sender['ledger'] {
  return { acknowledged, attempts: attempts.map((sent) => Math.min(sent, 1)) };
}

function numbered(copies: ReadonlyMap<string, number>, prefix: string): Map<number, number> {
  return new Map([...copies].map(([body, count]) => [Number(body.slice(prefix.length)), count]));
}

async function judgeSamples(
  tally: Tally,
  store: Parameters<typeof samplesOf>[0],
  pushed: Sender,
  target: ScrapedTarget,
): Promise<void> {
  const seen = new Map<string, number>();
  for (const { lane, timeUnixNano, value } of await samplesOf(store, 'soak_pushed')) {
    const n = Number((timeUnixNano - PUSHED_FROM) / 1_000_000n);
    if (n !== value) tally.lose(1, `the sample of request ${n} is ${value}`);
    seen.set(`${n} ${lane}`, (seen.get(`${n} ${lane}`) ?? 0) + 1);
  }
  const copies = (n: number, i: number) => seen.get(`${n} ${i}`) ?? 0;
  judgeRequests(tally, 'pushed samples', onceAnswered(pushed.ledger), () => SERIES, copies);
  const scraped = new Map<number, number>();
  for (const { value } of await samplesOf(store, 'soak_scraped')) {
    if (!Number.isNaN(value)) scraped.set(value, (scraped.get(value) ?? 0) + 1);
  }
  const failed = (await samplesOf(store, 'up')).filter(({ value }) => value === 0).length;
  judgeScrapes(tally, target.lives, LANES, scraped, failed);
}

function sentBy(load: Load, writers: readonly LogWriter[], target: ScrapedTarget): Record<string, number> {
  const requests = (senders: readonly Sender[]) =>
    senders.reduce((sum, { ledger }) => sum + ledger.acknowledged.length, 0);
  const spans = load.traces.reduce(
    (sum, { ledger }) => sum + ledger.acknowledged.reduce((all, _, n) => all + spansIn(n), 0),
    0,
  );
  return {
    spans,
    'log records': requests(load.logs) * LOGS_EACH,
    'pushed samples': requests(load.metrics) * SERIES,
    'scraped samples': target.lives.length * LANES,
    'log lines': writers.reduce((sum, { lines }) => sum + lines, 0),
    'loud requests': requests([load.loud]),
  };
}
