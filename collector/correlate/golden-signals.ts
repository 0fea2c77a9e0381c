import { label, scrapeMetric, serviceMetric, suffix } from '../../slo/index.ts';
import type { GroupKey, SpanFilter, Store, TimeRange } from '../storage/store.ts';
import { stringAt } from '../telemetry/columns.ts';
import { SPAN_KINDS } from '../telemetry/model.ts';
import type { RecentGroup, RecentSpans } from '../telemetry/recent-spans.ts';
import type { AttributeCondition } from './incident.ts';
import {
  bounds as bounded,
  increments,
  instanceOf,
  LOOKBACK_NANO,
  matching,
  readSeries,
  type SeriesData,
  zeroMoments,
} from './series.ts';
import { histogramQuantile, median } from './stats.ts';
import {
  groupWeight,
  QUANTILES,
  quantileOfAll,
  shareUpTo,
  type WeighedDurations,
  WeightMemory,
  weightKeys,
} from './weights.ts';

const SERVER = SPAN_KINDS.indexOf('server');
/** Groups (service, route, method, step) that an aggregate over spans may answer. */
const MAX_GROUPS = 50_000;

/** What one route did in one step of time. */
export interface GoldenPoint {
  fromUnixNano: bigint;
  /** Seconds that were measured; 0 where nothing was. */
  seconds: number;
  requests: number;
  /** The least that one of them stands for: 1 with metrics, more where spans are sampled. */
  weight: number;
  /** Answered with a 5xx, or not at all. */
  errors: number;
  /** Null without requests. */
  p99Ms: number | null;
  /** Requests at most as long as each of the route's `bounds`; empty when the source is spans. */
  cumulative: Float64Array;
  /** Of spans, how long they took by group, for what stands in no bucket; absent when the source is metrics. */
  durations?: readonly WeighedDurations[];
}

/** Golden signals of one route, every point one step long, the first beginning at the start of the range. */
export interface RouteSignals {
  service: string;
  method: string;
  route: string;
  /** Spans only where no metrics are stored: they may be sampled, and each counts for as many as it stands for. */
  source: 'metrics' | 'spans';
  /** Upper bounds of the buckets in seconds, the last +Infinity. */
  bounds: number[];
  points: GoldenPoint[];
}

export interface GoldenQuery extends TimeRange {
  service?: string;
  /** Of requests with these attributes alone: no series knows them, so their stored spans are counted. */
  where?: readonly AttributeCondition[];
  stepNano: bigint;
}

export interface GoldenDeps {
  signal: AbortSignal;
  /** What earlier readings found sampled spans to stand for; nothing is remembered by default. */
  weights?: WeightMemory;
  /** Spans of the last minutes, counted as they came; all are read from the store by default. */
  recent?: RecentSpans;
}

/** Golden signals of every route: from scraped histograms; for services that have none, from stored server spans. */
export async function readGoldenSignals(
  store: Store,
  query: GoldenQuery,
  deps: GoldenDeps,
): Promise<RouteSignals[]> {
  if (query.toUnixNano <= query.fromUnixNano) return [];
  if (query.where?.length) return fromSpans(store, query, new Set(), { signal: deps.signal });
  const range = { fromUnixNano: query.fromUnixNano - LOOKBACK_NANO, toUnixNano: query.toUnixNano };
  const name = `${serviceMetric.requestDuration}${suffix.bucket}`;
  // One reading for all: the scrapes' own series lie in the same blocks.
  const names = [name, scrapeMetric.up, serviceMetric.startTime].join('|');
  const [, ...job] = matching(name, { [label.job]: query.service });
  const all = await readSeries(store, [{ label: '__name__', op: '=~', value: names }, ...job], range, deps);
  const [series, scrapes] = [true, false].map((wanted) =>
    all.filter(({ info }) => (info.name === name) === wanted),
  );
  const routes = fromHistograms(series ?? [], scrapes ?? [], query);
  const measured = new Set(routes.map((route) => route.service));
  if (query.service !== undefined && measured.has(query.service)) return routes;
  return [...routes, ...(await fromSpans(store, query, measured, deps))];
}

/** The signals over a whole range as one point per route. */
export function readTotals(
  store: Store,
  service: string,
  range: TimeRange,
  deps: { signal: AbortSignal },
  where: readonly AttributeCondition[] = [],
): Promise<RouteSignals[]> {
  const stepNano = range.toUnixNano - range.fromUnixNano;
  return readGoldenSignals(store, { ...range, service, where, stepNano }, deps);
}

/**
 * The shortest step in which points have data: `least`, or `scrapes` of them when those are further apart (two, where
 * every point must have one in spite of jitter). Whole multiples of `least`: steps of several collectors agree.
 */
export async function measurableStep(
  store: Store,
  query: { service?: string; atUnixNano: bigint; least: bigint; scrapes: 1 | 2 },
  deps: { signal: AbortSignal },
): Promise<bigint> {
  const range = { fromUnixNano: query.atUnixNano - 10n * LOOKBACK_NANO, toUnixNano: query.atUnixNano };
  const name = `${serviceMetric.requestDuration}${suffix.bucket}`;
  const totals = matching(name, { [label.job]: query.service, [label.bucketBound]: '+Inf' });
  const series = await readSeries(store, totals, range, deps);
  const spacings = series.flatMap(({ time }) =>
    Array.from(time.subarray(1), (at, i) => Number(at - time[i]!)),
  );
  if (spacings.length === 0) return query.least;
  // A tenth of a spacing is jitter, not another step.
  const enough = BigInt(Math.round((query.scrapes - 0.1) * median(spacings)));
  return ((enough + query.least - 1n) / query.least) * query.least || query.least;
}

/** Quantile of a point's durations in milliseconds; null when there were none or the source has no buckets. */
function quantileMs(point: GoldenPoint, bounds: readonly number[], q: number): number | null {
  const seconds = histogramQuantile(q, bounds, point.cumulative);
  return Number.isNaN(seconds) ? null : seconds * 1000;
}

/** Requests of a point that took longer than the bound at `position`. */
export function slowerThan(point: GoldenPoint, position: number): number {
  const total = point.cumulative.at(-1) ?? 0;
  return Math.max(0, Math.round(total - (point.cumulative[position] ?? total)));
}

/** Requests of a point that took longer than `ms`, with buckets than the next bound from there on. */
export function longerThan(point: GoldenPoint, bounds: readonly number[], ms: number): number {
  if (bounds.length > 0)
    return slowerThan(
      point,
      bounds.findIndex((bound) => bound * 1000 >= ms),
    );
  const { durations = [] } = point;
  return durations.reduce((sum, group) => sum + group.requests * (1 - shareUpTo(group, ms)), 0);
}

/** Failed and all requests of a point as a test may count them: sampled ones are no more evidence than were stored. */
export function sampleOf({ errors, requests, weight }: GoldenPoint): { errors: number; requests: number } {
  const all = Math.round(requests / weight);
  return { errors: Math.min(Math.round(errors / weight), all), requests: all };
}

/**
 * Several points as one: counts added, the p99 of all of them; points of spans keep their largest p99, and
 * `pooledP99Ms` tells that of all.
 */
export function addPoints(points: readonly GoldenPoint[], bounds: readonly number[]): GoldenPoint {
  const sum: GoldenPoint = {
    fromUnixNano: points[0]?.fromUnixNano ?? 0n,
    seconds: 0,
    requests: 0,
    weight: Math.min(...points.flatMap((point) => (point.requests > 0 ? point.weight : []))),
    errors: 0,
    p99Ms: null,
    cumulative: new Float64Array(bounds.length),
  };
  if (sum.weight === Number.POSITIVE_INFINITY) sum.weight = 1;
  for (const point of points) {
    sum.seconds += point.seconds;
    sum.requests += point.requests;
    sum.errors += point.errors;
    if (point.p99Ms !== null) sum.p99Ms = Math.max(sum.p99Ms ?? 0, point.p99Ms);
    for (let i = 0; i < bounds.length; i++) sum.cumulative[i]! += point.cumulative[i] ?? 0;
  }
  if (bounds.length > 0) sum.p99Ms = quantileMs(sum, bounds, 0.99);
  const durations = points.flatMap((point) => point.durations ?? []);
  return durations.length > 0 ? { ...sum, durations } : sum;
}

/** The p99 of all requests of a sum, with spans, too; null without requests. */
export function pooledP99Ms({ p99Ms, durations }: GoldenPoint): number | null {
  return durations ? quantileOfAll(durations, 0.99) : p99Ms;
}

/** Points of `step` over the range, nothing measured yet. */
function emptyPoints(query: GoldenQuery, buckets: number): GoldenPoint[] {
  const points: GoldenPoint[] = [];
  for (let at = query.fromUnixNano; at < query.toUnixNano; at += query.stepNano) {
    const cumulative = new Float64Array(buckets);
    const nothing = { seconds: 0, requests: 0, weight: 1, errors: 0, p99Ms: null };
    points.push({ fromUnixNano: at, ...nothing, cumulative });
  }
  return points;
}

function stepOf(at: bigint, query: GoldenQuery): number {
  if (at < query.fromUnixNano || at >= query.toUnixNano) return -1;
  // Differences of times are exact as numbers up to 104 days; dividing bigints of every sample is not cheap.
  return Math.floor(Number(at - query.fromUnixNano) / Number(query.stepNano));
}

function fromHistograms(
  series: readonly SeriesData[],
  scrapes: readonly SeriesData[],
  query: GoldenQuery,
): RouteSignals[] {
  const zeros = zeroMoments(series, scrapes);
  const grown = increments(series, zeros);
  const groups = new Map<string, number[]>();
  series.forEach(({ info: { labels } }, i) => {
    const key = [labels[label.job], labels[label.method], labels[label.route]].join('\u0000');
    const members = groups.get(key);
    if (members) members.push(i);
    else groups.set(key, [i]);
  });
  const covered = coverage(series, zeros, query);
  return [...groups.values()].map((members) => {
    const { labels } = series[members[0]!]!.info;
    const bounds = [...new Set(members.map((i) => boundOf(series[i]!)))].sort((a, b) => a - b);
    const points = emptyPoints(query, bounds.length);
    for (const i of members) {
      const position = bounds.indexOf(boundOf(series[i]!));
      const failed = position === bounds.length - 1 && isError(series[i]!.info.labels);
      const { time, value } = grown[i]!;
      for (let n = 0; n < time.length; n++) {
        const point = points[stepOf(time[n]!, query)];
        if (!point) continue;
        point.cumulative[position]! += value[n]!;
        if (failed) point.errors += value[n]!;
      }
    }
    const service = labels[label.job] ?? '';
    points.forEach((point, step) => {
      point.seconds = covered.get(service)?.[step] ?? 0;
      point.requests = point.cumulative.at(-1) ?? 0;
      point.p99Ms = quantileMs(point, bounds, 0.99);
    });
    const route = { method: labels[label.method] ?? '', route: labels[label.route] ?? '' };
    return { service, ...route, source: 'metrics', bounds, points };
  });
}

/** The upper bound of a histogram's bucket in seconds. */
export function boundOf({ info }: SeriesData): number {
  const text = info.labels[label.bucketBound] ?? '+Inf';
  return text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
}

/** A request failed when the service says so: 5xx, or an error without any status. */
export function isError(labels: Record<string, string>): boolean {
  const code = labels[label.statusCode] ?? '';
  return code === '' ? (labels[label.errorType] ?? '') !== '' : code.startsWith('5');
}

/**
 * Seconds measured per service and step: the time between scrapes of the instance that was scraped most. Every scrape
 * of a histogram has its last bucket, so the others are not looked at.
 */
function coverage(
  series: readonly SeriesData[],
  zeros: ReadonlyMap<string, bigint>,
  query: GoldenQuery,
): Map<string, Float64Array> {
  const times = new Map<string, { service: string; times: Set<bigint> }>();
  for (const data of series) {
    if (boundOf(data) !== Number.POSITIVE_INFINITY) continue;
    const { info, time } = data;
    const entry = times.get(instanceOf(info)) ?? { service: info.labels[label.job] ?? '', times: new Set() };
    times.set(instanceOf(info), entry);
    for (const at of time) entry.times.add(at);
  }
  const steps = Number((query.toUnixNano - query.fromUnixNano + query.stepNano - 1n) / query.stepNano);
  const result = new Map<string, Float64Array>();
  for (const [instance, { service, times: seen }] of times) {
    const zero = zeros.get(instance);
    if (zero !== undefined) seen.add(zero);
    const sorted = [...seen].sort((a, b) => (a < b ? -1 : 1));
    const seconds = new Float64Array(steps);
    for (let i = 1; i < sorted.length; i++) {
      const step = stepOf(sorted[i]!, query);
      if (step >= 0) seconds[step]! += Number(sorted[i]! - sorted[i - 1]!) / 1e9;
    }
    const known = result.get(service);
    result.set(service, known ? seconds.map((value, i) => Math.max(value, known[i]!)) : seconds);
  }
  return result;
}

/** The signals of services that are not measured otherwise, from their stored spans: one reading for all of them. */
async function fromSpans(
  store: Store,
  query: GoldenQuery,
  measured: ReadonlySet<string>,
  deps: GoldenDeps,
): Promise<RouteSignals[]> {
  const weights = deps.weights ?? new WeightMemory();
  const routes = new Map<string, RouteSignals>();
  const durations = new Map<GoldenPoint, WeighedDurations[]>();
  for await (const { service, route, method, ...group } of spanGroups(store, query, deps)) {
    if (measured.has(service)) continue;
    const id = [service, method, route].join('\u0000');
    const signals = routes.get(id) ?? emptyRoute(service, method, route, query);
    routes.set(id, signals);
    const at = group.bucketUnixNano < query.fromUnixNano ? query.fromUnixNano : group.bucketUnixNano;
    const point = signals.points[stepOf(at, query)];
    if (!point) continue;
    const sampled = group.mayBeSampled ? await weights.sampled(store, serverSpans(query, service), deps) : 1;
    const weight = groupWeight(group.stated, sampled);
    point.weight = point.requests > 0 ? Math.min(point.weight, weight) : weight;
    point.requests += weight * group.count;
    point.errors += weight * group.errors;
    const known = durations.get(point) ?? [];
    durations.set(point, known);
    known.push({ requests: weight * group.count, quantilesMs: group.quantilesMs });
  }
  for (const [point, groups] of durations) {
    point.p99Ms = quantileOfAll(groups, 0.99);
    point.durations = groups;
  }
  return [...routes.values()];
}

function serverSpans({ fromUnixNano, toUnixNano }: TimeRange, service: string | undefined): SpanFilter {
  return { ...(service === undefined ? {} : { service }), fromUnixNano, toUnixNano, kind: SERVER };
}

interface CountedSpans extends Omit<RecentGroup, 'fromUnixNano'> {
  bucketUnixNano: bigint;
  /** The weight that they state, '' for none. */
  stated: string;
}

/** Server spans by service, route, method, step and the weight that they state: from memory where it has all of them. */
async function* spanGroups(store: Store, query: GoldenQuery, deps: GoldenDeps): AsyncGenerator<CountedSpans> {
  const { service } = query;
  const recent = deps.recent?.read({ ...query, quantiles: QUANTILES });
  if (recent === undefined) yield* storedGroups(store, query, deps);
  else {
    for (const { fromUnixNano: bucketUnixNano, ...group } of recent)
      if (service === undefined || group.service === service) yield { ...group, bucketUnixNano, stated: '' };
  }
}

async function* storedGroups(
  store: Store,
  query: GoldenQuery,
  deps: GoldenDeps,
): AsyncGenerator<CountedSpans> {
  const attributes = query.where?.length ? { attributes: [...query.where] } : {};
  const filter = { ...serverSpans(query, query.service), ...attributes };
  const groupBy: GroupKey[] = ['service', 'route', 'method', ...(await weightKeys(store, filter, deps))];
  const aggregate = { filter, groupBy, stepNano: query.stepNano, quantiles: [...QUANTILES] };
  for (let cursor: string | undefined; ; ) {
    const options = { ...bounded(deps), limit: MAX_GROUPS, ...(cursor === undefined ? {} : { cursor }) };
    const { columns, count, nextCursor } = await store.aggregate(aggregate, options);
    for (let i = 0; i < count; i++) {
      const [service = '', route = '', method = '', stated = ''] = columns.keys.map((key) =>
        stringAt(key, i),
      );
      const quantilesMs = columns.quantilesMs.map((values) => values[i]!);
      const measured = { count: columns.count[i]!, errors: columns.errors[i]!, quantilesMs };
      const bucketUnixNano = columns.bucketUnixNano[i]!;
      yield { service, route, method, stated, bucketUnixNano, mayBeSampled: true, ...measured };
    }
    cursor = nextCursor;
    if (cursor === undefined) return;
  }
}

function emptyRoute(service: string, method: string, route: string, query: GoldenQuery): RouteSignals {
  const points = emptyPoints(query, 0);
  for (const point of points) point.seconds = Number(query.stepNano) / 1e9;
  return { service, method, route, source: 'spans', bounds: [], points };
}
