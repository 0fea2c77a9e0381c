/**
 * The statistics that the evidence rests on. Pure functions of numbers; each names its source. Counts in, numbers
 * out; nothing here knows a trace or a series.
 */

/** Two ends of an interval. */
export interface Interval {
  low: number;
  high: number;
}

/** 97.5 % quantile of the normal distribution: the z of a two-sided 95 % interval. */
const Z95 = 1.959963984540054;

/**
 * Quantile `q` (0 to 1) by linear interpolation between order statistics; NaN of nothing.
 * Source: Hyndman and Fan, Sample Quantiles in Statistical Packages (1996), type 7.
 */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  const position = q * (sorted.length - 1);
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}

/** The middle value; NaN of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * Spread that outliers do not move: interquartile range over 1.349, which equals the standard deviation of normal
 * data. Source: Rousseeuw and Croux, Alternatives to the Median Absolute Deviation (1993).
 */
function robustScale(values: readonly number[]): number {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 1.349;
}

/**
 * The robust spread of a baseline, at least a tenth of its median and at least `floor` (in the values' unit), so that
 * over a constant baseline not every change is infinitely strong.
 */
export function robustSpread(baseline: readonly number[], floor: number): number {
  return Math.max(robustScale(baseline), Math.abs(median(baseline)) / 10, floor);
}

/** How many robust spreads `value` lies above the median of `baseline`. */
export function robustZ(value: number, baseline: readonly number[], floor: number): number {
  return (value - median(baseline)) / robustSpread(baseline, floor);
}

/**
 * Quantile `q` of a classic histogram: linear inside the bucket that holds it, the lowest bucket starting at 0, the
 * highest finite bound when it falls into +Inf. `cumulative[i]` counts observations at most `bounds[i]`; the last
 * bound is +Infinity. NaN without observations.
 * Source: https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
 */
export function histogramQuantile(
  q: number,
  bounds: readonly number[],
  cumulative: ArrayLike<number>,
): number {
  const last = bounds.length - 1;
  const total = cumulative[last] ?? 0;
  if (last < 1 || !(total > 0)) return Number.NaN;
  const rank = q * total;
  let i = 0;
  while (i < last && (cumulative[i] ?? 0) < rank) i++;
  if (i === last) return bounds[last - 1]!;
  const upper = bounds[i]!;
  if (i === 0 && upper <= 0) return upper;
  const lower = i === 0 ? 0 : bounds[i - 1]!;
  const before = i === 0 ? 0 : (cumulative[i - 1] ?? 0);
  const inside = (cumulative[i] ?? 0) - before;
  return inside > 0 ? lower + (upper - lower) * ((rank - before) / inside) : upper;
}

/**
 * Complementary error function for x >= 0: the Maclaurin series of erf below 2.5, the continued fraction above.
 * Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.5 and 7.1.14.
 */
function erfc(x: number): number {
  if (x < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 80 && Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

/** Probability that a standard normal value lies at least |z| away from 0 on either side. */
export function twoSidedNormal(z: number): number {
  return Math.min(1, erfc(Math.abs(z) / Math.SQRT2));
}

/** Ranks from 1, equal values sharing their mean rank, and the sum over groups of ties of t³ - t. */
function midRanks(values: readonly number[]): { ranks: Float64Array; ties: number } {
  const order = Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Float64Array(values.length);
  let ties = 0;
  for (let i = 0; i < order.length; ) {
    let end = i + 1;
    while (end < order.length && values[order[end]!] === values[order[i]!]) end++;
    for (let k = i; k < end; k++) ranks[order[k]!] = (i + 1 + end) / 2;
    const t = end - i;
    ties += t ** 3 - t;
    i = end;
  }
  return { ranks, ties };
}

/**
 * Do values of `b` tend to be larger than those of `a`? `auc` is the chance that one of b exceeds one of a, ties
 * counted half; `p` two-sided, normal approximation with continuity and tie correction; 1 when nothing can be told.
 * Source: Mann and Whitney (1947); Lehmann, Nonparametrics (1975), 1.4 for the ties.
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): { auc: number; p: number } {
  const na = a.length;
  const nb = b.length;
  if (na === 0 || nb === 0) return { auc: 0.5, p: 1 };
  const { ranks, ties } = midRanks([...a, ...b]);
  let rankSum = 0;
  for (let i = na; i < na + nb; i++) rankSum += ranks[i]!;
  const u = rankSum - (nb * (nb + 1)) / 2;
  const n = na + nb;
  const variance = ((na * nb) / 12) * (n + 1 - ties / (n * (n - 1)));
  const distance = Math.max(0, Math.abs(u - (na * nb) / 2) - 0.5);
  return { auc: u / (na * nb), p: variance > 0 ? twoSidedNormal(distance / Math.sqrt(variance)) : 1 };
}

/** ln n!, by Stirling's series from 16 on. Source: Abramowitz and Stegun 6.1.41. */
function logFactorial(n: number): number {
  if (n < 16) {
    let product = 1;
    for (let i = 2; i <= n; i++) product *= i;
    return Math.log(product);
  }
  const series = 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5);
  return n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + series;
}

/** Above this many observations the exact sum takes long and equals the normal approximation in all that is shown. */
const EXACT_LIMIT = 100_000;

/** Two-sided p of two shares, by the pooled z test. Source: Fleiss, Statistical Methods for Rates and Proportions. */
function twoProportions(hitsA: number, totalA: number, hitsB: number, totalB: number): number {
  const pooled = (hitsA + hitsB) / (totalA + totalB);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / totalA + 1 / totalB));
  return twoSidedNormal((hitsA / totalA - hitsB / totalB) / error);
}

/**
 * Two-sided p that `hitsA` of `totalA` and `hitsB` of `totalB` come from one share: all tables with the same margins
 * that are at most as likely as this one. 1 when a side is empty; the z test above 100,000 observations.
 * Source: Fisher, Statistical Methods for Research Workers; the two-sided sum as in R's fisher.test.
 */
export function fisherExact(hitsA: number, totalA: number, hitsB: number, totalB: number): number {
  const hits = hitsA + hitsB;
  const total = totalA + totalB;
  if (totalA === 0 || totalB === 0 || hits === 0 || hits === total) return 1;
  if (total > EXACT_LIMIT) return twoProportions(hitsA, totalA, hitsB, totalB);
  const fixed =
    logFactorial(totalA) +
    logFactorial(totalB) +
    logFactorial(hits) +
    logFactorial(total - hits) -
    logFactorial(total);
  const logP = (k: number) =>
    fixed -
    logFactorial(k) -
    logFactorial(totalA - k) -
    logFactorial(hits - k) -
    logFactorial(totalB - hits + k);
  const observed = logP(hitsA) + 1e-7;
  let p = 0;
  for (let k = Math.max(0, hits - totalB); k <= Math.min(totalA, hits); k++) {
    const probability = logP(k);
    if (probability <= observed) p += Math.exp(probability);
  }
  return Math.min(1, p);
}

/**
 * 95 % interval of a share of `hits` in `total`; 0 to 1 when total is 0.
 * Source: Wilson, Probable Inference (1927).
 */
export function wilson(hits: number, total: number): Interval {
  if (total === 0) return { low: 0, high: 1 };
  const share = hits / total;
  const z2 = Z95 * Z95;
  const centre = share + z2 / (2 * total);
  const spread = Z95 * Math.sqrt((share * (1 - share)) / total + z2 / (4 * total * total));
  const scale = 1 + z2 / total;
  return { low: Math.max(0, (centre - spread) / scale), high: Math.min(1, (centre + spread) / scale) };
}

/**
 * Share of A minus share of B with its 95 % interval.
 * Source: Newcombe, Interval Estimation for the Difference Between Independent Proportions (1998), method 10.
 */
export function riskDifference(
  hitsA: number,
  totalA: number,
  hitsB: number,
  totalB: number,
): Interval & { difference: number } {
  const shareA = totalA === 0 ? 0 : hitsA / totalA;
  const shareB = totalB === 0 ? 0 : hitsB / totalB;
  const a = wilson(hitsA, totalA);
  const b = wilson(hitsB, totalB);
  const difference = shareA - shareB;
  return {
    difference,
    low: difference - Math.hypot(shareA - a.low, b.high - shareB),
    high: difference + Math.hypot(a.high - shareA, shareB - b.low),
  };
}

/**
 * The p values, each raised to the false discovery rate at which it would just count, in the order given.
 * Source: Benjamini and Hochberg, Controlling the False Discovery Rate (1995).
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((a, b) => pValues[b]! - pValues[a]!);
  const adjusted = new Array<number>(pValues.length);
  let smallest = 1;
  order.forEach((position, i) => {
    smallest = Math.min(smallest, (pValues[position]! * pValues.length) / (pValues.length - i));
    adjusted[position] = smallest;
  });
  return adjusted;
}

/**
 * Where a sequence changes its level, if at one place: `index` is the first value after the change, `p` the chance of
 * such a change in a sequence that has none. Undefined for fewer than 4 values or when all are equal.
 * Source: Pettitt, A Non-Parametric Approach to the Change-Point Problem (1979).
 */
export function changePoint(values: readonly number[]): { index: number; p: number } | undefined {
  const n = values.length;
  if (n < 4) return undefined;
  const { ranks } = midRanks(values);
  let rankSum = 0;
  let largest = 0;
  let index = 0;
  for (let t = 1; t < n; t++) {
    rankSum += ranks[t - 1]!;
    const u = Math.abs(2 * rankSum - t * (n + 1));
    if (u > largest) {
      largest = u;
      index = t;
    }
  }
  if (largest === 0) return undefined;
  return { index, p: Math.min(1, 2 * Math.exp((-6 * largest * largest) / (n ** 3 + n ** 2))) };
}
