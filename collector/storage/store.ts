import type { Batch } from '../telemetry/batch.ts';
import type { StringColumn } from '../telemetry/columns.ts';
import type { Attributes, SeriesInfo, SpanEvent } from '../telemetry/model.ts';

/** From inclusive, to exclusive, nanoseconds since the Unix epoch. */
export interface TimeRange {
  fromUnixNano: bigint;
  toUnixNano: bigint;
}

/** Records a page holds when the query does not say. */
export const DEFAULT_LIMITS = {
  trace: 10_000,
  findTraces: 100,
  findLogs: 1_000,
  series: 1_000_000,
  aggregate: 100_000,
  scanSpans: 100_000,
  scanLogs: 100_000,
  spanDensity: 100_000,
} as const;

/** Bounds of one query: how many records a page holds, by when it must end, who may cancel it. */
export interface QueryOptions {
  /** Records a page holds at the most, at least 1; DEFAULT_LIMITS when absent. */
  limit?: number;
  /** The `nextCursor` of the page before. */
  cursor?: string;
  /** Milliseconds after which the query is given up with `too-slow`; an engine has a default. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * One page of an answer. `matched` is what the whole query matches ("N of M"), `examined` the records that were read
 * for it. Pages that follow a cursor answer from what was stored when the first page was made: records appended
 * since are not in them, and none comes twice or is left out (but for what was evicted meanwhile).
 */
export interface Page<C> {
  columns: C;
  /** Records in `columns`. */
  count: number;
  matched: number;
  examined: number;
  nextCursor?: string;
}

/** Attributes of many records, decoded: entry i belongs to record i; only when the query asked for them. */
type AttributesColumn = Attributes[];

/** Spans of traces, in order of start time. */
export interface SpanColumns {
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId: Uint8Array;
  startTimeUnixNano: BigInt64Array;
  durationNano: BigInt64Array;
  kind: Uint8Array;
  status: Uint8Array;
  name: StringColumn;
  service: StringColumn;
  route: StringColumn;
  method: StringColumn;
  httpStatus: Uint16Array;
  /** With `detail: 'attributes'` or 'full' only. */
  attributes?: AttributesColumn;
  /** With `detail: 'full'` only, as are the next three. */
  resource?: AttributesColumn;
  events?: SpanEvent[][];
  statusMessage?: StringColumn;
  traceState?: StringColumn;
}

/** The spans of one or many traces; (trace id, span id) identifies a span, duplicates are answered once. Zero ids find nothing. */
export interface TraceQuery {
  traceIds: readonly Uint8Array[];
  detail: 'index' | 'attributes' | 'full';
}

/** One of `parts` parts of all traces, numbered from 0, told apart by the trace id: the same traces in spans and logs. */
export interface TracePart {
  part: number;
  parts: number;
}

/** Everything of a time range, of one part of the traces or of all; what has no trace id is in part 0. */
export interface ScanQuery extends TimeRange {
  traces?: TracePart;
}

/** Conditions one span must meet; all that are given must hold. The time range is that of the span's start. */
export interface SpanFilter extends TimeRange {
  service?: string;
  route?: string;
  method?: string;
  name?: string;
  kind?: number;
  status?: number;
  minDurationNano?: bigint;
  maxDurationNano?: bigint;
  /** Attributes of the span or of its resource, compared as text. */
  attributes?: { key: string; value: string }[];
  /** Found in the name, or in any attribute's key or value (case-insensitive). */
  text?: string;
}

/** Traces with at least one span that meets the filter; spans without a trace id are of no trace. */
export interface FindTracesQuery {
  filter: SpanFilter;
  /** `newest`: by the hit's start, latest first; `slowest`: by the hit's duration, longest first; ties by trace id. */
  order: 'newest' | 'slowest';
}

/** One record per trace: its first matching span by start (the hit), and the trace as far as it is stored. */
export interface TraceColumns {
  traceId: Uint8Array;
  hitSpanId: Uint8Array;
  hitStartTimeUnixNano: BigInt64Array;
  hitDurationNano: BigInt64Array;
  hitStatus: Uint8Array;
  hitHttpStatus: Uint16Array;
  hitName: StringColumn;
  hitService: StringColumn;
  hitRoute: StringColumn;
  hitMethod: StringColumn;
  /** The span without a stored parent that began first. */
  rootName: StringColumn;
  rootService: StringColumn;
  startTimeUnixNano: BigInt64Array;
  /** From the first start to the last end of its spans. */
  durationNano: BigInt64Array;
  spanCount: Uint32Array;
  errorCount: Uint32Array;
}

export interface FindLogsQuery extends TimeRange {
  service?: string;
  minSeverityNumber?: number;
  traceIds?: readonly Uint8Array[];
  /** Part of the body (case-insensitive). */
  text?: string;
  /** The body without its values, as `messageTemplate` makes it; a body stands for its own template. */
  template?: string;
  attributes?: { key: string; value: string }[];
  order: 'oldest' | 'newest';
}

/** Log records, decoded: whoever asks for log lines reads them. */
export interface LogColumns {
  timeUnixNano: BigInt64Array;
  severityNumber: Uint8Array;
  service: StringColumn;
  traceId: Uint8Array;
  spanId: Uint8Array;
  body: StringColumn;
  scope: StringColumn;
  attributes: AttributesColumn;
}

/** Log records as what their lines share: for who counts many of them. */
export interface LogTemplateColumns {
  timeUnixNano: BigInt64Array;
  severityNumber: Uint8Array;
  service: StringColumn;
  traceId: Uint8Array;
  spanId: Uint8Array;
  /** Place in the code as the record names it, `cache/client.go:118` or `c.s.ContactsServiceImpl#37`; '' when it does not. */
  caller: StringColumn;
  /** The message without its values; of records that name their caller, that of the first of them in the answer. */
  template: StringColumn;
}

export interface LabelMatcher {
  /** `__name__` is the series' name. */
  label: string;
  op: '=' | '!=' | '=~' | '!~';
  value: string;
}

export interface SeriesQuery extends TimeRange {
  matchers: LabelMatcher[];
  exemplars: boolean;
}

/**
 * Samples of the matching series, by series (name, then labels) and then by time; of several samples of one series at
 * one time the first stored is answered. A NaN value is a staleness marker. `limit` and `matched` count samples;
 * all exemplars of the answer, each once, come with its first page.
 */
export interface SeriesColumns {
  series: SeriesInfo[];
  seriesIndex: Uint32Array;
  timeUnixNano: BigInt64Array;
  value: Float64Array;
  exemplars: {
    seriesIndex: Uint32Array;
    timeUnixNano: BigInt64Array;
    value: Float64Array;
    traceId: Uint8Array;
    spanId: Uint8Array;
  };
}

/** Keys that spans can be grouped by: the index columns, or `attribute:KEY`. */
export type GroupKey = 'service' | 'route' | 'method' | 'name' | 'kind' | 'status' | `attribute:${string}`;

export interface AggregateQuery {
  filter: SpanFilter;
  groupBy: GroupKey[];
  /** Width of a time bucket, the first beginning where the range does; one bucket over the whole range when absent. */
  stepNano?: bigint;
  /** Quantiles of the duration, 0 to 1: the value at rank q (n - 1), between neighbours by proportion. */
  quantiles: number[];
}

/**
 * One record per group and bucket that has spans, by bucket and then by keys; stored spans are counted, duplicates
 * once, not re-weighted for sampling. Kinds and statuses are told by name; an absent attribute is ''.
 */
export interface AggregateColumns {
  keys: StringColumn[];
  bucketUnixNano: BigInt64Array;
  count: Float64Array;
  errors: Float64Array;
  /** One array per asked quantile, milliseconds. */
  quantilesMs: Float64Array[];
}

/** Slices of `stepNano`, the first beginning where the range does; `limit` bounds how many there may be. */
export interface DensityQuery extends TimeRange {
  stepNano: bigint;
}

/** The slices in which spans began, and about how many: those of one request are told as if they came evenly, duplicates count. */
export interface DensityColumns {
  bucketUnixNano: BigInt64Array;
  count: Float64Array;
}

/** What the store says of itself. */
export interface StoreStatus {
  /** Oldest and newest record by signal; undefined when there is none. */
  signals: Record<
    'traces' | 'logs' | 'metrics',
    { records: number; bytes: number; oldestUnixNano?: bigint; newestUnixNano?: bigint }
  >;
  /** Bytes of the store on disk. */
  bytes: number;
  /** Services seen, by first appearance. */
  services: string[];
  /** No record of the service that is kept is older than this; the first thousand services. */
  oldestByService: { service: string; oldestUnixNano: bigint }[];
  /**
   * Records evicted so far, by signal, reason (`age` or `size`) and service: '' where records name none, `_other` for
   * those above a bounded number of services.
   */
  evictions: {
    signal: 'traces' | 'logs' | 'metrics';
    reason: 'age' | 'size';
    service: string;
    records: number;
  }[];
}

/** What kinds of document `put` keeps beside the telemetry. */
export type DocumentKind = 'incident' | 'event' | 'profile' | 'note';

export interface StoredDocument {
  id: string;
  timeUnixNano: bigint;
  bytes: Uint8Array;
}

/**
 * A place where telemetry is kept. Queries are plain data in, pages of columns out; no SQL and no engine's row
 * object crosses. Everything is asynchronous, so that writer and readers may stand in workers. An engine is
 * accepted by test/collector/storage/contract.ts.
 */
export interface Store {
  /**
   * Appends the batches as one unit: resolves when they and their checkpoints are durable, rejects with a
   * CollectorError (retryable or not) when nothing of them is stored.
   */
  append(batches: readonly Batch[]): Promise<void>;
  trace(query: TraceQuery, options?: QueryOptions): Promise<Page<SpanColumns>>;
  findTraces(query: FindTracesQuery, options?: QueryOptions): Promise<Page<TraceColumns>>;
  findLogs(query: FindLogsQuery, options?: QueryOptions): Promise<Page<LogColumns>>;
  series(query: SeriesQuery, options?: QueryOptions): Promise<Page<SeriesColumns>>;
  aggregate(query: AggregateQuery, options?: QueryOptions): Promise<Page<AggregateColumns>>;
  /** All spans of a time range by start, index columns only; duplicates once. */
  scanSpans(query: ScanQuery, options?: QueryOptions): Promise<Page<SpanColumns>>;
  /** All log records of a time range by time, as caller and template. */
  scanLogs(query: ScanQuery, options?: QueryOptions): Promise<Page<LogTemplateColumns>>;
  /** When spans were, cheaply: which slices hold some is exact, how many is not. One page. */
  spanDensity(query: DensityQuery, options?: QueryOptions): Promise<Page<DensityColumns>>;
  /** Keeps one document; the same kind and id again replaces it. Not subject to the retention, only to a bound per kind. */
  put(kind: DocumentKind, document: StoredDocument): Promise<void>;
  /** Documents of a kind, newest first; `id` narrows to one. */
  list(
    kind: DocumentKind,
    query?: Partial<TimeRange> & { id?: string; limit?: number },
  ): Promise<StoredDocument[]>;
  /** The position stored with the newest batch of this source. */
  checkpoint(source: string): Promise<string | undefined>;
  status(): Promise<StoreStatus>;
  /**
   * Deletes what is older than the retention (counted from arrival) or above the size limit, where services that take
   * less than their fair share lose nothing; tells how many records went.
   */
  evict(): Promise<number>;
  close(): Promise<void>;
}
