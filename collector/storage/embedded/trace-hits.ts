/** The first matching span of every matching trace, in columns: a search may match every trace there is. */
import type { SpanIndex } from '../../telemetry/batch.ts';
import { IdTable, mixWords, wordsOf } from '../../telemetry/id-table.ts';
import { SPAN_ID_BYTES } from '../../telemetry/ids.ts';
import { compare64, words64 } from '../../telemetry/words.ts';
import type { BlockMeta } from './block.ts';
import type { BlockReader, TraceIds } from './reader.ts';
import type { Matches } from './span-filter.ts';
import { doubled } from './span-refs.ts';

/** Hits of traces, numbered; a trace of several blocks has several until `settle`. */
export class TraceHits {
  readonly blocks: BlockMeta[] = [];
  block = new Uint32Array(64);
  position = new Uint32Array(64);
  /** Words: four of a trace id, two of the start; two of the duration where the order is by it. */
  ids = new Uint32Array(64 * 4);
  start = new Uint32Array(64 * 2);
  duration = new Uint32Array(0);
  length = 0;
  readonly #reader: BlockReader;
  readonly #withDurations: boolean;
  /** Per block: its first hit, and whether its starts are read. */
  readonly #from: number[] = [];
  readonly #hasStarts: boolean[] = [];

  constructor(reader: BlockReader, withDurations: boolean) {
    this.#reader = reader;
    this.#withDurations = withDurations;
    if (withDurations) this.duration = new Uint32Array(64 * 2);
  }

  /** Takes the earliest of the matching spans of every trace in the block; spans of no trace are left out. */
  add(meta: BlockMeta, { index, positions }: Matches, traces: TraceIds): void {
    const block = this.blocks.push(meta) - 1;
    this.#from.push(this.length);
    this.#hasStarts.push(false);
    const ids = wordsOf(traces.ids);
    const isEarlier = earlierIn(index);
    const first = traces.index
      ? firstByNumber(traces.index, ids.length >>> 2, positions, isEarlier)
      : firstByRun(ids, positions, isEarlier);
    const duration = this.#withDurations ? words64(index.durationNano) : undefined;
    for (let n = 0; n < first.length; n++) {
      const i = first[n]!;
      const at = (traces.index ? traces.index[i]! : i) * 4;
      if ((ids[at]! | ids[at + 1]! | ids[at + 2]! | ids[at + 3]!) === 0) continue;
      const hit = this.#next(block, i);
      for (let word = 0; word < 4; word++) this.ids[hit * 4 + word] = ids[at + word]!;
      if (duration === undefined) continue;
      this.duration[hit * 2] = duration[i * 2]!;
      this.duration[hit * 2 + 1] = duration[i * 2 + 1]!;
    }
  }

  /** Reads the starts of the block's hits, which most searches need of a few blocks only. */
  readStarts(block: number): void {
    if (this.#hasStarts[block]) return;
    this.#hasStarts[block] = true;
    const index = this.#reader.spans(this.blocks[block]!);
    if (index === undefined) return;
    const start = words64(index.startTimeUnixNano);
    const end = this.#from[block + 1] ?? this.length;
    for (let hit = this.#from[block]!; hit < end; hit++) {
      const i = this.position[hit]!;
      this.start[hit * 2] = start[i * 2]!;
      this.start[hit * 2 + 1] = start[i * 2 + 1]!;
    }
  }

  #next(block: number, position: number): number {
    if (this.length === this.block.length) {
      this.block = doubled(this.block);
      this.position = doubled(this.position);
      this.ids = doubled(this.ids);
      this.start = doubled(this.start);
      if (this.#withDurations) this.duration = doubled(this.duration);
    }
    this.block[this.length] = block;
    this.position[this.length] = position;
    return this.length++;
  }

  /** The trace id of hit `n`: its 16 bytes. */
  traceId(n: number): Uint8Array {
    return new Uint8Array(this.ids.buffer, n * 16, 16);
  }

  /** Of several hits of one trace only the earliest is left. Nearly all traces are told apart by one bit each. */
  settle(): Uint32Array {
    const { once, twice, mask } = this.#markIds();
    const rivals = new IdTable();
    const best: number[] = [];
    const left = new Uint32Array(this.length);
    let size = 0;
    for (let n = 0; n < this.length; n++) {
      const bit = this.#bit(n, mask);
      if (!has(twice, bit)) {
        if (has(once, bit)) left[size++] = n;
        continue;
      }
      const at = n * 4;
      const rival = rivals.add(this.ids[at]!, this.ids[at + 1]!, this.ids[at + 2]!, this.ids[at + 3]!);
      const before = best[rival];
      if (before === undefined || this.#isEarlier(n, before)) best[rival] = n;
    }
    for (const n of best) left[size++] = n;
    return left.subarray(0, size);
  }

  #markIds(): { once: Uint32Array; twice: Uint32Array; mask: number } {
    let words = 64;
    while (words * 2 < this.length && words < MAX_BITMAP_WORDS) words *= 2;
    const [once, twice] = [new Uint32Array(words), new Uint32Array(words)];
    const mask = words * 32 - 1;
    for (let n = 0; n < this.length; n++) {
      const bit = this.#bit(n, mask);
      const word = bit >>> 5;
      const flag = 1 << (bit & 31);
      if ((once[word]! & flag) === 0) once[word]! |= flag;
      else twice[word]! |= flag;
    }
    return { once, twice, mask };
  }

  #bit(n: number, mask: number): number {
    const at = n * 4;
    return mixWords(this.ids[at]!, this.ids[at + 1]!, this.ids[at + 2]!, this.ids[at + 3]!, 0, 0) & mask;
  }

  #isEarlier(n: number, other: number): boolean {
    this.readStarts(this.block[n]!);
    this.readStarts(this.block[other]!);
    const order = compare64(this.start, n, this.start, other);
    return order < 0 || (order === 0 && Buffer.compare(this.#spanId(n), this.#spanId(other)) < 0);
  }

  /** Ids of spans decide only between spans that began at the same nanosecond: they are read when that happens. */
  #spanId(n: number): Uint8Array {
    const index = this.#reader.spans(this.blocks[this.block[n]!]!);
    const at = this.position[n]! * SPAN_ID_BYTES;
    return index?.spanId.subarray(at, at + SPAN_ID_BYTES) ?? new Uint8Array(SPAN_ID_BYTES);
  }
}

/** 16 bits a trace, up to 16 MiB. */
const MAX_BITMAP_WORDS = 1 << 22;

function has(bitmap: Uint32Array, bit: number): boolean {
  return (bitmap[bit >>> 5]! & (1 << (bit & 31))) !== 0;
}

type IsEarlier = (i: number, other: number) => boolean;

/** Compares spans of one block by start and id. */
function earlierIn(index: SpanIndex): IsEarlier {
  let start: Uint32Array | undefined;
  const idOf = (n: number) => index.spanId.subarray(n * SPAN_ID_BYTES, (n + 1) * SPAN_ID_BYTES);
  return (i, other) => {
    start ??= words64(index.startTimeUnixNano);
    const order = compare64(start, i, start, other);
    return order < 0 || (order === 0 && Buffer.compare(idOf(i), idOf(other)) < 0);
  };
}

/** The earliest span of every trace number. */
function firstByNumber(
  numbers: Uint32Array,
  traces: number,
  positions: ArrayLike<number>,
  isEarlier: IsEarlier,
): number[] {
  const places = new Int32Array(traces).fill(-1);
  const first: number[] = [];
  for (let n = 0; n < positions.length; n++) {
    const i = positions[n]!;
    const number = numbers[i]!;
    const place = places[number]!;
    if (place === -1) places[number] = first.push(i) - 1;
    else if (isEarlier(i, first[place]!)) first[place] = i;
  }
  return first;
}

/** The earliest span of every run of one trace; the runs of a trace meet again in `settle`. */
function firstByRun(ids: Uint32Array, positions: ArrayLike<number>, isEarlier: IsEarlier): number[] {
  const first: number[] = [];
  let before = -1;
  for (let n = 0; n < positions.length; n++) {
    const i = positions[n]!;
    if (before === -1 || !isSameTrace(ids, i * 4, before * 4)) first.push(i);
    else if (isEarlier(i, first.at(-1)!)) first[first.length - 1] = i;
    before = i;
  }
  return first;
}

function isSameTrace(ids: Uint32Array, one: number, other: number): boolean {
  return (
    ids[one] === ids[other] &&
    ids[one + 1] === ids[other + 1] &&
    ids[one + 2] === ids[other + 2] &&
    ids[one + 3] === ids[other + 3]
  );
}
