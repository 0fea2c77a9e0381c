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

/** Collects samples and exemplars of one batch; the same SeriesInfo object is one series. */
export class SampleBuilder {
  readonly #series: SeriesInfo[] = [];
  readonly #positions = new Map<SeriesInfo, number>();
  readonly #seriesIndex: number[] = [];
  readonly #times: bigint[] = [];
  readonly #values: number[] = [];
  readonly #exemplars: (Exemplar & { series: number })[] = [];

  get count(): number {
    return this.#values.length;
  }

  add(series: SeriesInfo, timeUnixNano: bigint, value: number): void {
    this.#seriesIndex.push(this.#position(series));
    this.#times.push(timeUnixNano);
    this.#values.push(value);
  }

  addExemplar(series: SeriesInfo, exemplar: Exemplar): void {
    this.#exemplars.push({ ...exemplar, series: this.#position(series) });
  }

  #position(series: SeriesInfo): number {
    let position = this.#positions.get(series);
    if (position === undefined) {
      position = this.#series.push(series) - 1;
      this.#positions.set(series, position);
    }
    return position;
  }

  build(): SampleBatch {
    return {
      signal: 'metrics',
      encoding: 'none',
      compression: 'none',
      body: new Uint8Array(0),
      count: this.#values.length,
      index: {
        series: this.#series,
        seriesIndex: Uint32Array.from(this.#seriesIndex),
        timeUnixNano: BigInt64Array.from(this.#times),
        value: Float64Array.from(this.#values),
        exemplars: this.#exemplarColumns(),
      },
      offsets: noOffsets(),
      resource: {},
    };
  }

  #exemplarColumns(): ExemplarColumns {
    const all = this.#exemplars;
    const traceId = new Uint8Array(all.length * TRACE_ID_BYTES);
    const spanId = new Uint8Array(all.length * SPAN_ID_BYTES);
    for (const [i, exemplar] of all.entries()) {
      if (exemplar.traceId) traceId.set(exemplar.traceId, i * TRACE_ID_BYTES);
      if (exemplar.spanId) spanId.set(exemplar.spanId, i * SPAN_ID_BYTES);
    }
    return {
      seriesIndex: Uint32Array.from(all, (e) => e.series),
      timeUnixNano: BigInt64Array.from(all, (e) => e.timeUnixNano),
      value: Float64Array.from(all, (e) => e.value),
      traceId,
      spanId,
    };
  }
}
