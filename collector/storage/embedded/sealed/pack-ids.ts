/** Ids of spans as columns: trace ids once each, parents by distance. */
import { IdTable } from '../../../telemetry/id-table.ts';
import { packBits } from './bits.ts';
import { grown } from './byte-table.ts';
import type { PlainColumn } from './directory.ts';
import { ENCODING, TYPE } from './layout.ts';

/** Distinct trace ids by first appearance: a span's stands so far back, counted from the newest. */
export class TraceColumn {
  readonly #ids = new IdTable();
  readonly #back: Uint32Array;
  #distinct = new Uint32Array(1024);
  #last = -1;
  #count = 0;

  constructor(count: number) {
    this.#back = new Uint32Array(count);
  }

  /** Takes the id that begins at word `at`. */
  push(words: Uint32Array, at: number): void {
    const distinct = this.#distinct;
    const last = this.#last * 4;
    let id = this.#last;
    if (
      id === -1 ||
      distinct[last] !== words[at] ||
      distinct[last + 1] !== words[at + 1] ||
      distinct[last + 2] !== words[at + 2] ||
      distinct[last + 3] !== words[at + 3]
    ) {
      id = this.#add(words, at);
    } else this.#back[this.#count] = this.#ids.size - id;
    this.#count++;
    this.#last = id;
  }

  #add(words: Uint32Array, at: number): number {
    const { size } = this.#ids;
    const id = this.#ids.add(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    if (id < size) {
      this.#back[this.#count] = size - id;
      return id;
    }
    if (size * 4 === this.#distinct.length) this.#distinct = grown(this.#distinct);
    for (let n = 0; n < 4; n++) this.#distinct[size * 4 + n] = words[at + n]!;
    return id;
  }

  /** The distinct ids, 16 bytes each. */
  get ids(): Uint8Array {
    return new Uint8Array(this.#distinct.slice(0, this.#ids.size * 4).buffer);
  }

  build(): PlainColumn {
    const distinct = this.#ids.size;
    return {
      type: TYPE.traceId,
      encoding: ENCODING.ids,
      count: this.#count,
      distinct,
      first: this.ids,
      main: packBits(this.#back, this.#count).main,
      random: true,
    };
  }
}

/** Span ids and the parents among them. */
export class SpanIdColumns {
  readonly #spans: Uint32Array;
  readonly #parents: Uint32Array;
  readonly #traces: Uint32Array;
  /** Numbers of spans plus 1 by their ids, in a table that is half empty at least. */
  readonly #slots: Uint32Array;
  #count = 0;

  constructor(count: number) {
    this.#spans = new Uint32Array(count * 2);
    this.#parents = new Uint32Array(count * 2);
    this.#traces = new Uint32Array(count * 4);
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(count * 2 + 2)));
  }

  push(traces: Uint32Array, spans: Uint32Array, parents: Uint32Array, i: number): void {
    const n = this.#count++;
    this.#traces[n * 4] = traces[i * 4]!;
    this.#traces[n * 4 + 1] = traces[i * 4 + 1]!;
    this.#traces[n * 4 + 2] = traces[i * 4 + 2]!;
    this.#traces[n * 4 + 3] = traces[i * 4 + 3]!;
    this.#spans[n * 2] = spans[i * 2]!;
    this.#spans[n * 2 + 1] = spans[i * 2 + 1]!;
    this.#parents[n * 2] = parents[i * 2]!;
    this.#parents[n * 2 + 1] = parents[i * 2 + 1]!;
  }

  /** Both columns, and whether all pairs of trace and span id are distinct. */
  build(): { columns: PlainColumn[]; areDistinct: boolean } {
    const count = this.#count;
    const spans = this.#spans;
    const parents = this.#parents;
    let areDistinct = true;
    for (let i = 0; i < count; i++) {
      const slot = this.#slotOf(i, spans[i * 2]!, spans[i * 2 + 1]!);
      if (this.#slots[slot] === 0) this.#slots[slot] = i + 1;
      else areDistinct = false;
    }
    const codes = new Uint32Array(count);
    const others = new Uint32Array(count * 2);
    let absent = 0;
    for (let i = 0; i < count; i++) {
      const [low, high] = [parents[i * 2]!, parents[i * 2 + 1]!];
      if ((low | high) === 0) continue;
      const found = this.#slots[this.#slotOf(i, low, high)]!;
      if (found === 0) {
        codes[i] = 1;
        others[absent * 2] = low;
        others[absent * 2 + 1] = high;
        absent++;
        continue;
      }
      const distance = found - 1 - i;
      codes[i] = 2 + ((distance << 1) ^ (distance >> 31));
    }
    const bytesOf = (words: Uint32Array, length: number) => new Uint8Array(words.slice(0, length).buffer);
    const packed = packBits(codes, count);
    return {
      areDistinct,
      columns: [
        { type: TYPE.spanId, encoding: ENCODING.bytes, count, main: bytesOf(spans, count * 2), random: true },
        {
          type: TYPE.parentSpanId,
          encoding: ENCODING.parents,
          count,
          distinct: absent,
          first: bytesOf(others, absent * 2),
          main: packed.main,
          randomMain: packed.random,
        },
      ],
    };
  }

  /** The slot of the span of these ids in the trace of span `i`, or the free one where it would stand. */
  #slotOf(i: number, low: number, high: number): number {
    const slots = this.#slots;
    const traces = this.#traces;
    const spans = this.#spans;
    const mask = slots.length - 1;
    const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1) ^ traces[i * 4 + 3]!;
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (let n = slots[slot]! - 1; n >= 0; n = slots[slot]! - 1) {
      if (
        spans[n * 2] === low &&
        spans[n * 2 + 1] === high &&
        traces[n * 4] === traces[i * 4] &&
        traces[n * 4 + 1] === traces[i * 4 + 1] &&
        traces[n * 4 + 2] === traces[i * 4 + 2] &&
        traces[n * 4 + 3] === traces[i * 4 + 3]
      ) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}
