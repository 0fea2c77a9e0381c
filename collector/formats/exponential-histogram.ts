/**
 * Finest scale that is kept: 4 buckets a doubling, each 19 % wide. Finer buckets are merged, which is exact, so that
 * a histogram that changes its scale (as SDKs do when values spread) still has one fixed grid of `le` labels, and
 * not hundreds of series of its own for every scale.
 */
const FINEST_SCALE = 2;

/** Buckets of one sign between the lowest and the highest up to which gaps are filled: their series then do not come and go. */
const MAX_FILLED = 160;

/** One classic bucket: what lies at or below `bound`, cumulative. */
export interface ClassicBucket {
  bound: number;
  count: number;
}

/** A bucket's index (it holds what lies above 2^(i / 2^scale) and up to 2^((i + 1) / 2^scale)) and its count. */
export type IndexedCount = [index: number, count: number];

/** An exponential histogram, whoever wrote it; buckets ascend by index and may leave out empty ones. */
export interface ExponentialHistogram {
  scale: number;
  positive: readonly IndexedCount[];
  negative: readonly IndexedCount[];
  zeroThreshold: number;
  zeroCount: number;
}

/**
 * Cumulative buckets of an exponential histogram at its own boundaries 2^(i / 2^scale), scale at most FINEST_SCALE,
 * from the lowest to the highest bucket that has an entry. Boundaries beyond a float's range are left to +Inf.
 * Source: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
export function exponentialSteps(histogram: ExponentialHistogram): ClassicBucket[] {
  const { scale, zeroThreshold, zeroCount } = histogram;
  const negative = merged(histogram.negative, scale);
  const positive = merged(histogram.positive, scale);
  const boundary = (index: number) => 2 ** (index / 2 ** Math.min(scale, FINEST_SCALE));
  const steps: ClassicBucket[] = [];
  // A negative bucket i holds [-boundary(i + 1), -boundary(i)): the farthest from zero comes first.
  for (const [n, [index, count]] of negative.toReversed().entries()) {
    if (n > 0 && negative.at(-n)![0] !== index + 1) steps.push({ bound: -boundary(index + 1), count: 0 });
    steps.push({ bound: -boundary(index), count });
  }
  if (zeroCount > 0 || (negative.length > 0 && positive.length > 0)) {
    steps.push({ bound: zeroThreshold, count: zeroCount });
  }
  for (const [n, [index, count]] of positive.entries()) {
    // The lower end of a bucket is a boundary too, unless the bucket before ends there.
    if (positive[n - 1]?.[0] !== index - 1) steps.push({ bound: boundary(index), count: 0 });
    steps.push({ bound: boundary(index + 1), count });
  }
  return cumulated(steps);
}

/** The buckets at the scale that is kept, without those at either end that are empty. */
function merged(buckets: readonly IndexedCount[], scale: number): IndexedCount[] {
  const width = 2 ** Math.max(0, scale - FINEST_SCALE);
  const entries: IndexedCount[] = [];
  for (const [index, count] of buckets) {
    const wider = Math.floor(index / width);
    const last = entries.at(-1);
    if (last?.[0] === wider) last[1] += count;
    else entries.push([wider, count]);
  }
  const first = entries.findIndex(([, count]) => count > 0);
  const last = entries.findLastIndex(([, count]) => count > 0);
  return first < 0 ? [] : filled(entries.slice(first, last + 1));
}

function filled(entries: IndexedCount[]): IndexedCount[] {
  const lowest = entries[0]![0];
  const size = entries.at(-1)![0] - lowest + 1;
  if (size === entries.length || size > MAX_FILLED) return entries;
  const counts = new Map(entries);
  return Array.from({ length: size }, (_, i) => [lowest + i, counts.get(lowest + i) ?? 0]);
}

/** Running totals; bounds that fall together (beyond a float's range) become one. */
function cumulated(steps: readonly ClassicBucket[]): ClassicBucket[] {
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
