/**
 * Duplicates among spans: a retried request is stored twice and counted once. Nearly all spans are told apart by one
 * bit each; only those whose bit was met twice are compared by all 192 bits of their ids, in a second walk.
 */
import type { SpanIndex } from '../../telemetry/batch.ts';
import { IdTable, mixWords, wordsOf } from './id-table.ts';
import type { TraceIds } from './reader.ts';

/** 64 bits a span, up to 16 MiB. */
const MAX_WORDS = 1 << 22;

/** The ids of one block's spans, and the bit of each. */
class BlockBits {
  readonly #traces: Uint32Array;
  readonly #spans: Uint32Array;
  readonly #index: Uint32Array | undefined;
  #hashes: Uint32Array | undefined;

  constructor(traces: TraceIds, index: SpanIndex) {
    this.#traces = wordsOf(traces.ids);
    this.#spans = wordsOf(index.spanId);
    this.#index = traces.index;
    if (traces.index === undefined) return;
    this.#hashes = new Uint32Array(this.#traces.length >>> 2);
    for (let n = 0; n < this.#hashes.length; n++) this.#hashes[n] = this.#traceHash(n);
  }

  bit(i: number): number {
    const trace = this.#hashes ? this.#hashes[this.#index![i]!]! : this.#traceHash(i);
    return mixTwo(trace ^ this.#spans[i * 2]!, this.#spans[i * 2 + 1]!);
  }

  /** True when the table has not met the span before. */
  isNewIn(table: IdTable, i: number): boolean {
    const at = (this.#index ? this.#index[i]! : i) * 4;
    const before = table.size;
    table.add(
      this.#traces[at]!,
      this.#traces[at + 1]!,
      this.#traces[at + 2]!,
      this.#traces[at + 3]!,
      this.#spans[i * 2]!,
      this.#spans[i * 2 + 1]!,
    );
    return table.size > before;
  }

  #traceHash(n: number): number {
    const at = n * 4;
    return mixWords(
      this.#traces[at]!,
      this.#traces[at + 1]!,
      this.#traces[at + 2]!,
      this.#traces[at + 3]!,
      0,
      0,
    );
  }
}

/** Two walks over the same spans in the same order: `first` over all of them, then `second` where `hasDoubts`. */
export class SeenSpans {
  readonly #once: Uint32Array;
  readonly #twice: Uint32Array;
  readonly #shift: number;
  readonly #table = new IdTable();
  /** One bit per span of the first walk, in its order: whether it was left for the second one. */
  readonly #left: Uint32Array;
  #walked = 0;
  hasDoubts = false;

  /** For a walk over up to `spans` spans. */
  constructor(spans: number) {
    let words = 64;
    while (words < spans * 2 && words < MAX_WORDS) words *= 2;
    this.#once = new Uint32Array(words);
    this.#twice = new Uint32Array(words);
    this.#shift = 27 - Math.log2(words);
    this.#left = new Uint32Array((spans + 31) >>> 5);
  }

  /** Those of the positions that were surely not met before. */
  first(traces: TraceIds, index: SpanIndex, positions: ArrayLike<number>): Uint32Array {
    const bits = new BlockBits(traces, index);
    const fresh = new Uint32Array(positions.length);
    let size = 0;
    for (let n = 0; n < positions.length; n++) {
      const bit = bits.bit(positions[n]!) >>> this.#shift;
      const word = bit >>> 5;
      const flag = 1 << (bit & 31);
      if ((this.#once[word]! & flag) === 0) {
        this.#once[word]! |= flag;
        fresh[size++] = positions[n]!;
      } else {
        this.#twice[word]! |= flag;
        this.#left[(this.#walked + n) >>> 5]! |= 1 << ((this.#walked + n) & 31);
        this.hasDoubts = true;
      }
    }
    this.#walked += positions.length;
    return fresh.subarray(0, size);
  }

  /** Begins the second walk. */
  again(): void {
    this.#walked = 0;
  }

  /** Those of the positions that `first` left out although they are no duplicates. */
  second(traces: TraceIds, index: SpanIndex, positions: ArrayLike<number>): Uint32Array {
    const bits = new BlockBits(traces, index);
    const fresh: number[] = [];
    for (let n = 0; n < positions.length; n++) {
      const bit = bits.bit(positions[n]!) >>> this.#shift;
      if ((this.#twice[bit >>> 5]! & (1 << (bit & 31))) === 0) continue;
      const place = this.#walked + n;
      const wasLeft = (this.#left[place >>> 5]! & (1 << (place & 31))) !== 0;
      if (bits.isNewIn(this.#table, positions[n]!) && wasLeft) fresh.push(positions[n]!);
    }
    this.#walked += positions.length;
    return Uint32Array.from(fresh);
  }
}

/** The end of MurmurHash3 over two words (public domain by Austin Appleby). */
function mixTwo(a: number, b: number): number {
  let h = Math.imul(a ^ (a >>> 15), 0xcc9e2d51) ^ Math.imul(b ^ (b >>> 16), 0x1b873593);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
