import { durationBoundaries, exemplarLabel } from '../../../slo/index.ts';
import type { MetricExemplar } from '../../formats/prometheus-text/write-text.ts';
import { Histogram } from '../../telemetry/histogram.ts';
import { isZeroId, SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../../telemetry/ids.ts';

const BUCKETS = durationBoundaries.length + 1;
const NANOS = 1e9;

/** Durations in seconds, with the last trace of each bucket as its exemplar. */
export class DurationHistogram extends Histogram {
  /** The last span of each bucket in the batch that is looked at; -1 for none. */
  readonly #last = new Int32Array(BUCKETS).fill(-1);
  readonly #lastSeconds = new Float64Array(BUCKETS);
  readonly #traceIds = new Uint8Array(BUCKETS * TRACE_ID_BYTES);
  readonly #spanIds = new Uint8Array(BUCKETS * SPAN_ID_BYTES);
  readonly #seconds = new Float64Array(BUCKETS);
  /** When the exemplar was noted, seconds since the Unix epoch; 0 for none. */
  readonly #at = new Float64Array(BUCKETS);

  constructor() {
    super(durationBoundaries);
  }

  /** Counts span `i` of a batch. */
  observeNanos(nanos: number, i: number): void {
    const seconds = nanos / NANOS;
    const bucket = this.observe(seconds);
    this.#last[bucket] = i;
    this.#lastSeconds[bucket] = seconds;
  }

  /** Keeps the ids of the batch's last span in each bucket: two copies a bucket, not two a span. */
  keepExemplars(traceId: Uint8Array, spanId: Uint8Array, now: number): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const i = this.#last[bucket]!;
      if (i < 0) continue;
      this.#last[bucket] = -1;
      if (isZeroId(traceId, i * TRACE_ID_BYTES, TRACE_ID_BYTES)) continue;
      copyId(traceId, i, this.#traceIds, bucket, TRACE_ID_BYTES);
      copyId(spanId, i, this.#spanIds, bucket, SPAN_ID_BYTES);
      this.#seconds[bucket] = this.#lastSeconds[bucket]!;
      this.#at[bucket] = now;
    }
  }

  exemplar(bucket: number): MetricExemplar | undefined {
    if (this.#at[bucket] === 0) return undefined;
    return {
      labels: {
        [exemplarLabel.traceId]: toHex(this.#traceIds, bucket * TRACE_ID_BYTES, TRACE_ID_BYTES),
        [exemplarLabel.spanId]: toHex(this.#spanIds, bucket * SPAN_ID_BYTES, SPAN_ID_BYTES),
      },
      value: this.#seconds[bucket]!,
      timestamp: this.#at[bucket]!,
    };
  }
}

/** Byte by byte: for so few a view of them costs more than the copy. */
function copyId(from: Uint8Array, i: number, to: Uint8Array, j: number, bytes: number): void {
  for (let at = 0; at < bytes; at++) to[j * bytes + at] = from[i * bytes + at]!;
}
