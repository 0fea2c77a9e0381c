import { type ExemplarColumns, noOffsets, type SampleBatch } from '../telemetry/batch.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../telemetry/ids.ts';
import type { SeriesInfo } from '../telemetry/model.ts';

/** One exemplar on its way into columns; ids are absent or of their full length. */
export interface Exemplar {
  timeUnixNano: bigint;
  value: number;
  traceId: Uint8Array | undefined;
  spanId: Uint8Array | undefined;
}

/**
 * The series of one source, each at a position of its own. Kept from batch to batch, so that a source that shows the
 * same series again hands on the very same list, which the store then need not look at again.
 */
export class SeriesTable {
  readonly #positions = new Map<SeriesInfo, number>();
  #series: SeriesInfo[] = [];
  #handedOut = false;

  get size(): number {
    return this.#series.length;
  }

  /** The position of a series, a new one when it has none yet; the same object is one series. */
  position(series: SeriesInfo): number {
    return this.#positions.get(series) ?? this.#add(series);
  }

  #add(series: SeriesInfo): number {
    if (this.#handedOut) this.#series = [...this.#series];
    this.#handedOut = false;
    const position = this.#series.push(series) - 1;
    this.#positions.set(series, position);
    return position;
  }

  /** All series by position; the list is not changed any more, a table that grows makes another. */
  list(): SeriesInfo[] {
    this.#handedOut = true;
    return this.#series;
  }
}

const FIRST_ROOM = 64;

/** Collects samples and exemplars of one batch in columns that grow. */
export class SampleBuilder {
  readonly #table: SeriesTable;
  readonly #exemplars = new ExemplarBuilder();
  #seriesIndex: Uint32Array;
  #times: BigInt64Array;
  #values: Float64Array;
  #count = 0;

  /** `room` is how many samples are expected: columns of that length need not grow. */
  constructor(table: SeriesTable = new SeriesTable(), room = FIRST_ROOM) {
    this.#table = table;
    this.#seriesIndex = new Uint32Array(room);
    this.#times = new BigInt64Array(room);
    this.#values = new Float64Array(room);
  }

  get count(): number {
    return this.#count;
  }

  get exemplars(): ExemplarBuilder {
    return this.#exemplars;
  }

  add(series: SeriesInfo, timeUnixNano: bigint, value: number): void {
    this.addAt(this.#table.position(series), timeUnixNano, value);
  }

  /** A sample of the series at this position of the builder's table. */
  addAt(position: number, timeUnixNano: bigint, value: number): void {
    const at = this.#count;
    if (at === this.#values.length) this.#grow();
    this.#seriesIndex[at] = position;
    this.#times[at] = timeUnixNano;
    this.#values[at] = value;
    this.#count = at + 1;
  }

  addExemplar(series: SeriesInfo, { timeUnixNano, value, traceId, spanId }: Exemplar): void {
    this.#exemplars.room();
    this.#exemplars.setIds(traceId, spanId);
    this.#exemplars.addAt(this.#table.position(series), timeUnixNano, value);
  }

  #grow(): void {
    const room = Math.max(FIRST_ROOM, this.#count * 2);
    this.#seriesIndex = grown(this.#seriesIndex, new Uint32Array(room));
    this.#times = grown(this.#times, new BigInt64Array(room));
    this.#values = grown(this.#values, new Float64Array(room));
  }

  build(): SampleBatch {
    return {
      signal: 'metrics',
      encoding: 'none',
      compression: 'none',
      body: new Uint8Array(0),
      count: this.#count,
      index: {
        series: this.#table.list(),
        seriesIndex: this.#seriesIndex.subarray(0, this.#count),
        timeUnixNano: this.#times.subarray(0, this.#count),
        value: this.#values.subarray(0, this.#count),
        exemplars: this.#exemplars.build(),
      },
      offsets: noOffsets(),
      resource: {},
    };
  }
}

/**
 * Columns of exemplars that grow. One is written in two steps: `room` makes place, the ids go to the end of `traceId`
 * and `spanId` (at `count`), and only `addAt` makes it count; ids that were not set are zero, "none".
 */
class ExemplarBuilder {
  count = 0;
  traceId = new Uint8Array(0);
  spanId = new Uint8Array(0);
  #seriesIndex = new Uint32Array(0);
  #times = new BigInt64Array(0);
  #values = new Float64Array(0);
  /** The times as halves of 32 bits, the low one first, as packing.ts of the store relies on too. */
  #halves = new Uint32Array(0);

  /** Makes place for one more, with ids of zeros. */
  room(): void {
    const at = this.count;
    if (at === this.#values.length) this.#grow(Math.max(FIRST_ROOM, at * 2));
    this.traceId.fill(0, at * TRACE_ID_BYTES, (at + 1) * TRACE_ID_BYTES);
    this.spanId.fill(0, at * SPAN_ID_BYTES, (at + 1) * SPAN_ID_BYTES);
  }

  #grow(room: number): void {
    this.traceId = grown(this.traceId, new Uint8Array(room * TRACE_ID_BYTES));
    this.spanId = grown(this.spanId, new Uint8Array(room * SPAN_ID_BYTES));
    this.#seriesIndex = grown(this.#seriesIndex, new Uint32Array(room));
    this.#times = grown(this.#times, new BigInt64Array(room));
    this.#values = grown(this.#values, new Float64Array(room));
    this.#halves = new Uint32Array(this.#times.buffer);
  }

  setIds(traceId: Uint8Array | undefined, spanId: Uint8Array | undefined): void {
    if (traceId) this.traceId.set(traceId, this.count * TRACE_ID_BYTES);
    if (spanId) this.spanId.set(spanId, this.count * SPAN_ID_BYTES);
  }

  /** Counts the exemplar whose ids were set. */
  addAt(position: number, timeUnixNano: bigint, value: number): void {
    this.#seriesIndex[this.count] = position;
    this.#times[this.count] = timeUnixNano;
    this.#values[this.count] = value;
    this.count++;
  }

  /** `addAt` of a time in seconds (below 2^33) and nanoseconds (below 10^9), without a bigint for each. */
  addAtSeconds(position: number, seconds: number, nanos: number, value: number): void {
    // Seconds times 10^9 in two parts of 16 bits and the rest, so that every number stays below 2^53.
    const high = Math.floor(seconds / 0x10000) * 1e9;
    const low = (high % 0x10000) * 0x10000 + (seconds % 0x10000) * 1e9 + nanos;
    this.#seriesIndex[this.count] = position;
    this.#halves[this.count * 2] = low % 0x100000000;
    this.#halves[this.count * 2 + 1] = Math.floor(high / 0x10000) + Math.floor(low / 0x100000000);
    this.#values[this.count] = value;
    this.count++;
  }

  build(): ExemplarColumns {
    const { count } = this;
    return {
      seriesIndex: this.#seriesIndex.subarray(0, count),
      timeUnixNano: this.#times.subarray(0, count),
      value: this.#values.subarray(0, count),
      traceId: this.traceId.subarray(0, count * TRACE_ID_BYTES),
      spanId: this.spanId.subarray(0, count * SPAN_ID_BYTES),
    };
  }
}

function grown<T extends Uint8Array | Uint32Array | BigInt64Array | Float64Array>(from: T, to: T): T {
  (to as Uint8Array).set(from as Uint8Array);
  return to;
}
