/** Values of one thing on both sides, and how much larger they are during the incident. */
export interface Shift {
  /** 0 where nothing is surely larger; 1 is a doubling of half of the median and the p90 together, seen in all. */
  strength: number;
  before: { n: number; p50: number; p90: number };
  now: { n: number; p50: number; p90: number };
}

const LEAST_BEFORE = 5;
const LEAST_NOW = 3;

/**
 * How surely and how much milliseconds grew: (2 AUC - 1 - 2 of its standard errors) times (log2 ratio of the medians
 * plus that of the 90th percentiles, a millisecond added to each). Undefined with too few values on a side.
 */
export function shiftOf(before: Float64Array, now: Float64Array): Shift | undefined {
  if (before.length < LEAST_BEFORE || now.length < LEAST_NOW) return undefined;
  before.sort();
  now.sort();
  const [a, b] = [summary(before), summary(now)];
  const surely = 2 * aucOf(before, now) - 1 - 2 * Math.sqrt((a.n + b.n + 1) / (12 * a.n * b.n));
  const growth = Math.log2((b.p50 + 1) / (a.p50 + 1)) + Math.log2((b.p90 + 1) / (a.p90 + 1));
  return { strength: Math.max(0, surely) * Math.max(0, growth), before: a, now: b };
}

function summary(sorted: Float64Array) {
  return { n: sorted.length, p50: at(sorted, 0.5), p90: at(sorted, 0.9) };
}

function at(sorted: Float64Array, q: number): number {
  const position = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(position)]!, sorted[Math.ceil(position)]!];
  return below + (above - below) * (position - Math.floor(position));
}

/** Chance that a value of the second is larger than one of the first, ties by half; both sorted. */
function aucOf(a: Float64Array, b: Float64Array): number {
  let [less, equal] = [0, 0];
  let sum = 0;
  for (const value of b) {
    while (less < a.length && a[less]! < value) less++;
    equal = Math.max(equal, less);
    while (equal < a.length && a[equal]! === value) equal++;
    sum += less + (equal - less) / 2;
  }
  return sum / (a.length * b.length);
}

/** Values by key and side, in order of the keys' first appearance. */
export function bySide(
  length: number,
  side: Int8Array,
  keyOf: (i: number) => number,
  msOf: (i: number) => number,
): Map<number, [Float64Array, Float64Array]> {
  const counts = new Map<number, [number, number]>();
  for (let i = 0; i < length; i++) {
    if (side[i]! < 0) continue;
    let count = counts.get(keyOf(i));
    if (!count) {
      count = [0, 0];
      counts.set(keyOf(i), count);
    }
    count[side[i] as 0 | 1]++;
  }
  const values = new Map<number, [Float64Array, Float64Array]>();
  for (const [key, [a, b]] of counts) values.set(key, [new Float64Array(a), new Float64Array(b)]);
  for (let i = 0; i < length; i++) {
    if (side[i]! < 0) continue;
    const at = side[i] as 0 | 1;
    const own = values.get(keyOf(i))![at];
    const left = counts.get(keyOf(i))!;
    own[own.length - left[at]] = msOf(i);
    left[at]--;
  }
  return values;
}
