/** Values kept as they are up to this many: 512 KiB a group at the most. */
const MAX_EXACT = 65_536;
/** Width of a bucket above that: neighbours differ by 0.5 %, so that a quantile is off by 0.25 % at the most. */
const LOG_WIDTH = Math.log(1.005);

/** Quantiles of non-negative values: exact for up to 65,536 of them, within 0.25 % above. */
export class QuantileSketch {
  #values: number[] | undefined = [];
  readonly #buckets = new Map<number, number>();
  #count = 0;

  add(value: number): void {
    this.#count++;
    if (this.#values === undefined) this.#addToBucket(value);
    else if (this.#values.push(value) > MAX_EXACT) {
      for (const kept of this.#values) this.#addToBucket(kept);
      this.#values = undefined;
    }
  }

  /** The value at rank q (n - 1), between its neighbours by proportion; NaN when there is none. */
  quantile(q: number): number {
    if (this.#count === 0) return Number.NaN;
    const rank = q * (this.#count - 1);
    if (this.#values === undefined) return this.#bucketAt(rank);
    this.#values.sort((a, b) => a - b);
    const below = this.#values[Math.floor(rank)]!;
    const above = this.#values[Math.ceil(rank)]!;
    return below + (above - below) * (rank - Math.floor(rank));
  }

  #addToBucket(value: number): void {
    const bucket = value <= 0 ? Number.NEGATIVE_INFINITY : Math.floor(Math.log(value) / LOG_WIDTH);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
  }

  #bucketAt(rank: number): number {
    let before = 0;
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      before += count;
      if (before > rank) return Math.exp((bucket + 0.5) * LOG_WIDTH);
    }
    return Number.NaN;
  }
}
