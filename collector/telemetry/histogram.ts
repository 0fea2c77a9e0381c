/** Counts of values by classic buckets: of `bounds`, in rising order, a value belongs to the first that is not less. */
export class Histogram {
  readonly bounds: readonly number[];
  /** Values of each bucket alone, the last beyond every bound. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Counts a value and gives its bucket. */
  observe(value: number): number {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sum += value;
    return bucket;
  }

  get count(): number {
    return this.counts.reduce((sum, n) => sum + n, 0);
  }
}
