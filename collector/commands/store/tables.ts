/** Spans, log records and samples as rows of a table: one column per field, what nests as JSON. */
import { parseJson } from '../../formats/json-parse.ts';
import type { SampleRow } from '../../storage/embedded/stored-records.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import {
  type Attributes,
  type LogRecord,
  type SeriesInfo,
  type Signal,
  SPAN_KINDS,
  SPAN_STATUSES,
  type Span,
} from '../../telemetry/model.ts';

/** `time` and `nanos` are 64-bit nanoseconds, `json` is text. */
type ColumnType = 'text' | 'json' | 'time' | 'nanos' | 'int' | 'double' | 'bool';

export type Row = Record<string, unknown>;

export const TABLES = {
  traces: {
    trace_id: 'text',
    span_id: 'text',
    parent_span_id: 'text',
    trace_state: 'text',
    name: 'text',
    kind: 'text',
    start_time: 'time',
    duration_nano: 'nanos',
    status: 'text',
    status_message: 'text',
    scope: 'text',
    attributes: 'json',
    resource: 'json',
    events: 'json',
    links: 'json',
  },
  logs: {
    time: 'time',
    severity_number: 'int',
    severity_text: 'text',
    body: 'text',
    body_is_json: 'bool',
    trace_id: 'text',
    span_id: 'text',
    scope: 'text',
    attributes: 'json',
    resource: 'json',
  },
  metrics: {
    name: 'text',
    labels: 'json',
    kind: 'text',
    temporality: 'text',
    time: 'time',
    value: 'double',
  },
} as const satisfies Record<Signal, Record<string, ColumnType>>;

/** 64-bit integers stay numbers in JSON, with all their digits. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    typeof inner === 'bigint'
      ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(inner))
      : inner,
  );
}

export function rowOfSpan(span: Span): Row {
  return {
    trace_id: span.traceId,
    span_id: span.spanId,
    parent_span_id: span.parentSpanId,
    trace_state: span.traceState,
    name: span.name,
    kind: span.kind,
    start_time: span.startTimeUnixNano,
    duration_nano: span.endTimeUnixNano - span.startTimeUnixNano,
    status: span.status,
    status_message: span.statusMessage,
    scope: span.scope,
    attributes: toJson(span.attributes),
    resource: toJson(span.resource),
    events: toJson(span.events),
    links: toJson(span.links),
  };
}

export function rowOfLog(record: LogRecord): Row {
  const isText = typeof record.body === 'string';
  return {
    time: record.timeUnixNano,
    severity_number: record.severityNumber,
    severity_text: record.severityText,
    body: isText ? record.body : toJson(record.body),
    body_is_json: !isText,
    trace_id: record.traceId,
    span_id: record.spanId,
    scope: record.scope,
    attributes: toJson(record.attributes),
    resource: toJson(record.resource),
  };
}

export function rowOfSample({ series, timeUnixNano, value }: SampleRow): Row {
  const { name, labels, kind, temporality } = series;
  return { name, labels: toJson(labels), kind, temporality, time: timeUnixNano, value };
}

/** Throws `bad-data` where a column does not hold what `rowOfSpan` writes. */
export function spanOfRow(row: Row): Span {
  const start = bigintOf(row, 'start_time');
  const events = json(row, 'events') as Span['events'];
  return {
    traceId: textOf(row, 'trace_id'),
    spanId: textOf(row, 'span_id'),
    parentSpanId: textOf(row, 'parent_span_id'),
    traceState: textOf(row, 'trace_state'),
    name: textOf(row, 'name'),
    kind: oneOf(row, 'kind', SPAN_KINDS),
    startTimeUnixNano: start,
    endTimeUnixNano: start + bigintOf(row, 'duration_nano'),
    status: oneOf(row, 'status', SPAN_STATUSES),
    statusMessage: textOf(row, 'status_message'),
    scope: textOf(row, 'scope'),
    attributes: json(row, 'attributes') as Attributes,
    resource: json(row, 'resource') as Attributes,
    events: events.map((event) => ({ ...event, timeUnixNano: BigInt(event.timeUnixNano) })),
    links: json(row, 'links') as Span['links'],
  };
}

export function logOfRow(row: Row): LogRecord {
  const body = textOf(row, 'body');
  return {
    timeUnixNano: bigintOf(row, 'time'),
    severityNumber: Number(row['severity_number']),
    severityText: textOf(row, 'severity_text'),
    body: row['body_is_json'] === true ? (parseJson(body) as LogRecord['body']) : body,
    traceId: textOf(row, 'trace_id'),
    spanId: textOf(row, 'span_id'),
    scope: textOf(row, 'scope'),
    attributes: json(row, 'attributes') as Attributes,
    resource: json(row, 'resource') as Attributes,
  };
}

export function sampleOfRow(row: Row): SampleRow {
  const series: SeriesInfo = {
    name: textOf(row, 'name'),
    labels: json(row, 'labels') as Record<string, string>,
    kind: oneOf(row, 'kind', ['counter', 'gauge', 'histogram', 'summary', 'unknown']),
    temporality: oneOf(row, 'temporality', ['cumulative', 'delta', 'none']),
  };
  const value = row['value'];
  if (typeof value !== 'number') throw misfit('value');
  return { series, timeUnixNano: bigintOf(row, 'time'), value, exemplars: [] };
}

function misfit(column: string): CollectorError {
  return new CollectorError('bad-data', `the column ${column} does not hold what an export writes there`);
}

function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw misfit(column);
  return value;
}

function bigintOf(row: Row, column: string): bigint {
  const value = row[column];
  if (typeof value !== 'bigint') throw misfit(column);
  return value;
}

function oneOf<T extends string>(row: Row, column: string, values: readonly T[]): T {
  const found = values.find((value) => value === row[column]);
  if (found === undefined) throw misfit(column);
  return found;
}

function json(row: Row, column: string): unknown {
  const text = textOf(row, column);
  try {
    const value = parseJson(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Told below.
  }
  throw misfit(column);
}
