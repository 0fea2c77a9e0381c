/**
 * Duplicates among spans: a retried request is stored twice and counted once. Nearly all traces are met in one block, once,
 * and a bit for each tells so (`MetTraces`): their spans can only be duplicates of one another. Of the others a table of
 * 32-bit prints, each at the place that another hash gives it, tells nearly all spans apart; only those whose print was met
 * before are compared by all 192 bits of their ids, in a second walk.
 */
import type { SpanIndex } from '../../telemetry/batch.ts';
import { IdTable, wordsOf } from '../../telemetry/id-table.ts';
import { hashOfTrace, type MetTraces } from './met-traces.ts';
import type { TraceIds } from './reader.ts';

/** Places for twice as many prints as there are spans, up to 64 MiB; more spans are walked over in parts. */
const MAX_PLACES = 1 << 24;
const SPANS_OF_A_PART = 12_000_000;

/** The ids of one block's spans, and two hashes of each. */
class BlockIds {
  readonly #traces: Uint32Array;
  readonly #spans: Uint32Array;
  readonly #index: Uint32Array | undefined;
  readonly #hashes: Uint32Array | undefined;

  constructor(traces: TraceIds, spanId: Uint8Array) {
    this.#traces = wordsOf(traces.ids);
    this.#spans = wordsOf(spanId);
    this.#index = traces.index;
    if (traces.index === undefined) return;
    this.#hashes = new Uint32Array(this.#traces.length >>> 2);
    for (let n = 0; n < this.#hashes.length; n++) this.#hashes[n] = this.#traceHash(n);
  }

  place(i: number): number {
    return mixTwo(this.#traceOf(i) ^ this.#spans[i * 2]!, this.#spans[i * 2 + 1]!);
  }

  /** Never 0. */
  print(i: number): number {
    return mixTwo(this.#traceOf(i) + this.#spans[i * 2 + 1]!, ~this.#spans[i * 2]!) || 1;
  }

  #traceOf(i: number): number {
    return this.#hashes ? this.#hashes[this.#index![i]!]! : this.#traceHash(i);
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
    return hashOfTrace(this.#traces, n);
  }
}

/**
 * For every part two walks over the same spans in the same order: `first` over all of them, then `second` where
 * `hasDoubts`.
 */
export class SeenSpans {
  readonly parts: number;
  readonly #prints: Uint32Array;
  readonly #shift: number;
  /** Prints that were met more than once. */
  readonly #doubtful = new Set<number>();
  /** Per span of the walk, a bit: whether `first` left it for `second`. */
  readonly #left: Uint32Array;
  #table = new IdTable();
  #part = 0;
  #walked = 0;

  /** For a walk over up to `spans` spans. */
  constructor(spans: number) {
    this.parts = Math.max(1, Math.ceil(spans / SPANS_OF_A_PART));
    let places = 1024;
    while (places < spans * 2 && places < MAX_PLACES) places *= 2;
    this.#prints = new Uint32Array(places);
    this.#shift = 32 - Math.log2(places);
    this.#left = new Uint32Array((spans + 31) >>> 5);
  }

  get hasDoubts(): boolean {
    return this.#doubtful.size > 0;
  }

  /** Begins the first walk over a part. */
  begin(part: number): void {
    if (part > 0) {
      this.#prints.fill(0);
      this.#left.fill(0);
      this.#doubtful.clear();
      this.#table = new IdTable();
    }
    this.#part = part;
    this.#walked = 0;
  }

  /** Those of the positions that are of the part and were surely not met before; `met` was told of all blocks. */
  first(
    met: MetTraces,
    traces: TraceIds,
    index: Pick<SpanIndex, 'spanId'>,
    positions: ArrayLike<number>,
  ): Uint32Array {
    const alone = met.spansAlone(traces, index);
    if (alone === 'all') {
      this.#walked += positions.length;
      return this.#part === 0 ? Uint32Array.from(positions) : new Uint32Array(0);
    }
    const ids = new BlockIds(traces, index.spanId);
    const prints = this.#prints;
    const mask = prints.length - 1;
    const fresh = new Uint32Array(positions.length);
    let size = 0;
    for (let n = 0; n < positions.length; n++) {
      const i = positions[n]!;
      if (alone?.[i] === 1) {
        if (this.#part === 0) fresh[size++] = i;
        continue;
      }
      const hash = ids.place(i);
      if (this.parts > 1 && hash % this.parts !== this.#part) continue;
      const print = ids.print(i);
      let place = hash >>> this.#shift;
      while (prints[place] !== 0 && prints[place] !== print) place = (place + 1) & mask;
      if (prints[place] === 0) {
        prints[place] = print;
        fresh[size++] = i;
      } else {
        this.#doubtful.add(print);
        this.#left[(this.#walked + n) >>> 5]! |= 1 << ((this.#walked + n) & 31);
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
  second(
    met: MetTraces,
    traces: TraceIds,
    index: Pick<SpanIndex, 'spanId'>,
    positions: ArrayLike<number>,
  ): Uint32Array {
    const alone = met.spansAlone(traces, index);
    const fresh: number[] = [];
    if (alone === 'all') {
      this.#walked += positions.length;
      return Uint32Array.from(fresh);
    }
    const ids = new BlockIds(traces, index.spanId);
    for (let n = 0; n < positions.length; n++) {
      const i = positions[n]!;
      if (alone?.[i] === 1 || !this.#doubtful.has(ids.print(i))) continue;
      if (this.parts > 1 && ids.place(i) % this.parts !== this.#part) continue;
      const place = this.#walked + n;
      const wasLeft = (this.#left[place >>> 5]! & (1 << (place & 31))) !== 0;
      if (ids.isNewIn(this.#table, i) && wasLeft) fresh.push(i);
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
