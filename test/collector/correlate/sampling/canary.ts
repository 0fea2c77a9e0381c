// A service of two versions side by side, each with a sampler and losses of its own, whose truth is known.
import type { Batch } from '../../../../collector/telemetry/batch.ts';
import type { SeriesInfo } from '../../../../collector/telemetry/model.ts';
import { durationBoundaries, label, serviceMetric } from '../../../../slo/index.ts';
import { randomFrom } from '../../../helpers/random.ts';
import {
  logBatch,
  type PlainLog,
  type PlainSample,
  type PlainSpan,
  sampleBatch,
  spanBatch,
} from '../../../helpers/telemetry.ts';

const SECOND = 1_000_000_000n;
const BOUNDS = [...durationBoundaries, Number.POSITIVE_INFINITY];
const START = 1_790_000_000n * SECOND;

export interface CanaryOptions {
  seed?: number;
  seconds?: number;
  versions?: readonly VersionOptions[];
  without?: readonly ('requests' | 'sdk' | 'target info' | 'logs' | 'weights')[];
}

export interface VersionOptions {
  version: string;
  /** Requests a second of the busy route; the rare one has a fiftieth. */
  perSecond?: number;
  failed?: number;
  slow?: number;
  sampled?: number;
  keepFailed?: boolean;
  /** Share of the spans to be stored that a full queue drops. */
  dropped?: number;
  /** Share of the spans sent that are not stored, unknown to the SDK. */
  vanished?: number;
}

/** What really happened to one version's requests. */
export interface Truth {
  requests: number;
  failed: number;
  failedComplete: number;
  slow: number;
  slowComplete: number;
  ended: number;
  stored: number;
}

export interface Canary {
  fromUnixNano: bigint;
  toUnixNano: bigint;
  batches: Batch[];
  truth: Map<string, Truth>;
}

const ROUTES = [
  { method: 'GET', route: '/orders/{id}', of: 1 },
  { method: 'POST', route: '/payment/{id}/capture', of: 1 / 50 },
];

interface Counter {
  series: SeriesInfo;
  value: number;
}

/** The telemetry of `seconds` of traffic; the same for the same seed. */
export function canary(options: CanaryOptions = {}): Canary {
  const { seed = 1, seconds = 200, without = [] } = options;
  const random = randomFrom(seed);
  const spans: PlainSpan[] = [];
  const samples: PlainSample[] = [];
  const logs: PlainLog[] = [];
  const truth = new Map<string, Truth>();
  for (const [i, version] of (options.versions ?? [{ version: '1' }]).entries()) {
    const process = new Process(version, `shop-${i}`, without, random, { spans, logs });
    for (let second = 0; second <= seconds; second++) {
      if (second % 5 === 0) samples.push(...process.scrape(START + BigInt(second) * SECOND));
      process.live(START + BigInt(second) * SECOND);
    }
    truth.set(version.version, process.truth);
  }
  const parts = <T>(all: T[], make: (part: T[]) => Batch) =>
    Array.from({ length: Math.ceil(all.length / 2000) }, (_, i) =>
      make(all.slice(i * 2000, i * 2000 + 2000)),
    );
  return {
    fromUnixNano: START,
    toUnixNano: START + BigInt(seconds) * SECOND + 1n,
    batches: [
      ...parts(spans, spanBatch),
      ...parts(samples, sampleBatch),
      ...(without.includes('logs') ? [] : parts(logs, logBatch)),
    ],
    truth,
  };
}

class Process {
  readonly truth: Truth = {
    ...{ requests: 0, failed: 0, failedComplete: 0, slow: 0, slowComplete: 0, ended: 0, stored: 0 },
  };
  readonly #of: Required<VersionOptions>;
  readonly #instance: string;
  readonly #without: readonly string[];
  readonly #random: () => number;
  readonly #into: { spans: PlainSpan[]; logs: PlainLog[] };
  readonly #counters = new Map<string, Counter>();
  readonly #buckets = new Map<string, Counter[]>();
  #next = 0;

  constructor(
    version: VersionOptions,
    instance: string,
    without: readonly string[],
    random: () => number,
    into: { spans: PlainSpan[]; logs: PlainLog[] },
  ) {
    this.#of = {
      ...{
        perSecond: 20,
        failed: 0.02,
        slow: 0.005,
        sampled: 0.2,
        keepFailed: false,
        dropped: 0,
        vanished: 0,
      },
      ...version,
    };
    this.#instance = instance;
    this.#without = without;
    this.#random = random;
    this.#into = into;
    for (const labels of [{ error_type: '' }, { error_type: 'queue_full' }])
      this.#count(
        serviceMetric.spansProcessed,
        { [label.componentType]: 'batching_span_processor', ...labels },
        0,
      );
    this.#count(serviceMetric.spansExported, { [label.errorType]: '' }, 0);
    for (const route of ROUTES)
      for (const status of [200, 500]) this.#observe(route, status, Number.POSITIVE_INFINITY, 0);
  }

  live(from: bigint): void {
    for (const route of ROUTES) {
      const mean = this.#of.perSecond * route.of;
      const requests = Math.floor(mean) + (this.#random() < mean % 1 ? 1 : 0);
      for (let i = 0; i < requests; i++)
        this.#request(route, from + BigInt(Math.floor(this.#random() * 1e9)));
    }
  }

  #request(route: (typeof ROUTES)[number], start: bigint): void {
    const isFailed = this.#random() < this.#of.failed;
    const isSlow = this.#random() < this.#of.slow;
    const ms = isSlow ? 400 + 50 * this.#random() : 5 + 60 * this.#random();
    const status = isFailed ? 500 : 200;
    this.#observe(route, status, ms / 1000, 1);
    const isSampled = this.#random() < this.#of.sampled;
    const isKept = isFailed && this.#of.keepFailed;
    const id = (this.#next++).toString(16).padStart(8, '0') + Buffer.from(this.#instance).toString('hex');
    const traceId = `${id.padEnd(31, '0')}1`;
    const all = isSampled || isKept ? this.#trace(route, { traceId, start, ms, status, isKept }) : [];
    const stored = all.filter(() => this.#survives());
    this.#into.spans.push(...stored);
    const isComplete = all.length > 0 && stored.length === all.length;
    this.truth.requests++;
    this.truth.ended += all.length;
    this.truth.stored += stored.length;
    if (isFailed) this.truth.failed++;
    if (isFailed && isComplete) this.truth.failedComplete++;
    if (isSlow) this.truth.slow++;
    if (isSlow && isComplete) this.truth.slowComplete++;
    this.#into.logs.push({
      ...{ time: start + BigInt(Math.round(ms * 1e6)), severityNumber: 9, service: 'shop', body: 'request' },
      attributes: {
        ...{ method: route.method, route: route.route, status: String(status), duration_ms: String(ms) },
        'service.version': this.#of.version,
      },
    });
  }

  #survives(): boolean {
    const { dropped, vanished } = this.#of;
    const batching = { [label.componentType]: 'batching_span_processor' };
    if (this.#random() < dropped) {
      this.#count(serviceMetric.spansProcessed, { ...batching, error_type: 'queue_full' }, 1);
      return false;
    }
    this.#count(serviceMetric.spansProcessed, { ...batching, error_type: '' }, 1);
    this.#count(serviceMetric.spansExported, { [label.errorType]: '' }, 1);
    return this.#random() >= vanished;
  }

  /** A server span, its child, and a call below that: a lost child leaves an orphan, a lost call nothing. */
  #trace(
    route: (typeof ROUTES)[number],
    of: { traceId: string; start: bigint; ms: number; status: number; isKept: boolean },
  ): PlainSpan[] {
    const { traceId, start, ms, status, isKept } = of;
    const span = (spanId: string, over: Partial<PlainSpan>): PlainSpan => ({
      ...{ traceId, spanId, name: 'GET', service: 'shop', start, duration: BigInt(Math.round(ms * 1e6)) },
      traceState: this.#without.includes('weights') || isKept ? '' : traceStateOf(this.#of.sampled),
      resource: { 'service.version': this.#of.version, 'service.instance.id': this.#instance },
      ...over,
    });
    const [server, child, call] = [1, 2, 3].map((n) => traceId.slice(0, 15) + n);
    return [
      span(server!, {
        ...{ name: `${route.method} ${route.route}`, kind: 2, status: status >= 500 ? 2 : 0 },
        ...{ route: route.route, method: route.method, httpStatus: status },
        attributes: isKept ? { 'sampling.adjusted_count': '1' } : {},
      }),
      span(child!, { parentSpanId: server!, kind: 1 }),
      span(call!, { parentSpanId: child!, kind: 3 }),
    ];
  }

  #observe(route: (typeof ROUTES)[number], status: number, seconds: number, by: number): void {
    const key = `${route.method} ${route.route} ${status}`;
    const buckets = this.#buckets.get(key) ?? BOUNDS.map((bound) => this.#bucket(route, status, bound));
    this.#buckets.set(key, buckets);
    for (const [i, bound] of BOUNDS.entries()) if (seconds <= bound) buckets[i]!.value += by;
  }

  #bucket(route: (typeof ROUTES)[number], status: number, bound: number): Counter {
    const labels = {
      ...{ [label.method]: route.method, [label.route]: route.route },
      [label.statusCode]: String(status),
      [label.errorType]: status >= 500 ? String(status) : '',
      le: Number.isFinite(bound) ? String(bound) : '+Inf',
    };
    return { series: this.#series(`${serviceMetric.requestDuration}_bucket`, 'counter', labels), value: 0 };
  }

  #count(name: string, labels: Record<string, string>, by: number): void {
    const key = `${name}${Object.values(labels).join('|')}`;
    const counter = this.#counters.get(key) ?? { series: this.#series(name, 'counter', labels), value: 0 };
    this.#counters.set(key, counter);
    counter.value += by;
  }

  #series(name: string, kind: SeriesInfo['kind'], labels: Record<string, string>): SeriesInfo {
    const target = { job: 'shop', instance: `${this.#instance}:8081` };
    return {
      name,
      kind,
      temporality: kind === 'gauge' ? 'none' : 'cumulative',
      labels: { ...target, ...labels },
    };
  }

  scrape(time: bigint): PlainSample[] {
    const isLeftOut = (name: string) =>
      (this.#without.includes('requests') && name.startsWith(serviceMetric.requestDuration)) ||
      (this.#without.includes('sdk') && name.startsWith('otel_sdk'));
    const info = { service_version: this.#of.version, service_instance_id: this.#instance };
    const target = { series: this.#series(serviceMetric.targetInfo, 'gauge', info), time, value: 1 };
    return [
      ...(this.#without.includes('target info') ? [] : [target]),
      ...[...this.#counters.values(), ...[...this.#buckets.values()].flat()].flatMap(({ series, value }) =>
        isLeftOut(series.name) ? [] : [{ series, time, value }],
      ),
    ];
  }
}

/** The threshold below which trace ids are rejected: hex digits of 2^56, trailing zeros cut. */
function traceStateOf(sampled: number): string {
  const rejected = BigInt(Math.round((1 - sampled) * 2 ** 56));
  return `ot=th:${rejected.toString(16).padStart(14, '0').replace(/0+$/, '') || '0'}`;
}
