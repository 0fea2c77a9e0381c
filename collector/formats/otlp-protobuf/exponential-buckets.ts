import type { OtlpMessage } from './messages.ts';

/**
 * Finest scale that is kept: 4 buckets a doubling, each 19 % wide. Finer buckets are merged, which is exact, so that
 * a histogram that changes its scale (as SDKs do when values spread) still has one fixed grid of `le` labels, and
 * not hundreds of series of its own for every scale.
 */
const FINEST_SCALE = 2;

/** One classic bucket: what lies at or below `bound`, cumulative. */
export interface ClassicBucket {
  bound: number;
  count: number;
}

/**
 * Cumulative buckets of an exponential histogram at its own boundaries 2^(i / 2^scale), scale at most FINEST_SCALE,
 * from the lowest to the highest bucket that has an entry. Boundaries beyond a float's range are left to +Inf.
 * Source: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
export function classicBuckets(point: OtlpMessage<'ExponentialHistogramDataPoint'>): ClassicBucket[] {
  const scale = point.scale ?? 0;
  const negative = mergedCounts(point.negative, scale);
  const positive = mergedCounts(point.positive, scale);
  const boundary = (index: number) => 2 ** (index / 2 ** Math.min(scale, FINEST_SCALE));
  const steps: ClassicBucket[] = [];
  // A negative bucket i holds [-boundary(i + 1), -boundary(i)): the farthest from zero comes first.
  for (const [index, count] of [...negative].reverse()) steps.push({ bound: -boundary(index), count });
  const zeroCount = Number(point.zeroCount ?? 0n);
  if (zeroCount > 0 || (negative.length > 0 && positive.length > 0)) {
    steps.push({ bound: point.zeroThreshold ?? 0, count: zeroCount });
  }
  if (positive[0]) steps.push({ bound: boundary(positive[0][0]), count: 0 });
  for (const [index, count] of positive) steps.push({ bound: boundary(index + 1), count });
  return cumulated(steps);
}

/** [index, count] of the buckets at the scale that is kept, ascending, without gaps inside. */
function mergedCounts(buckets: OtlpMessage<'Buckets'> | undefined, scale: number): [number, number][] {
  const counts = buckets?.bucketCounts ?? [];
  const width = 2 ** Math.max(0, scale - FINEST_SCALE);
  const merged = new Map<number, number>();
  for (const [i, count] of counts.entries()) {
    const index = Math.floor(((buckets?.offset ?? 0) + i) / width);
    merged.set(index, (merged.get(index) ?? 0) + Number(count));
  }
  const entries = [...merged];
  const first = entries.findIndex(([, count]) => count > 0);
  const last = entries.findLastIndex(([, count]) => count > 0);
  return first < 0 ? [] : entries.slice(first, last + 1);
}

/** Running totals; bounds that fall together (beyond a float's range) become one. */
function cumulated(steps: ClassicBucket[]): ClassicBucket[] {
  const buckets: ClassicBucket[] = [];
  let total = 0;
  for (const { bound, count } of steps) {
    total += count;
    if (!Number.isFinite(bound)) continue;
    const last = buckets.at(-1);
    if (last && last.bound >= bound) last.count = total;
    else buckets.push({ bound, count: total });
  }
  return buckets;
}
