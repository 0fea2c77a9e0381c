/** Ids of spans as columns: trace ids once each, parents by distance. */
import { IdTable } from '../id-table.ts';
import { grown } from './byte-table.ts';
import type { PlainColumn } from './directory.ts';
import { ENCODING, TYPE } from './layout.ts';
import { packUints } from './sections.ts';

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
    const main = packUints(this.#back, this.#count);
    const distinct = this.#ids.size;
    // Ids are random: only the way back is worth compressing, which an all-random column would not be asked for.
    return {
      type: TYPE.traceId,
      encoding: ENCODING.ids,
      count: this.#count,
      distinct,
      first: this.ids,
      main,
    };
  }
}

/** Span ids and the parents among them. */
export class SpanIdColumns {
  readonly #spans: Uint32Array;
  readonly #parents: Uint32Array;
  readonly #traces: Uint32Array;
  #count = 0;

  constructor(count: number) {
    this.#spans = new Uint32Array(count * 2);
    this.#parents = new Uint32Array(count * 2);
    this.#traces = new Uint32Array(count * 4);
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
    const traces = this.#traces;
    const spans = this.#spans;
    const parents = this.#parents;
    const table = new IdTable();
    const first = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const { size } = table;
      const id = table.add(
        traces[i * 4]!,
        traces[i * 4 + 1]!,
        traces[i * 4 + 2]!,
        traces[i * 4 + 3]!,
        spans[i * 2]!,
        spans[i * 2 + 1]!,
      );
      if (id === size) first[id] = i;
    }
    const codes = new Uint32Array(count);
    const others = new Uint32Array(count * 2);
    let absent = 0;
    for (let i = 0; i < count; i++) {
      const [low, high] = [parents[i * 2]!, parents[i * 2 + 1]!];
      if ((low | high) === 0) continue;
      const id = table.find(
        traces[i * 4]!,
        traces[i * 4 + 1]!,
        traces[i * 4 + 2]!,
        traces[i * 4 + 3]!,
        low,
        high,
      );
      if (id === -1) {
        codes[i] = 1;
        others[absent * 2] = low;
        others[absent * 2 + 1] = high;
        absent++;
        continue;
      }
      const distance = first[id]! - i;
      codes[i] = 2 + ((distance << 1) ^ (distance >> 31));
    }
    const bytesOf = (words: Uint32Array, length: number) => new Uint8Array(words.slice(0, length).buffer);
    return {
      areDistinct: table.size === count,
      columns: [
        { type: TYPE.spanId, encoding: ENCODING.bytes, count, main: bytesOf(spans, count * 2), random: true },
        {
          type: TYPE.parentSpanId,
          encoding: ENCODING.parents,
          count,
          distinct: absent,
          first: bytesOf(others, absent * 2),
          main: packUints(codes, count),
        },
      ],
    };
  }
}
