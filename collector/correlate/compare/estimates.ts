/**
 * Shares, means and quantiles of weighted samples and how they differ, with 95 % intervals. Pure functions of numbers;
 * each names its source. Requests of one slice of time are not taken for independent: what goes wrong for a
 * minute goes wrong for all requests of that minute.
 */
import { type Interval, riskDifference } from '../stats.ts';
import { shareUpTo } from '../weights.ts';
import type { Change } from './comparison.ts';

/** 97.5 % quantile of the normal distribution. */
const Z95 = 1.959963984540054;
/** With fewer slices their spread tells nothing. */
const MIN_SLICES = 8;
/** Halvings of the logarithm of a duration: from nanoseconds to hours, to a millionth. */
const HALVINGS = 50;
/** Shorter durations are taken for this, in milliseconds: a clock does not tell them apart, and 0 has no ratio. */
const SHORTEST_MS = 1e-6;

/** Some observations of one weight and one slice of time. */
export interface WeighedCount {
  /** Of how many requests each stands for one. */
  weight: number;
  n: number;
  hits: number;
  slice: number;
}

/** A share with the sample size that a simple random sample of its precision would have. */
export interface Share {
  share: number;
  n: number;
  effective: number;
}

/** Some durations of one weight, as their `QUANTILES` in milliseconds. */
export interface DurationGroup {
  weight: number;
  n: number;
  slice: number;
  quantilesMs: readonly number[];
}

/** A value per observation. */
export interface WeighedValue {
  weight: number;
  value: number;
  slice: number;
}

/**
 * Variance of a sum of residuals: of independent ones, or what slices of time show, whichever is larger. The latter is
 * raised as Student's t is wider than a normal distribution: (k - 1) / (k - 3) with k slices.
 */
function variance(independent: number, bySlice: ReadonlyMap<number, number>): number {
  const slices = bySlice.size;
  if (slices < MIN_SLICES) return independent;
  const squares = [...bySlice.values()].reduce((sum, value) => sum + value * value, 0);
  return Math.max(independent, (squares * slices) / (slices - 3));
}

function addTo(sums: Map<number, number>, slice: number, value: number): void {
  sums.set(slice, (sums.get(slice) ?? 0) + value);
}

/**
 * A weighted share and its effective sample size, from the linearised variance of a ratio of weighted sums. Without a
 * single hit, or with hits alone, Kish's size stands in. Sources: Korn and Graubard, Confidence Intervals for Proportions
 * with Small Expected Number of Positive Counts (1998); Kish, Survey Sampling (1965).
 */
export function shareOf(counts: readonly WeighedCount[]): Share {
  let [n, total, hits, squares] = [0, 0, 0, 0];
  for (const count of counts) {
    n += count.n;
    total += count.weight * count.n;
    hits += count.weight * count.hits;
    squares += count.weight ** 2 * count.n;
  }
  if (total === 0) return { share: 0, n: 0, effective: 0 };
  const share = Math.min(1, Math.max(0, hits / total));
  const kish = total ** 2 / squares;
  if (share === 0 || share === 1) return { share, n, effective: kish };
  let independent = 0;
  const bySlice = new Map<number, number>();
  for (const { weight, n: all, hits: hit, slice } of counts) {
    independent += weight ** 2 * (hit * (1 - share) ** 2 + (all - hit) * share ** 2);
    addTo(bySlice, slice, weight * (hit - share * all));
  }
  return { share, n, effective: (share * (1 - share) * total ** 2) / variance(independent, bySlice) };
}

/** b's share less a's. Source of the interval: `riskDifference`, with effective sizes. */
export function shareDifference(a: Share, b: Share): Change {
  const { difference, low, high } = riskDifference(
    b.share * b.effective,
    b.effective,
    a.share * a.effective,
    a.effective,
  );
  return { scale: 'difference', value: difference, low, high };
}

/**
 * The ratio of two positive estimates from their own intervals, on the logarithms.
 * Source: Zou and Donner, Construction of Confidence Limits about Effect Measures: A General Approach (2008).
 */
function ratioOf(a: Interval & { value: number }, b: Interval & { value: number }): Change {
  const [la, lb] = [a, b].map(({ value, low, high }) => ({
    value: Math.log(value),
    low: Math.log(low),
    high: Math.log(high),
  })) as [Interval & { value: number }, Interval & { value: number }];
  const middle = lb.value - la.value;
  const low = middle - Math.hypot(lb.value - lb.low, la.high - la.value);
  const high = middle + Math.hypot(lb.high - lb.value, la.value - la.low);
  return { scale: 'ratio', value: Math.exp(middle), low: Math.exp(low), high: Math.exp(high) };
}

/** A weighted mean with its standard error; NaN of nothing. */
export function meanOf(values: readonly WeighedValue[]): { value: number; error: number } {
  const total = values.reduce((sum, { weight }) => sum + weight, 0);
  const mean = values.reduce((sum, { weight, value }) => sum + weight * value, 0) / total;
  let independent = 0;
  const bySlice = new Map<number, number>();
  for (const { weight, value, slice } of values) {
    independent += (weight * (value - mean)) ** 2;
    addTo(bySlice, slice, weight * (value - mean));
  }
  return { value: mean, error: Math.sqrt(variance(independent, bySlice)) / total };
}

/** b's mean over a's, by the delta method on the logarithms; undefined when one is not above 0. */
export function meanRatio(a: readonly WeighedValue[], b: readonly WeighedValue[]): Change | undefined {
  const [before, after] = [meanOf(a), meanOf(b)];
  if (!(before.value > 0) || !(after.value > 0)) return undefined;
  return ratioWithError(
    after.value / before.value,
    Math.hypot(before.error / before.value, after.error / after.value),
  );
}

/** A ratio whose logarithm has this standard error. */
export function ratioWithError(ratio: number, error: number): Change {
  const factor = Math.exp(Z95 * error);
  return { scale: 'ratio', value: ratio, low: ratio / factor, high: ratio * factor };
}

/** A quantile of weighted durations with its 95 % interval; 0 and Infinity where the sample sets no bound. */
export interface QuantileEstimate extends Interval {
  value: number;
  n: number;
}

/**
 * Quantile `q` in milliseconds of all groups together. The interval inverts the one of the share of durations up to the
 * quantile. Source: Woodruff, Confidence Intervals for Medians and Other Position Measures (1952). `sliced` holds the
 * same durations by slices of time.
 */
export function quantileOf(
  groups: readonly DurationGroup[],
  sliced: readonly DurationGroup[],
  q: number,
): QuantileEstimate {
  const value = inverse(groups, q);
  const below = shareOf(sliced.map((group) => ({ ...group, hits: group.n * shareUpTo(group, value) })));
  const ranks = rankInterval(q, Math.min(below.effective, below.n));
  return {
    value,
    n: groups.reduce((sum, group) => sum + group.n, 0),
    low: ranks.low <= 0 ? 0 : inverse(groups, ranks.low),
    high: ranks.high >= 1 ? Number.POSITIVE_INFINITY : inverse(groups, ranks.high),
  };
}

/**
 * The ranks, 0 to 1, between which the sample's neighbours of the true quantile `q` lie: as many observations are at most as
 * long as it as a binomial distribution says. 0 or 1 where that may be none or all of them.
 */
export function rankInterval(q: number, effective: number): Interval {
  const spread = Z95 * Math.sqrt((q * (1 - q)) / effective) + 0.5 / effective;
  return { low: Math.max(0, q - spread), high: Math.min(1, q + spread) };
}

/** b's quantile over a's. */
export function quantileRatio(a: QuantileEstimate, b: QuantileEstimate): Change {
  return ratioOf(a, b);
}

/** The duration up to which a share of what the groups stand for lies. */
function inverse(groups: readonly DurationGroup[], share: number): number {
  const total = groups.reduce((sum, { weight, n }) => sum + weight * n, 0);
  const shareBelow = (ms: number) =>
    groups.reduce((sum, group) => sum + group.weight * group.n * shareUpTo(group, ms), 0) / total;
  let low = Math.log(SHORTEST_MS);
  let high = Math.log(Math.max(SHORTEST_MS, ...groups.map(({ quantilesMs }) => quantilesMs.at(-1)!)));
  const most = high;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (shareBelow(Math.exp(middle)) < share) low = middle;
    else high = middle;
  }
  return Math.exp(Math.min(high, most));
}
