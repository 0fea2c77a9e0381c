/** Values kept as they are up to this many: 512 KiB a group at the most. */
const MAX_EXACT = 65_536;
/**
 * Above that a value's bucket is its exponent and the first 8 bits of its mantissa: neighbours differ by 0.4 % at the
 * most, so that the middle of a bucket is off by 0.2 %. The first bucket, 2^-23, is zero's and everything smaller's.
 */
const MANTISSA_BITS = 8;
const FIRST_BUCKET = (1023 - 23) << MANTISSA_BITS;
const BUCKETS = 70 << MANTISSA_BITS;
const SMALLEST = 2 ** -23;

/** Quantiles of non-negative values: exact for up to 65,536 of them, within 0.25 % above. */
export class QuantileSketch {
  #values = new Float64Array(16);
  #buckets: Buckets | undefined;
  #count = 0;

  add(value: number): void {
    if (this.#buckets !== undefined) {
      this.#buckets.add(value);
      this.#count++;
      return;
    }
    if (this.#count === this.#values.length) {
      if (this.#count === MAX_EXACT) {
        this.#fillBuckets();
        this.add(value);
        return;
      }
      const grown = new Float64Array(this.#count * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = value;
  }

  /** The value at rank q (n - 1), between its neighbours by proportion; NaN when there is none. */
  quantile(q: number): number {
    if (this.#count === 0) return Number.NaN;
    const rank = q * (this.#count - 1);
    const below = this.#valueAt(Math.floor(rank));
    if (Number.isInteger(rank)) return below;
    return below + (this.#valueAt(Math.ceil(rank)) - below) * (rank - Math.floor(rank));
  }

  #valueAt(rank: number): number {
    return this.#buckets?.valueAt(rank) ?? select(this.#values, this.#count, rank);
  }

  #fillBuckets(): void {
    this.#buckets = new Buckets();
    for (let i = 0; i < this.#count; i++) this.#buckets.add(this.#values[i]!);
    this.#values = new Float64Array(0);
  }
}

/** How many values fell into each bucket. */
class Buckets {
  readonly #counts = new Float64Array(BUCKETS);
  readonly #value = new Float64Array(1);
  readonly #words = new Uint32Array(this.#value.buffer);

  add(value: number): void {
    this.#counts[this.#bucketOf(value)]!++;
  }

  valueAt(rank: number): number {
    let before = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      before += this.#counts[bucket]!;
      if (before > rank) return bucket === 0 ? 0 : this.#middleOf(bucket);
    }
    return Number.NaN;
  }

  #bucketOf(value: number): number {
    if (value < SMALLEST) return 0;
    this.#value[0] = value;
    return Math.min((this.#words[1]! >>> (20 - MANTISSA_BITS)) - FIRST_BUCKET + 1, BUCKETS - 1);
  }

  #middleOf(bucket: number): number {
    this.#words[0] = 0;
    this.#words[1] = ((bucket - 1 + FIRST_BUCKET) << (20 - MANTISSA_BITS)) | (1 << (19 - MANTISSA_BITS));
    return this.#value[0]!;
  }
}

/** The value at `rank` of the first `count` values, which are partly brought into order for it (Hoare 1961, FIND). */
function select(values: Float64Array, count: number, rank: number): number {
  let [left, right] = [0, count - 1];
  while (left < right) {
    const pivot = values[(left + right) >>> 1]!;
    let [i, j] = [left, right];
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const value = values[i]!;
      values[i++] = values[j]!;
      values[j--] = value;
    }
    if (rank <= j) right = j;
    else if (rank >= i) left = i;
    else break;
  }
  return values[rank]!;
}
