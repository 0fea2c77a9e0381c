/** 32 buckets for every doubling: neighbours differ by 3 %, so that the middle of one is off by 1.6 % at the most. */
const MANTISSA_BITS = 5;
/** From 2^10 ns (a microsecond) to 2^38 ns (275 s): what is shorter or longer falls into the first or the last bucket. */
const LEAST_EXPONENT = 10;
const DOUBLINGS = 28;
const BUCKETS = DOUBLINGS << MANTISSA_BITS;
const FIRST = (1023 + LEAST_EXPONENT) << MANTISSA_BITS;

/** Counts of durations in nanoseconds by buckets that grow with them, 3.5 KB; exact at both ends. */
export class LogHistogram {
  readonly #counts = new Uint32Array(BUCKETS);
  readonly #float = new Float64Array(1);
  readonly #words = new Uint32Array(this.#float.buffer);
  #least = Number.POSITIVE_INFINITY;
  #most = 0;
  count = 0;

  add(nanos: number): void {
    this.#counts[this.#bucketOf(nanos)]!++;
    this.count++;
    if (nanos < this.#least) this.#least = nanos;
    if (nanos > this.#most) this.#most = nanos;
  }

  addAll(other: LogHistogram): void {
    for (let i = 0; i < BUCKETS; i++) this.#counts[i]! += other.#counts[i]!;
    this.count += other.count;
    this.#least = Math.min(this.#least, other.#least);
    this.#most = Math.max(this.#most, other.#most);
  }

  /** The duration at rank q (n - 1) in nanoseconds; NaN when there is none. */
  quantile(q: number): number {
    if (this.count === 0) return Number.NaN;
    const rank = Math.round(q * (this.count - 1));
    if (rank === 0) return this.#least;
    if (rank === this.count - 1) return this.#most;
    let before = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      before += this.#counts[bucket]!;
      if (before > rank) return Math.min(Math.max(this.#middleOf(bucket), this.#least), this.#most);
    }
    return this.#most;
  }

  #bucketOf(nanos: number): number {
    this.#float[0] = nanos;
    const bucket = (this.#words[1]! >>> (20 - MANTISSA_BITS)) - FIRST;
    return bucket < 0 ? 0 : bucket < BUCKETS ? bucket : BUCKETS - 1;
  }

  #middleOf(bucket: number): number {
    this.#words[0] = 0;
    this.#words[1] = ((bucket + FIRST) << (20 - MANTISSA_BITS)) | (1 << (19 - MANTISSA_BITS));
    return this.#float[0]!;
  }
}
