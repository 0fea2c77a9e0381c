/** Stored spans as numbers, and the columns of an answer out of them: a trace of any size needs no object per span. */
import type { SpanIndex } from '../../telemetry/batch.ts';
import type { StringColumn } from '../../telemetry/columns.ts';
import type { IdTable } from '../../telemetry/id-table.ts';
import { fromHex, SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../../telemetry/ids.ts';
import { release } from '../../telemetry/release.ts';
import { compare64, number64, words64 } from '../../telemetry/words.ts';
import type { BlockMeta } from './block.ts';

/** Spans of one block. */
interface SpanBlock {
  meta: BlockMeta;
  index: SpanIndex;
}

/** Spans by block and position, numbered from 0. */
export class SpanRefs {
  readonly blocks: SpanBlock[] = [];
  /** Per span: which of `blocks`, the position in it, the number of its trace. */
  block = new Uint32Array(64);
  position = new Uint32Array(64);
  trace = new Uint32Array(64);
  length = 0;
  readonly #traces: IdTable;

  /** `traces` numbers the traces of the spans. */
  constructor(traces: IdTable) {
    this.#traces = traces;
  }

  /** Gives the memory back at once, that of the numbered traces as well; nothing may be asked of them any more. */
  release(): void {
    release(this.block, this.position, this.trace);
    this.#traces.release();
  }

  push(block: number, position: number, trace: number): void {
    if (this.length === this.block.length) {
      this.block = doubled(this.block);
      this.position = doubled(this.position);
      this.trace = doubled(this.trace);
    }
    this.block[this.length] = block;
    this.position[this.length] = position;
    this.trace[this.length++] = trace;
  }

  /** Numbers of all spans by start, then trace id, then span id: a total order, because the ids name a span. */
  sorted(): Uint32Array {
    const starts = this.blocks.map(({ index }) => words64(index.startTimeUnixNano));
    const keys = new Float64Array(this.length);
    for (let n = 0; n < this.length; n++) keys[n] = number64(starts[this.block[n]!]!, this.position[n]!);
    const order = new Uint32Array(this.length);
    for (let n = 0; n < order.length; n++) order[n] = n;
    return order.sort(
      (a, b) =>
        keys[a]! - keys[b]! ||
        compare64(starts[this.block[a]!]!, this.position[a]!, starts[this.block[b]!]!, this.position[b]!) ||
        Buffer.compare(this.traceId(a), this.traceId(b)) ||
        Buffer.compare(this.spanId(a), this.spanId(b)),
    );
  }

  /** Sort key of span `n`, for a cursor. */
  keyOf(n: number): string[] {
    return [this.start(n).toString(), toHex(this.traceId(n)), toHex(this.spanId(n))];
  }

  /** How many of the sorted spans stand at or before the key. */
  upTo(sorted: Uint32Array, key: readonly string[]): number {
    const start = BigInt(key[0] ?? 0);
    const traceId = fromHex(key[1] ?? '', TRACE_ID_BYTES) ?? new Uint8Array(0);
    const spanId = fromHex(key[2] ?? '', SPAN_ID_BYTES) ?? new Uint8Array(0);
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const n = sorted[middle]!;
      const began = this.start(n);
      const order =
        began === start
          ? Buffer.compare(this.traceId(n), traceId) || Buffer.compare(this.spanId(n), spanId)
          : began < start
            ? -1
            : 1;
      if (order <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  start(n: number): bigint {
    return this.#index(n).startTimeUnixNano[this.position[n]!]!;
  }

  traceId(n: number): Uint8Array {
    return this.#traces.traceId(this.trace[n]!);
  }

  spanId(n: number): Uint8Array {
    const at = this.position[n]! * SPAN_ID_BYTES;
    return this.#index(n).spanId.subarray(at, at + SPAN_ID_BYTES);
  }

  #index(n: number): SpanIndex {
    return this.blocks[this.block[n]!]!.index;
  }

  /** Values of a column of numbers, for the given spans. */
  fill<C extends BigInt64Array | Uint8Array | Uint16Array>(
    target: C,
    spans: Uint32Array,
    columnOf: (index: SpanIndex) => C,
  ): C {
    const columns = this.#columns(spans, columnOf);
    for (let n = 0; n < spans.length; n++) {
      const ref = spans[n]!;
      target[n] = columns[this.block[ref]!]![this.position[ref]!]!;
    }
    return target;
  }

  /** Trace ids of the given spans behind one another. */
  traceIds(spans: Uint32Array): Uint8Array {
    const packed = new Uint8Array(spans.length * TRACE_ID_BYTES);
    for (let n = 0; n < spans.length; n++) packed.set(this.traceId(spans[n]!), n * TRACE_ID_BYTES);
    return packed;
  }

  /** Span ids or parents' ids of the given spans behind one another. */
  ids(spans: Uint32Array, column: 'spanId' | 'parentSpanId'): Uint8Array {
    const bytes = SPAN_ID_BYTES;
    const columns = this.#columns(spans, (index) => index[column]);
    const packed = new Uint8Array(spans.length * bytes);
    for (let n = 0; n < spans.length; n++) {
      const ref = spans[n]!;
      const at = this.position[ref]! * bytes;
      packed.set(columns[this.block[ref]!]!.subarray(at, at + bytes), n * bytes);
    }
    return packed;
  }

  /** Strings of the given spans; the dictionary begins with the empty string and holds only what they have. */
  strings(spans: Uint32Array, column: 'name' | 'service' | 'route' | 'method'): StringColumn {
    const columns = this.#columns(spans, (index) => index[column]);
    const maps: (Int32Array | undefined)[] = [];
    const dictionary = [''];
    const known = new Map([['', 0]]);
    const index = new Uint32Array(spans.length);
    for (let n = 0; n < spans.length; n++) {
      const block = this.block[spans[n]!]!;
      const { dictionary: local, index: positions } = columns[block]!;
      let map = maps[block];
      if (map === undefined) {
        map = new Int32Array(local.length).fill(-1);
        maps[block] = map;
      }
      const position = positions[this.position[spans[n]!]!]!;
      let mapped = map[position]!;
      if (mapped === -1) {
        const text = local[position] ?? '';
        mapped = known.get(text) ?? dictionary.push(text) - 1;
        known.set(text, mapped);
        map[position] = mapped;
      }
      index[n] = mapped;
    }
    return { dictionary, index };
  }

  /** The column of every block that the spans stand in; of a sealed block no other is decoded. */
  #columns<C>(spans: Uint32Array, columnOf: (index: SpanIndex) => C): C[] {
    const columns: C[] = [];
    for (let n = 0; n < spans.length; n++) {
      const block = this.block[spans[n]!]!;
      columns[block] ??= columnOf(this.blocks[block]!.index);
    }
    return columns;
  }
}

/** Twice the room; that of before is given back. */
export function doubled(values: Uint32Array): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(values.length * 2);
  grown.set(values);
  release(values);
  return grown;
}
