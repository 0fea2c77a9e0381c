import type { StringColumn } from './columns.ts';
import type { SeriesInfo, Signal } from './model.ts';

/** How `body` is written. `log-lines`: raw lines of a file; `none`: the columns hold everything (scraped samples). */
export type Encoding = 'otlp-protobuf' | 'log-lines' | 'none';
export type Compression = 'none' | 'gzip' | 'zstd';

/**
 * Where each record stands in the uncompressed body, and the resource and scope it belongs to. All offsets are
 * bytes from the start of the body and point at the message's content (behind tag and length).
 */
export interface RecordOffsets {
  offset: Uint32Array;
  length: Uint32Array;
  /** Per record: which entry of `resources` / `scopes` it belongs to. */
  resource: Uint32Array;
  scope: Uint32Array;
  /** (offset, length) pairs of the Resource messages; length 0 when there was none. */
  resources: Uint32Array;
  /** (offset, length) pairs of the InstrumentationScope messages; length 0 when there was none. */
  scopes: Uint32Array;
}

/** Index columns of spans, one entry per span. Ids are packed: 16 or 8 bytes each, zeros for "none". */
export interface SpanIndex {
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId: Uint8Array;
  startTimeUnixNano: BigInt64Array;
  durationNano: BigInt64Array;
  /** Positions in SPAN_KINDS and SPAN_STATUSES. */
  kind: Uint8Array;
  status: Uint8Array;
  name: StringColumn;
  /** service.name of the resource, `unknown_service` when it has none. */
  service: StringColumn;
  /** http.route, '' when absent. */
  route: StringColumn;
  /** http.request.method (or the older http.method), '' when absent. */
  method: StringColumn;
  /** http.response.status_code (or the older http.status_code), 0 when absent. */
  httpStatus: Uint16Array;
  /** False when surely no span and no resource has `sampling.adjusted_count`; absent when nobody looked. */
  statesWeights?: boolean;
  /** False when surely no span has a trace state; absent when nobody looked. Not stored. */
  hasTraceState?: boolean;
}

/** Index columns of log records. */
export interface LogIndex {
  timeUnixNano: BigInt64Array;
  severityNumber: Uint8Array;
  service: StringColumn;
  traceId: Uint8Array;
  spanId: Uint8Array;
}

/** Index columns of samples: `series[seriesIndex[i]]` had `value[i]` at `timeUnixNano[i]`. NaN with the staleness bits ends a series. */
export interface SampleIndex {
  series: SeriesInfo[];
  seriesIndex: Uint32Array;
  timeUnixNano: BigInt64Array;
  value: Float64Array;
  exemplars: ExemplarColumns;
}

/** Exemplars; ids are packed and zero when the exemplar carried none. */
export interface ExemplarColumns {
  seriesIndex: Uint32Array;
  timeUnixNano: BigInt64Array;
  value: Float64Array;
  traceId: Uint8Array;
  spanId: Uint8Array;
}

/** How far a source had been read when this batch was made; stored in the same transaction as the batch. */
export interface Checkpoint {
  source: string;
  position: string;
}

interface BatchOf<S extends Signal, I> {
  signal: S;
  encoding: Encoding;
  compression: Compression;
  /** The records as they came; not decoded before append. */
  body: Uint8Array;
  /** The body uncompressed, where `body` is not: for processors that must see it. It is not stored. */
  inflated?: Uint8Array;
  /** Records in the batch. */
  count: number;
  index: I;
  offsets: RecordOffsets;
  /**
   * Attributes that every record of the batch has although its body does not say so: for `log-lines` the
   * resource of the file's configuration (service.name and what else the user set).
   */
  resource: Record<string, string>;
  checkpoint?: Checkpoint;
}

export type SpanBatch = BatchOf<'traces', SpanIndex>;
export type LogBatch = BatchOf<'logs', LogIndex>;
export type SampleBatch = BatchOf<'metrics', SampleIndex>;
/** The unit that receivers make, processors look at and the store appends. */
export type Batch = SpanBatch | LogBatch | SampleBatch;

/** Offsets of a batch that has no body. */
export function noOffsets(): RecordOffsets {
  const empty = new Uint32Array(0);
  return { offset: empty, length: empty, resource: empty, scope: empty, resources: empty, scopes: empty };
}

/** A batch without records that stores how far its source was read; undefined without a checkpoint. */
export function checkpointOnly(checkpoint: Checkpoint): LogBatch;
export function checkpointOnly(checkpoint: Checkpoint | undefined): LogBatch | undefined;
export function checkpointOnly(checkpoint: Checkpoint | undefined): LogBatch | undefined {
  if (!checkpoint) return undefined;
  const none = { dictionary: [''], index: new Uint32Array(0) };
  return {
    signal: 'logs',
    encoding: 'none',
    compression: 'none',
    body: new Uint8Array(0),
    count: 0,
    index: {
      timeUnixNano: new BigInt64Array(0),
      severityNumber: new Uint8Array(0),
      service: none,
      traceId: new Uint8Array(0),
      spanId: new Uint8Array(0),
    },
    offsets: noOffsets(),
    resource: {},
    checkpoint,
  };
}
