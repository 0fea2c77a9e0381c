/** What several rounds of one measurement gave. */
export interface Spread {
  least: number;
  median: number;
  most: number;
}

/** Middle of the values; of an even number the mean of the two in the middle. @throws RangeError without a value */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('the median of no values');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value at rank q (n - 1), between its neighbours by proportion. @throws RangeError without a value */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new RangeError('a quantile of no values');
  const sorted = [...values].sort((a, b) => a - b);
  const rank = q * (sorted.length - 1);
  const below = sorted[Math.floor(rank)]!;
  return below + (sorted[Math.ceil(rank)]! - below) * (rank - Math.floor(rank));
}

/** Least, median and most of the values. @throws RangeError without a value */
export function spread(values: readonly number[]): Spread {
  return { least: Math.min(...values), median: median(values), most: Math.max(...values) };
}

/**
 * How much more `stack` takes than `bare`, as a share of how much more `peer` takes than `bare`.
 * @throws RangeError when the peer takes no more than `bare`: the measurement is broken then
 */
export function overheadRatio(stack: number, peer: number, bare: number): number {
  if (!(peer > bare))
    throw new RangeError(`the peer (${peer}) costs no more than the bare handler (${bare})`);
  return (stack - bare) / (peer - bare);
}
