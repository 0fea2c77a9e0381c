/**
 * A shop under traffic whose cache (or own code, or load) changes at a known moment: spans, log lines and scraped
 * samples as batches, the same for the same seed. Truth for the correlation: what broke is an option, not an output.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openEmbeddedStore } from '../../collector/storage/embedded/store.ts';
import type { Store } from '../../collector/storage/store.ts';
import type { Batch } from '../../collector/telemetry/batch.ts';
import type { SeriesInfo } from '../../collector/telemetry/model.ts';
import {
  attemptAttribute,
  clientPool,
  durationBoundaries,
  label,
  labelValue,
  serviceMetric,
} from '../../slo/index.ts';
import { randomFrom } from './random.ts';
import {
  logBatch,
  type PlainExemplar,
  type PlainLog,
  type PlainSample,
  type PlainSpan,
  sampleBatch,
  spanBatch,
} from './telemetry.ts';

export type Fault =
  | 'none'
  | 'slow-cache'
  | 'cache-down'
  | 'slow-handler'
  | 'traffic'
  | 'overload'
  | 'release'
  | 'one-instance'
  | 'everything';

export interface ScenarioOptions {
  seed?: number;
  fault?: Fault;
  quietSeconds?: number;
  faultSeconds?: number;
  /** After the fault everything is as before for this long. */
  recoverySeconds?: number;
  /** The slow cache gets slow over this long, not at once. */
  rampSeconds?: number;
  /** Seconds in which the first route's own code is slow, whatever the fault. */
  slowWhen?: (second: number) => boolean;
  scrapeSeconds?: number;
  /** Kinds of telemetry that are not there. */
  without?: readonly (
    | 'logs'
    | 'log trace ids'
    | 'attempt lines'
    | 'traces'
    | 'metrics'
    | 'pool'
    | 'exemplars'
    | 'cpu'
  )[];
  service?: string;
  /** The database that the slow call talks to; of those that `clientPool` knows, the process tells its pool. */
  system?: string;
  /** Databases whose pools are full while something is broken, or calm: others than the one that is slow. */
  otherPools?: Record<string, 'full' | 'calm'>;
  /** Share of traces that is stored, said in their tracestate. */
  sampled?: number;
  /** Failed requests are stored whether sampled or not, and say that each stands for itself alone. */
  keepFailed?: boolean;
  /** Share of the cached lookups that the cache refuses in a second, whatever the fault. */
  refused?: (second: number) => number;
  instances?: number;
  /** Clients send a failed request once more, half a second later. */
  clientsRetry?: boolean;
}

export interface Scenario {
  startUnixNano: bigint;
  /** When the fault began; equal to the end for a scenario without one. */
  faultUnixNano: bigint;
  endUnixNano: bigint;
  batches: Batch[];
}

const START = 1_790_000_000_000_000_000n;
const SECOND = 1_000_000_000n;
const BOUNDS = [...durationBoundaries, Number.POSITIVE_INFINITY];
const POOL_SIZE = 50;
const TIMEOUT_MS = 1_000;
const ATTEMPTS = 3;
const ROUTES = [
  { method: 'GET', route: '/api/v2/verify', perSecond: 10, ownMs: 4, cached: true },
  { method: 'GET', route: '/orders/{id}', perSecond: 5, ownMs: 25, cached: false },
  { method: 'POST', route: '/payment/{id}/capture', perSecond: 2, ownMs: 40, cached: false },
];

type Route = (typeof ROUTES)[number];

const nanos = (ms: number): bigint => BigInt(Math.round(ms * 1e6));

/** The scenario's telemetry; batches hold five seconds each, as a sender and a scraper would deliver them. */
export function scenario(options: ScenarioOptions = {}): Scenario {
  const world = new World(options);
  world.live();
  return {
    startUnixNano: START,
    faultUnixNano: START + BigInt(world.quietSeconds) * SECOND,
    endUnixNano: START + BigInt(world.quietSeconds + world.faultSeconds + world.recoverySeconds) * SECOND,
    batches: world.batches(),
  };
}

/** An embedded store in a folder of its own that holds the batches; both go when the test ends. */
export async function storeOf(t: TestContext, batches: readonly Batch[]): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'go-sre-scenario-'));
  const limits = { retentionMs: 86_400_000, maxBytes: 1e9 };
  const store = await openEmbeddedStore(
    { path: join(folder, 'store.sqlite'), ...limits },
    { clock: () => START },
  );
  t.after(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });
  await store.append(batches);
  return store;
}

class World {
  readonly quietSeconds: number;
  readonly faultSeconds: number;
  readonly recoverySeconds: number;
  readonly #options: ScenarioOptions;
  readonly #random: () => number;
  readonly #service: string;
  readonly #system: string;
  readonly #spans: PlainSpan[] = [];
  readonly #logs: PlainLog[] = [];
  readonly #samples: PlainSample[] = [];
  readonly #exemplars: PlainExemplar[] = [];
  /** Finished requests by end: what a scrape has seen. */
  readonly #done: {
    endMs: number;
    route: Route;
    status: number;
    ms: number;
    traceId: string;
    spanId: string;
  }[] = [];
  readonly #attempts: { endMs: number; outcome: string }[] = [];

  constructor(options: ScenarioOptions) {
    this.#options = options;
    this.quietSeconds = options.quietSeconds ?? 240;
    this.faultSeconds = options.faultSeconds ?? 120;
    this.recoverySeconds = options.recoverySeconds ?? 0;
    this.#random = randomFrom(options.seed ?? 1);
    this.#service = options.service ?? 'shop';
    this.#system = options.system ?? 'redis';
  }

  live(): void {
    const end = (this.quietSeconds + this.faultSeconds + this.recoverySeconds) * 1000;
    for (const route of ROUTES) {
      for (let at = this.#wait(route, 0); at < end; at += this.#wait(route, at)) this.#visit(route, at);
    }
    this.#scrapes(end);
  }

  batches(): Batch[] {
    const without = new Set(this.#options.without);
    const chunk = (time: bigint) => String((time - START) / (5n * SECOND));
    const batches: [bigint, Batch][] = [];
    const add = <R>(records: readonly R[], timeOf: (record: R) => bigint, make: (records: R[]) => Batch) => {
      const sorted = [...records].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
      for (const part of Map.groupBy(sorted, (record) => chunk(timeOf(record))).values()) {
        batches.push([timeOf(part[0]!), make(part)]);
      }
    };
    if (!without.has('traces')) add(this.#spans, (span) => span.start, spanBatch);
    if (!without.has('logs')) add(this.#logs, (log) => log.time, logBatch);
    if (!without.has('metrics')) {
      const exemplars = without.has('exemplars') ? [] : this.#exemplars;
      add(
        this.#samples,
        (sample) => sample.time,
        (part) =>
          sampleBatch(
            part,
            exemplars.filter((exemplar) => chunk(exemplar.time) === chunk(part[0]!.time)),
          ),
      );
    }
    return batches.sort((a, b) => (a[0] < b[0] ? -1 : 1)).map(([, batch]) => batch);
  }

  #broken(atMs: number): Fault {
    const since = atMs / 1000 - this.quietSeconds;
    return since >= 0 && since < this.faultSeconds ? (this.#options.fault ?? 'none') : 'none';
  }

  #wait(route: Route, atMs: number): number {
    const fault = this.#broken(atMs);
    const factor = fault === 'traffic' || fault === 'overload' ? 4 : 1;
    return (-Math.log(1 - this.#random()) * 1000) / (route.perSecond * factor);
  }

  #ramp(atMs: number): number {
    return Math.min(1, (atMs / 1000 - this.quietSeconds + 0.1) / (this.#options.rampSeconds ?? 0.1));
  }

  /** Around `ms`, skewed to the right as durations are. */
  #around(ms: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
    return ms * Math.exp(0.3 * normal);
  }

  #id(bytes: number): string {
    return Array.from({ length: bytes }, () =>
      Math.floor(this.#random() * 255 + 1)
        .toString(16)
        .padStart(2, '0'),
    ).join('');
  }

  #visit(route: Route, atMs: number): void {
    const { status, endMs } = this.#request(route, atMs);
    if (this.#options.clientsRetry && status >= 500) this.#request(route, endMs + 500);
  }

  #request(route: Route, atMs: number): { status: number; endMs: number } {
    const fault = this.#broken(atMs);
    const instance = `${this.#service}-${Math.floor(this.#random() * (this.#options.instances ?? 1))}`;
    const slowed = fault === 'slow-handler' || fault === 'release' || fault === 'one-instance';
    const pulse = this.#options.slowWhen?.(atMs / 1000) ?? false;
    const mine = route.cached && (pulse || (slowed && (fault !== 'one-instance' || instance.endsWith('-0'))));
    const own =
      this.#around(route.ownMs) * (mine ? 60 : fault === 'overload' ? 12 : fault === 'everything' ? 20 : 1);
    const [traceId, spanId] = [this.#id(16), this.#id(8)];
    const stored = this.#random() < (this.#options.sampled ?? 1);
    const common: Common = {
      ...{ instance, version: fault === 'release' ? '1.1.0' : '1.0.0', traceId, stored, spans: [] },
    };
    let at = atMs + own / 2;
    let status = 200;
    if (route.cached) {
      const load = this.#load(common, spanId, at);
      at = load.endMs;
      if (!load.found) status = 503;
    }
    const query = this.#around(5) * (fault === 'everything' ? 20 : 1);
    this.#call(common, {
      parent: spanId,
      at,
      ms: query,
      system: 'postgresql',
      operation: 'SELECT',
      failed: false,
      attempt: 0,
    });
    at += query + own / 2;
    const kept = this.#options.keepFailed === true && status >= 500;
    this.#span(common, {
      spanId,
      parent: '',
      name: `${route.method} ${route.route}`,
      kind: 2,
      at: atMs,
      ms: at - atMs,
      failed: status >= 500,
      route,
      status,
      ...(kept ? { attributes: { 'sampling.adjusted_count': '1' } } : {}),
    });
    if (stored || kept) this.#spans.push(...common.spans);
    this.#log(common, at, status >= 500 ? 17 : 9, 'request', spanId, 'server/middleware.go:41', {
      method: route.method,
      route: route.route,
      status: String(status),
      duration_ms: String(at - atMs),
    });
    this.#done.push({ endMs: at, route, status, ms: at - atMs, traceId: stored ? traceId : '', spanId });
    return { status, endMs: at };
  }

  /** The session lookup: up to three attempts at the cache. */
  #load(common: Common, parent: string, atMs: number): { endMs: number; found: boolean } {
    const spanId = this.#id(8);
    let at = atMs + 0.2;
    let found = false;
    const refused = this.#options.refused ? this.#random() < this.#options.refused(atMs / 1000) : false;
    for (let attempt = 1; attempt <= ATTEMPTS && !found; attempt++) {
      const fault = this.#broken(at);
      const slow = fault === 'slow-cache' && this.#random() < 0.75;
      const ms =
        fault === 'cache-down' || refused
          ? 0.4
          : Math.min(
              TIMEOUT_MS,
              fault === 'everything'
                ? this.#around(90)
                : slow
                  ? this.#around(1200) * this.#ramp(at)
                  : this.#around(1),
            );
      found = fault !== 'cache-down' && !refused && ms < TIMEOUT_MS;
      const call = {
        parent: spanId,
        at,
        ms,
        system: this.#system,
        operation: 'GET',
        failed: !found,
        attempt,
      };
      const callId = this.#call(common, call);
      at += ms;
      this.#attempts.push({ endMs: at, outcome: found ? labelValue.attemptOk : labelValue.attemptError });
      if (!found && !this.#options.without?.includes('attempt lines')) {
        const error = fault === 'cache-down' || refused ? 'connection refused' : 'dial timeout';
        this.#log(common, at, 13, `${this.#system} attempt failed`, callId, 'sessions/cache.go:88', {
          error,
          attempt: String(attempt),
        });
        at += 5 * attempt;
      }
    }
    this.#span(common, {
      spanId,
      parent,
      name: 'sessions.Load',
      kind: 1,
      at: atMs,
      ms: at - atMs + 0.1,
      failed: !found,
    });
    return { endMs: at + 0.1, found };
  }

  #call(
    common: Common,
    call: {
      parent: string;
      at: number;
      ms: number;
      system: string;
      operation: string;
      failed: boolean;
      attempt: number;
    },
  ): string {
    const spanId = this.#id(8);
    const key = attemptAttribute[call.system];
    this.#span(common, {
      ...{
        spanId,
        parent: call.parent,
        name: call.operation,
        kind: 3,
        at: call.at,
        ms: call.ms,
        failed: call.failed,
      },
      attributes: {
        'db.system.name': call.system,
        'db.operation.name': call.operation,
        'server.address': `${call.system}-0`,
        'server.port': '6379',
        ...(call.attempt > 0 && key ? { [key]: String(call.attempt) } : {}),
        ...(call.failed ? { 'error.type': 'timeout' } : {}),
      },
    });
    return spanId;
  }

  #span(
    { instance, version, traceId, stored, spans }: Common,
    span: {
      spanId: string;
      parent: string;
      name: string;
      kind: number;
      at: number;
      ms: number;
      failed: boolean;
      route?: Route;
      status?: number;
      attributes?: Record<string, string>;
    },
  ): void {
    spans.push({
      traceId,
      spanId: span.spanId,
      parentSpanId: span.parent,
      traceState: stored ? traceStateOf(this.#options.sampled ?? 1) : '',
      name: span.name,
      service: this.#service,
      start: START + nanos(span.at),
      duration: nanos(span.ms),
      kind: span.kind,
      status: span.failed ? 2 : 0,
      ...(span.route
        ? { route: span.route.route, method: span.route.method, httpStatus: span.status ?? 0 }
        : {}),
      attributes: {
        tenant: Number.parseInt(traceId.slice(0, 2), 16) % 2 === 0 ? 'free' : 'paid',
        ...span.attributes,
      },
      resource: { 'service.instance.id': instance, 'service.version': version },
    });
  }

  #log(
    { traceId, stored }: Common,
    atMs: number,
    severityNumber: number,
    body: string,
    spanId: string,
    caller: string,
    attributes: Record<string, string>,
  ): void {
    const [file = '', line = ''] = caller.split(':');
    const joined = stored && !this.#options.without?.includes('log trace ids');
    this.#logs.push({
      time: START + nanos(atMs),
      severityNumber,
      service: this.#service,
      body,
      ...(joined ? { traceId, spanId } : {}),
      attributes: { 'code.file.path': file, 'code.line.number': line, ...attributes },
    });
  }

  /** What a scraper reads every few seconds of what had ended by then. */
  #scrapes(endMs: number): void {
    const every = (this.#options.scrapeSeconds ?? 5) * 1000;
    const counts = new Map<string, { route: Route; status: number; counts: number[]; seen: boolean }>();
    const done = [...this.#done].sort((a, b) => a.endMs - b.endMs);
    const attempts = [...this.#attempts].sort((a, b) => a.endMs - b.endMs);
    const outcomes = new Map<string, number>([
      [labelValue.attemptOk, 0],
      [labelValue.attemptError, 0],
    ]);
    let [next, nextAttempt, waits] = [0, 0, 0];
    for (let at = every / 2; at <= endMs; at += every) {
      for (; next < done.length && done[next]!.endMs <= at; next++) this.#observe(counts, done[next]!);
      for (; nextAttempt < attempts.length && attempts[nextAttempt]!.endMs <= at; nextAttempt++) {
        const { outcome } = attempts[nextAttempt]!;
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
      for (const { route, status, counts: cumulative } of counts.values()) {
        BOUNDS.forEach((bound, i) => {
          const le = Number.isFinite(bound) ? String(bound) : '+Inf';
          this.#sample(at, `${serviceMetric.requestDuration}_bucket`, 'histogram', cumulative[i]!, {
            ...codes(route, status),
            le,
          });
        });
      }
      for (const [outcome, value] of outcomes)
        this.#sample(at, serviceMetric.redisAttempts, 'counter', value, { outcome });
      waits = this.#process(at, every, waits);
    }
  }

  #observe(
    counts: Map<string, { route: Route; status: number; counts: number[]; seen: boolean }>,
    request: { endMs: number; route: Route; status: number; ms: number; traceId: string; spanId: string },
  ): void {
    const key = `${request.route.method} ${request.route.route} ${request.status}`;
    const entry = counts.get(key) ?? {
      route: request.route,
      status: request.status,
      counts: BOUNDS.map(() => 0),
      seen: false,
    };
    counts.set(key, entry);
    const first = BOUNDS.findIndex((bound) => request.ms / 1000 <= bound);
    for (let i = first; i < BOUNDS.length; i++) entry.counts[i]!++;
    const bound = BOUNDS[first]!;
    if (request.traceId === '' || this.#random() > 0.2) return;
    const labels = {
      ...codes(request.route, request.status),
      le: Number.isFinite(bound) ? String(bound) : '+Inf',
    };
    this.#exemplars.push({
      series: this.#series(`${serviceMetric.requestDuration}_bucket`, 'histogram', labels),
      time: START + nanos(request.endMs),
      value: request.ms / 1000,
      traceId: request.traceId,
      spanId: request.spanId,
    });
  }

  /** The process' own figures; tells how many callers have waited for a connection so far. */
  #process(at: number, every: number, waitsSoFar: number): number {
    const without = new Set(this.#options.without);
    const fault = this.#broken(at);
    const full = fault === 'slow-cache';
    const waits = waitsSoFar + (full ? (40 * every) / 1000 : 0);
    if (!without.has('pool')) {
      this.#pool(at, this.#system, full ? POOL_SIZE : 2 + Math.floor(this.#random() * 3), waits);
      for (const [system, state] of Object.entries(this.#options.otherPools ?? {}))
        this.#pool(at, system, state === 'full' && fault !== 'none' ? POOL_SIZE : 2, 0);
    }
    if (!without.has('cpu')) {
      const quiet = 0.2 * Math.min(at, this.quietSeconds * 1000);
      const late = (fault === 'overload' ? 1.9 : 0.22) * Math.max(0, at - this.quietSeconds * 1000);
      this.#sample(at, serviceMetric.cpuSeconds, 'counter', (quiet + late) / 1000, {});
      this.#sample(at, serviceMetric.maxProcs, 'gauge', 2, {});
      this.#sample(at, serviceMetric.gcDuration, 'summary', 0.0004 + this.#random() * 0.0002, {
        quantile: '1',
      });
    }
    return waits;
  }

  #pool(at: number, system: string, used: number, waits: number): void {
    const pool = clientPool[system];
    if (!pool) return;
    this.#sample(at, pool.connections, 'gauge', used, { [label.poolState]: labelValue.poolUsed });
    this.#sample(at, pool.maxConnections, 'gauge', POOL_SIZE, {});
    this.#sample(at, pool.waits, 'counter', waits, {});
    this.#sample(at, pool.timeouts, 'counter', Math.floor(waits / 10), {});
    this.#sample(at, pool.waitSeconds, 'counter', waits * 0.6, {});
  }

  #series(name: string, kind: SeriesInfo['kind'], labels: Record<string, string>): SeriesInfo {
    const temporality = kind === 'gauge' ? 'none' : 'cumulative';
    return {
      name,
      kind,
      temporality,
      labels: { job: this.#service, instance: `${this.#service}:8081`, ...labels },
    };
  }

  #sample(
    atMs: number,
    name: string,
    kind: SeriesInfo['kind'],
    value: number,
    labels: Record<string, string>,
  ): void {
    this.#samples.push({ series: this.#series(name, kind, labels), time: START + nanos(atMs), value });
  }
}

/** What all telemetry of one request shares. */
interface Common {
  instance: string;
  version: string;
  traceId: string;
  stored: boolean;
  spans: PlainSpan[];
}

/** The threshold below which trace ids are rejected: hex digits of 2^56, trailing zeros cut. */
function traceStateOf(sampled: number): string {
  if (sampled === 1) return '';
  const rejected = BigInt(Math.round((1 - sampled) * 2 ** 56));
  return `ot=th:${rejected.toString(16).padStart(14, '0').replace(/0+$/, '')}`;
}

function codes(route: Route, status: number): Record<string, string> {
  return {
    [label.method]: route.method,
    [label.route]: route.route,
    [label.statusCode]: String(status),
    [label.errorType]: status >= 500 ? String(status) : '',
  };
}
