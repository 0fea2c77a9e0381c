/** Stored server spans -> counted requests of objectives, where no metrics of them are stored. */
import type { CountedGroup, Route, Service, Slo } from '../../slo/index.ts';
import { groupWeight, type WeightMemory, weightKeys } from '../correlate/weights.ts';
import type { GroupKey, SpanFilter, Store } from '../storage/store.ts';
import { NANOS_PER_MS, NANOS_PER_SECOND } from '../telemetry/clock.ts';
import { stringAt } from '../telemetry/columns.ts';
import { SPAN_KINDS } from '../telemetry/model.ts';
import type { CountDeps, Span } from './from-metrics.ts';
import { stepMs, stepSeconds } from './timeline.ts';

const SERVER = SPAN_KINDS.indexOf('server');
/** Groups (route, method, weight, step) of one page. */
const maxGroups = 100_000;
const timeoutMs = 10_000;

export interface SpanCounts extends CountedGroup {
  /** The least that one stored span stands for. */
  readonly weight: number;
}

interface SpanDeps extends CountDeps {
  readonly weights: WeightMemory;
  /** No span that is kept is older; undefined: none is kept. */
  readonly sinceMs: number | undefined;
}

/** Spans of one route in one step, and for how many requests they stand. */
interface Requests {
  readonly route: string;
  readonly method: string;
  readonly step: number;
  readonly weight: number;
  readonly count: number;
  readonly errors: number;
}

/** Spans tell whether requests failed and how long they took, and nothing of labels of series. */
function isTold({ sli, by }: Slo): boolean {
  return by.length === 0 && (sli.kind === 'availability' || sli.kind === 'latency');
}

/**
 * Counts the requests of objectives that spans tell: failed ones, or those longer than the threshold. Spans that were sampled
 * count for as many as they stand for. Every step since the oldest kept span is taken as measured.
 * @throws CollectorError as Store.aggregate
 */
export async function countSpans(
  store: Store,
  service: Service,
  slos: readonly Slo[],
  span: Span,
  deps: SpanDeps,
): Promise<ReadonlyMap<Slo, SpanCounts>> {
  const counted = new Map<Slo, SpanCounts>();
  const told = slos.filter(isTold);
  if (told.length === 0 || deps.sinceMs === undefined || deps.sinceMs >= span.toMs) return counted;
  const filter: SpanFilter = {
    service: service.job ?? service.name,
    kind: SERVER,
    fromUnixNano: BigInt(span.fromMs) * NANOS_PER_MS,
    toUnixNano: BigInt(span.toMs) * NANOS_PER_MS,
  };
  const all = await requestsOf(store, filter, deps);
  const within = new Map<number, readonly Requests[]>();
  for (const slo of told) {
    const { sli } = slo;
    if (sli.kind === 'latency' && !within.has(sli.thresholdSeconds)) {
      const maxDurationNano = BigInt(Math.round(sli.thresholdSeconds * 1e9));
      within.set(sli.thresholdSeconds, await requestsOf(store, { ...filter, maxDurationNano }, deps));
    }
    const quick = sli.kind === 'latency' ? within.get(sli.thresholdSeconds) : undefined;
    counted.set(slo, countsOf(slo, all, quick, span, deps.sinceMs));
    await deps.breathe();
  }
  return counted;
}

/** Without `quick` the failed requests are bad, with it those that are not among them. */
function countsOf(
  slo: Slo,
  all: readonly Requests[],
  quick: readonly Requests[] | undefined,
  { fromMs, toMs }: Span,
  sinceMs: number,
): SpanCounts {
  const steps = (toMs - fromMs) / stepMs;
  const own = all.filter((requests) => speaksOf(slo, requests));
  const total = summed(own, steps, ({ count, weight }) => count * weight);
  const good =
    quick &&
    summed(
      quick.filter((one) => speaksOf(slo, one)),
      steps,
      (one) => one.count * one.weight,
    );
  const bad = good
    ? total.map((events, step) => Math.max(events - good[step]!, 0))
    : summed(own, steps, ({ errors, weight }) => errors * weight);
  const observed = Uint8Array.from(total, (_, step) => (fromMs + (step + 1) * stepMs > sinceMs ? 1 : 0));
  const weight = own.reduce((least, one) => Math.min(least, one.weight), Number.POSITIVE_INFINITY);
  return { labels: {}, counts: { startUnixMs: fromMs, stepSeconds, bad, total, observed }, weight };
}

function speaksOf({ routes }: Slo, { route, method }: Requests): boolean {
  const isMeant = (one: Route) => one.path === route && (one.method === undefined || one.method === method);
  return routes.length === 0 || routes.some(isMeant);
}

function summed(
  all: readonly Requests[],
  steps: number,
  value: (requests: Requests) => number,
): Float64Array {
  const sums = new Float64Array(steps);
  for (const requests of all) sums[requests.step]! += value(requests);
  return sums;
}

async function requestsOf(store: Store, filter: SpanFilter, deps: SpanDeps): Promise<readonly Requests[]> {
  const groupBy: GroupKey[] = ['route', 'method', ...(await weightKeys(store, filter, deps))];
  const query = { filter, groupBy, stepNano: BigInt(stepSeconds) * NANOS_PER_SECOND, quantiles: [] };
  // A sampler knows no duration: quick requests weigh what all do.
  const { maxDurationNano: _, ...whole } = filter;
  const found: Requests[] = [];
  for (let cursor: string | undefined; ; ) {
    const options = {
      ...(cursor === undefined ? {} : { cursor }),
      limit: maxGroups,
      timeoutMs,
      signal: deps.signal,
    };
    const { columns, count, nextCursor } = await store.aggregate(query, options);
    const sampled = count > 0 ? await deps.weights.sampled(store, whole, deps) : 1;
    for (let i = 0; i < count; i++) {
      const [route = '', method = '', stated = ''] = columns.keys.map((key) => stringAt(key, i));
      const step = Number((columns.bucketUnixNano[i]! - filter.fromUnixNano) / query.stepNano);
      const weight = groupWeight(stated, sampled);
      found.push({ route, method, step, weight, count: columns.count[i]!, errors: columns.errors[i]! });
    }
    cursor = nextCursor;
    if (cursor === undefined) return found;
  }
}
