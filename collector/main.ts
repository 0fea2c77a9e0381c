#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Logger, pino } from 'pino';
import { formatFileProblems } from '../slo/index.ts';
import { createOneAtATime } from './api/one-at-a-time.ts';
import { startApi } from './api/server.ts';
import { mergeValues, parseFlags, USAGE } from './commands/flags.ts';
import type { LiveLine } from './commands/progress.ts';
import { commandNamed } from './commands/table.ts';
import {
  type Config,
  type ConfigProblem,
  type ParsedConfig,
  parseConfigText,
  shownConfig,
  validateConfig,
} from './config.ts';
import type { AlertTaken, AskedAlert } from './correlate/alerts.ts';
import { createDetector } from './correlate/detector.ts';
import type { Incident } from './correlate/incident.ts';
import { openIncidents } from './correlate/stored-incidents.ts';
import { createNotifier } from './notify/notifier.ts';
import { Intake } from './own/intake.ts';
import { Looks } from './own/looks.ts';
import { createOwnMetrics } from './own/metrics.ts';
import { StoreTraffic } from './own/store-traffic.ts';
import { Tally } from './own/tally.ts';
import { startOwnTraces, untraced } from './own/traces.ts';
import { createPipeline } from './pipeline.ts';
import { createDataClock } from './processors/data-clock.ts';
import { createDeploys } from './processors/deploys.ts';
import { createLimit } from './processors/limit.ts';
import { createRecentRequests } from './processors/recent-requests.ts';
import { createRecordSize } from './processors/record-size.ts';
import { createRedMetrics } from './processors/red-metrics.ts';
import { createRedact } from './processors/redact.ts';
import { createProfiling } from './profiling.ts';
import { createLogFiles } from './receivers/log-files.ts';
import { createOtlpGrpc } from './receivers/otlp-grpc.ts';
import { createOtlpHttp } from './receivers/otlp-http.ts';
import { createPrometheusScrape, type ScrapeJob } from './receivers/prometheus-scrape.ts';
import type { ReceiverDeps } from './receivers/receiver.ts';
import { repeat } from './repeat.ts';
import { BurnAlerts } from './slo/burn-alerts.ts';
import { readObjectives } from './slo/files.ts';
import { budgetCosts } from './slo/incident-cost.ts';
import { type SloWatch, watchEveryMs, watchSlos } from './slo/watch.ts';
import { type Part, stopAll } from './stop.ts';
import { openEmbeddedStore } from './storage/embedded/store.ts';
import { makeFolder } from './store-folder.ts';
import { type Clock, systemClock } from './telemetry/clock.ts';
import { CollectorError } from './telemetry/errors.ts';
import { encodeEvent, type ServiceEvent } from './telemetry/event.ts';

/** How long the close of an incident waits for what is new in the store. */
const COST_WITHIN_MS = 2_000;
/** How long an explanation on demand may take. */
const EXPLAIN_WITHIN_MS = 60_000;
/** How often it is looked whether a quiet profile is due. */
const QUIET_PROFILE_LOOK_MS = 15_000;
/** Workers that answer queries: one for every two cores, up to this many. */
const MAX_READERS = 4;

export interface RunDeps {
  clock: Clock;
  log: Logger;
  version: string;
  /** Folder of the built console. */
  consoleDir: string;
  /** What relative paths of the configuration start from. */
  baseDir: string;
}

/** A running collector; `stop` takes in nothing more, writes what is under way, and closes the store. */
export interface RunningCollector {
  otlpHttpPort: number;
  otlpGrpcPort: number;
  apiPort: number;
  stop(): Promise<void>;
}

/** Builds every part top to bottom, and stops them in reverse when told to or when one of them does not start. */
export async function run(config: Config, deps: RunDeps): Promise<RunningCollector> {
  const { clock, log } = deps;
  const replayed = config.clock === 'data' ? createDataClock(clock) : undefined;
  /** The time of what is looked at; receivers, eviction and what is told of the collector itself keep the machine's. */
  const looked = replayed?.clock ?? clock;
  const started: Part[] = [];
  const stop = () => stopAll(started, log);
  try {
    const objectives = await objectivesOf(config, deps.baseDir);
    for (const warning of objectives.warnings) log.warn(warning);
    const store = await openStore(config, deps);
    started.push({ name: 'store', stop: () => store.close() });
    const intake = new Intake(clock);
    const redacted = new Tally();
    const warn = (message: string, fields?: Record<string, unknown>) => log.warn(fields ?? {}, message);
    const own = config.telemetry.traces
      ? await startOwnTraces(warn)
      : { traced: untraced, stop: async () => {} };
    started.push({ name: 'own traces', stop: own.stop });
    const traffic = new StoreTraffic(() => performance.now());
    const limits = { storeBytes: config.store.maxSize, retentionSeconds: config.store.retention };
    const status = () => store.status();
    const profiles = { taken: new Tally(), missed: new Tally() };
    const alerts = new Tally();
    const notifier = createNotifier(config.notify, {
      ...{ clock, fetch, warn, random: Math.random },
      timer: (ms, then) => {
        const timer = setTimeout(then, ms);
        return () => clearTimeout(timer);
      },
    });
    started.push({ name: 'notify', stop: notifier.stop });
    const tell = (changed: readonly Incident[]) => {
      report(changed, log);
      notifier.tell(changed);
    };
    const ownMetrics = createOwnMetrics({
      intake,
      redacted,
      traffic,
      status,
      limits,
      profiles,
      alerts,
      notifier,
    });
    const redMetrics = createRedMetrics({}, { clock });
    const { redact, limit } = config.processors;
    const masked = (kind: string) => redacted.add(kind);
    const first = redact.enabled ? [createRedact(redact, { masked })] : [];
    const before = [createRecordSize(limit), createLimit(limit)];
    const keep = (event: ServiceEvent) => keepOnce(store, event);
    const newestUnixNano = (await store.status()).signals.traces.newestUnixNano;
    const recent = createRecentRequests({ newestUnixNano });
    const watched = config.incidents.enabled ? [recent.observe] : [];
    const after = [
      ...(replayed ? [replayed.observe] : []),
      redMetrics.observe,
      ...watched,
      createDeploys({ clock, keep, warn }),
    ];
    const consume = createPipeline({ first, before, after }, traffic.counted(store), intake, { clock });
    const receiverDeps: ReceiverDeps = { consume, stats: intake, clock, warn };
    const { host } = config.listen;
    const { maxBody, cors } = config.receivers.otlpHttp;
    const otlp = createOtlpHttp(
      { host, port: config.listen.otlpHttpPort, maxBodyBytes: maxBody, cors },
      receiverDeps,
    );
    const grpc = createOtlpGrpc(
      { host, port: config.listen.otlpGrpcPort, maxBodyBytes: maxBody },
      receiverDeps,
    );
    const files = createLogFiles(
      {
        files: config.receivers.logFiles.map((f) => ({
          ...f,
          include: f.include.map((p) => resolve(deps.baseDir, p)),
        })),
      },
      { ...receiverDeps, checkpoint: (source) => store.checkpoint(source) },
    );
    const jobs = config.receivers.scrape.map((job) => scrapeJob(job, deps.baseDir));
    const scrape = createPrometheusScrape({ jobs }, { ...receiverDeps, env: process.env });
    const receivers = [otlp, grpc, files, scrape];
    for (const receiver of receivers) {
      await receiver.start();
      started.push(receiver);
    }
    const slos = watchSlos(store, objectives, {
      ...{
        clock: looked,
        warn,
        breathe: () => setImmediate(undefined),
        monotonicMs: () => performance.now(),
      },
      readObjectives: (before) => readObjectives(config.slo.files, deps.baseDir, before),
    });
    const profiler = createProfiling(config, {
      ...{ store, clock: looked, warn, fetch, scraped: () => scrape.scraped() },
      taken: (kind) => profiles.taken.add(kind),
      missed: (reason) => profiles.missed.add(reason),
    });
    if (profiler) {
      const stopQuiet = repeat(QUIET_PROFILE_LOOK_MS, () => profiler.tick(), log);
      started.push({
        name: 'profiles',
        stop: async () => {
          await Promise.all([stopQuiet(), profiler.stop()]);
        },
      });
    }
    const detector = createDetector(store, {
      ...{ clock: looked, warn, recent },
      ...(profiler ? { observe: (incident, what) => profiler.observe(incident, what) } : {}),
      costOf: async (incident, end) => {
        await slos.refresh(COST_WITHIN_MS);
        return budgetCosts(incident, end, (await slos.standings()).standings);
      },
    });
    const looks = new Looks({ clock: looked, monotonicMs: () => performance.now() });
    const leaving = new AbortController();
    const takeAlert = async (alert: AskedAlert) => {
      const taken = await detector.takeAlert(alert, leaving.signal);
      if (taken.outcome === 'opened' && taken.incident) tell([taken.incident]);
      return taken;
    };
    let ready = true;
    const api = await startApi(
      { host, port: config.listen.apiPort, consoleDir: deps.consoleDir },
      {
        ...{
          store,
          clock: looked,
          intake,
          slos,
          traced: own.traced,
          alerts,
          takeAlert: config.incidents.enabled ? takeAlert : undefined,
          keepExplained: detector.keep,
          looks: config.incidents.enabled ? () => looks.taken() : undefined,
          explaining: createOneAtATime({ what: 'An explanation', deadlineMs: EXPLAIN_WITHIN_MS }),
          targets: () => scrape.targets(),
          discoveries: () => scrape.discoveries(),
          version: deps.version,
        },
        startedUnixNano: clock(),
        limits,
        ownMetrics,
        redMetrics,
        ready: () => ready,
        error: (message, fields) => log.error(fields, message),
      },
    );
    const stopApi = async () => {
      ready = false;
      leaving.abort();
      await api.stop();
    };
    started.push({ name: 'api', stop: stopApi });
    const evictEveryMs = config.store.evictionInterval * 1000;
    // Also at once: what grew too old meanwhile leaves, and room is kept in hand for a disk that becomes full.
    started.push({ name: 'eviction', stop: repeat(evictEveryMs, () => evict(store, log), log, 'at once') });
    const burning = new BurnAlerts();
    const tick = () =>
      own.traced('objectives', async () => {
        await slos.tick();
        if (config.incidents.enabled) await takeBurnAlerts(slos, burning, store, takeAlert, warn);
      });
    const isWatching = config.slo.files.length > 0;
    const stopTicks = isWatching ? repeat(watchEveryMs, tick, log, 'at once') : async () => {};
    started.push({
      name: 'objectives',
      stop: async () => {
        await Promise.all([stopTicks(), slos.stop()]);
      },
    });
    if (config.incidents.enabled) {
      const look = (stopping: AbortSignal) =>
        own.traced('detect', async () => tell(await looks.timed(() => detector.tick(stopping))));
      started.push({ name: 'detector', stop: repeat(config.incidents.interval * 1000, look, log) });
    }
    return { otlpHttpPort: otlp.port(), otlpGrpcPort: grpc.port(), apiPort: api.port, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** Opens an incident for each objective that began to page; one that cannot be explained now must not stop the others. */
async function takeBurnAlerts(
  slos: SloWatch,
  burning: BurnAlerts,
  store: Awaited<ReturnType<typeof openStore>>,
  take: (alert: AskedAlert) => Promise<AlertTaken>,
  warn: (message: string, fields?: Record<string, unknown>) => void,
): Promise<void> {
  const { standings, nowMs } = await slos.standings();
  const noted = (await openIncidents(store)).flatMap(({ alerts = [] }) => alerts);
  for (const alert of burning.since(standings, nowMs, noted)) {
    try {
      const { outcome } = await take(alert);
      // What began is tried again while it lasts: requests to explain it by may still come. What is over is told once.
      if (outcome !== 'ignored' || alert.resolvedUnixNano !== undefined) burning.taken(alert);
    } catch (err) {
      warn('an objective that pages opened no incident, it is tried again', { err, slo: alert.slo });
    }
  }
}

/** A job whose files of targets are found from wherever the process stands. */
function scrapeJob(job: Config['receivers']['scrape'][number], baseDir: string): ScrapeJob {
  const { fileSd } = job;
  if (!fileSd) return job;
  return { ...job, fileSd: { ...fileSd, files: fileSd.files.map((path) => resolve(baseDir, path)) } };
}

/** The objectives of the files that the configuration names. Throws a ConfigRefused with every fault of them. */
async function objectivesOf(config: Config, baseDir: string) {
  const objectives = await readObjectives(config.slo.files, baseDir);
  if (objectives.problems.length > 0) throw new ConfigRefused(formatFileProblems(objectives.problems));
  return objectives;
}

/** What the configuration names is wrong; the message lists every fault, one a line. */
class ConfigRefused extends Error {}

async function openStore(config: Config, { clock, log, baseDir }: RunDeps) {
  const path = resolve(baseDir, config.store.path);
  await makeFolder(path);
  const warn = (message: string, fields?: Record<string, unknown>) => log.warn(fields ?? {}, message);
  return openEmbeddedStore(
    {
      path,
      retentionMs: config.store.retention * 1000,
      maxBytes: config.store.maxSize,
      ...(config.store.seal.enabled
        ? { seal: { afterMs: config.store.seal.after * 1000, maxWaiting: config.store.seal.maxWaiting } }
        : {}),
      readers: Math.max(1, Math.min(MAX_READERS, Math.floor(availableParallelism() / 2))),
    },
    { clock, warn },
  );
}

/** An event that was seen before keeps the time at which it was seen first. */
async function keepOnce(store: Awaited<ReturnType<typeof openStore>>, event: ServiceEvent): Promise<void> {
  const { id, timeUnixNano } = event;
  const [kept] = await store.list('event', { id, limit: 1 });
  if (!kept) await store.put('event', { id, timeUnixNano, bytes: encodeEvent(event) });
}

async function evict(store: Awaited<ReturnType<typeof openStore>>, log: Logger): Promise<void> {
  log.debug('eviction begins');
  const records = await store.evict();
  log.debug({ records }, 'eviction ends');
  if (records > 0) log.info({ records }, 'records left the store by age or size');
}

function report(changed: readonly { id: string; state: string; title: string }[], log: Logger): void {
  for (const { id, state, title } of changed) log.warn({ incident: id, state }, title);
}

/** The configuration from file and flags, flags on top. */
async function readConfig(
  configFile: string | undefined,
  flags: Record<string, unknown>,
): Promise<ParsedConfig> {
  let base: unknown = {};
  if (configFile !== undefined) {
    const path = resolve(callerDir(), configFile);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
      return { problems: [{ path: `--config ${configFile}`, message }] };
    }
    const parsed = parseConfigText(text);
    if ('problems' in parsed) {
      const inFile = ({ path: at, message }: ConfigProblem) => ({
        path: [configFile, at].filter(Boolean).join(', '),
        message,
      });
      return { problems: parsed.problems.map(inFile) };
    }
    base = parsed.value;
  }
  return validateConfig(mergeValues(base, flags));
}

/** Where the caller stands: npm changes the folder before it runs a script, and says from where in INIT_CWD. */
function callerDir(): string {
  return process.env['npm_package_name'] === 'go-sre'
    ? (process.env['INIT_CWD'] ?? process.cwd())
    : process.cwd();
}

function versionOf(): string {
  const file = join(
    basename(import.meta.dirname) === 'dist' ? dirname(import.meta.dirname) : import.meta.dirname,
    'package.json',
  );
  return String((JSON.parse(readFileSync(file, 'utf8')) as { version: unknown }).version);
}

/** From source the console is built into dist/ui; in the published package it stands beside this file. */
function consoleDir(): string {
  return basename(import.meta.dirname) === 'dist'
    ? join(import.meta.dirname, 'ui')
    : join(import.meta.dirname, 'dist', 'ui');
}

function startProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'EADDRINUSE')
    return `${message}. Another program listens there: stop it, or move this one with --otlp-port, --otlp-grpc-port or --api-port.`;
  if (code === 'EACCES' && error instanceof Error && 'syscall' in error && error.syscall === 'listen')
    return `${message}. Ports below 1024 need privileges: move with --otlp-port, --otlp-grpc-port or --api-port.`;
  return error instanceof CollectorError || code !== undefined
    ? message
    : `${message}\n${error instanceof Error ? error.stack : ''}`;
}

async function serve(config: Config): Promise<number> {
  const log = pino(
    { level: config.telemetry.logLevel, base: null },
    pino.destination({ dest: 2, sync: true }),
  );
  let collector: RunningCollector;
  try {
    collector = await run(config, {
      clock: systemClock,
      log,
      version: versionOf(),
      consoleDir: consoleDir(),
      baseDir: callerDir(),
    });
  } catch (error) {
    if (error instanceof ConfigRefused) return refused(error);
    console.error(`go-sre-collector: ${startProblem(error)}`);
    return 1;
  }
  const { host } = config.listen;
  const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  console.log(
    `console and API http://${shown}:${collector.apiPort}, OTLP/HTTP http://${shown}:${collector.otlpHttpPort}, OTLP/gRPC ${shown}:${collector.otlpGrpcPort}`,
  );
  const signal = await new Promise<string>((stopped) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopped(name));
  });
  log.info({ signal }, 'stopping: taking in nothing more, writing what is under way');
  const code = await collector.stop().then(
    () => 0,
    () => 1, // logged part by part
  );
  // All is written: what still runs is the tracing SDK, trying again to reach its destination.
  setTimeout(() => process.exit(), 100).unref();
  return code;
}

/** Tells every fault; the exit code of a wrong configuration. */
function refused({ message }: ConfigRefused): number {
  for (const line of message.split('\n')) console.error(`go-sre-collector: ${line}`);
  return 2;
}

/** A command beside serving, with what this process has for it. */
async function runCommand(name: string, argv: readonly string[]): Promise<number> {
  const found = commandNamed(name);
  if ('problem' in found) {
    console.error(`go-sre-collector: ${found.problem}\nSee go-sre-collector --help.`);
    return 2;
  }
  const run = await found.command.load();
  const tell = (line: string) => console.error(line);
  const live = liveLine(process.stderr);
  return run(argv, { output: process.stdout, tell, live, baseDir: callerDir(), clock: systemClock, fetch });
}

/** A line that is written over; nothing where standard error is no terminal. */
function liveLine({ isTTY, columns = 80 }: typeof process.stderr): LiveLine {
  const clear = '\r\u001b[K';
  return {
    show: (line) => void (isTTY && process.stderr.write(`${clear}${line.slice(0, columns - 1)}`)),
    every: (ms, then) => {
      const timer = setInterval(then, ms);
      return () => clearInterval(timer);
    },
  };
}

/** The command line; resolves to the exit code: 0 done, 1 failed, 2 usage or configuration; commands have their own. */
export async function main(argv: readonly string[]): Promise<number> {
  const [first] = argv;
  if (first !== undefined && !first.startsWith('-')) return runCommand(first, argv.slice(1));
  const flags = parseFlags(argv);
  if (flags.do === 'help') {
    console.log(USAGE);
    return 0;
  }
  if (flags.do === 'version') {
    console.log(versionOf());
    return 0;
  }
  if (flags.do === 'refuse') {
    console.error(`go-sre-collector: ${flags.problem}\nSee go-sre-collector --help.`);
    return 2;
  }
  const { config, problems } = await readConfig(flags.configFile, flags.value);
  if (problems) {
    for (const { path, message } of problems)
      console.error(`go-sre-collector: ${[path, message].filter(Boolean).join(' ')}`);
    return 2;
  }
  if (flags.do === 'check') {
    const { problems: faults, warnings } = await readObjectives(config.slo.files, callerDir());
    if (faults.length > 0) return refused(new ConfigRefused(formatFileProblems(faults)));
    for (const warning of warnings) console.error(`go-sre-collector: ${warning}`);
    console.log(JSON.stringify(shownConfig(config), null, 2));
    console.error('configuration is valid');
    return 0;
  }
  return serve(config);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
