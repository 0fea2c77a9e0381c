/** The decoded forms: what a reader gets of a record after it was found by its index columns. */
export type Signal = 'traces' | 'logs' | 'metrics';

export type AttributeValue =
  | string
  | number
  | bigint
  | boolean
  | AttributeValue[]
  | { [key: string]: AttributeValue }
  | null;
export type Attributes = Record<string, AttributeValue>;

/** OTLP span kinds by their number. */
export const SPAN_KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

/** OTLP status codes by their number. */
export const SPAN_STATUSES = ['unset', 'ok', 'error'] as const;
type SpanStatus = (typeof SPAN_STATUSES)[number];

export interface SpanEvent {
  timeUnixNano: bigint;
  name: string;
  attributes: Attributes;
}

interface SpanLink {
  traceId: string;
  spanId: string;
  attributes: Attributes;
}

/** One span, ids as lower-case hex ('' when absent), times in nanoseconds since the Unix epoch. */
export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  traceState: string;
  name: string;
  kind: SpanKind;
  startTimeUnixNano: bigint;
  endTimeUnixNano: bigint;
  status: SpanStatus;
  statusMessage: string;
  attributes: Attributes;
  events: SpanEvent[];
  links: SpanLink[];
  resource: Attributes;
  scope: string;
}

/** One log record; `severityNumber` 1-24 as OTLP has it, 0 when unknown. */
export interface LogRecord {
  timeUnixNano: bigint;
  severityNumber: number;
  severityText: string;
  body: AttributeValue;
  traceId: string;
  spanId: string;
  attributes: Attributes;
  resource: Attributes;
  scope: string;
}

export type SeriesKind = 'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown';
/** `cumulative`: a running total that may reset; `delta`: the growth since the sample before; gauges have none. */
export type Temporality = 'cumulative' | 'delta' | 'none';

/**
 * One time series. Histograms are kept in their Prometheus spelling: NAME_bucket{le}, NAME_sum, NAME_count,
 * whichever way they came, so that one query reads all of them. `labels` includes job and instance, not the name.
 */
export interface SeriesInfo {
  name: string;
  labels: Record<string, string>;
  kind: SeriesKind;
  temporality: Temporality;
}
