/** Decoded records as OTLP messages again: what `store export` writes and `store import` of a table needs. */
import { fromHex, SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import {
  type Attributes,
  type AttributeValue,
  type LogRecord,
  SPAN_KINDS,
  SPAN_STATUSES,
  type Span,
} from '../../telemetry/model.ts';
import type { OtlpMessage } from './messages.ts';

/** Spans as one request; neighbours of one resource and scope share them. */
export function toTracesMessage(spans: readonly Span[]): OtlpMessage<'TracesData'> {
  const resourceSpans = groupsOf(spans).map(({ resource, scopes }) => ({
    resource,
    scopeSpans: scopes.map(({ scope, records }) => ({ scope, spans: records.map(toSpanMessage) })),
  }));
  return { resourceSpans };
}

/** Log records as one request; neighbours of one resource and scope share them. */
export function toLogsMessage(records: readonly LogRecord[]): OtlpMessage<'LogsData'> {
  const resourceLogs = groupsOf(records).map(({ resource, scopes }) => ({
    resource,
    scopeLogs: scopes.map(({ scope, records: logs }) => ({ scope, logRecords: logs.map(toLogMessage) })),
  }));
  return { resourceLogs };
}

/**
 * An attribute's value as OTLP has it: whole numbers that a double holds exactly become integers, whatever they once
 * were; bytes, which the model has as base64, stay text.
 */
function toValueMessage(value: AttributeValue): OtlpMessage<'AnyValue'> {
  if (value === null) return {};
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'bigint') return { intValue: BigInt.asIntN(64, value) };
  if (typeof value === 'number') {
    const isInteger = Number.isSafeInteger(value) && !Object.is(value, -0);
    return isInteger ? { intValue: BigInt(value) } : { doubleValue: value };
  }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(toValueMessage) } };
  return { kvlistValue: { values: toPairs(value) } };
}

export function toPairs(attributes: Attributes): OtlpMessage<'KeyValue'>[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: toValueMessage(value) }));
}

interface Origin {
  resource: Attributes;
  scope: string;
}

interface Group<R> {
  key: string;
  resource: OtlpMessage<'Resource'>;
  scopes: { scope: OtlpMessage<'InstrumentationScope'>; records: R[] }[];
}

function groupsOf<R extends Origin>(records: readonly R[]): Group<R>[] {
  const groups: Group<R>[] = [];
  let resource: Attributes | undefined;
  for (const record of records) {
    const before = groups.at(-1);
    const key = record.resource === resource ? before!.key : keyOf(record.resource);
    resource = record.resource;
    const group = before?.key === key ? before : newGroup<R>(key, record.resource);
    if (group !== before) groups.push(group);
    const last = group.scopes.at(-1);
    if (last?.scope.name === record.scope) last.records.push(record);
    else group.scopes.push({ scope: { name: record.scope }, records: [record] });
  }
  return groups;
}

function newGroup<R>(key: string, resource: Attributes): Group<R> {
  return { key, resource: { attributes: toPairs(resource) }, scopes: [] };
}

function keyOf(attributes: Attributes): string {
  return JSON.stringify(attributes, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
}

function toSpanMessage(span: Span): OtlpMessage<'Span'> {
  return {
    ...idsOf(span),
    ...(span.parentSpanId !== '' && { parentSpanId: bytesOf(span.parentSpanId, SPAN_ID_BYTES) }),
    ...(span.traceState !== '' && { traceState: span.traceState }),
    name: span.name,
    kind: SPAN_KINDS.indexOf(span.kind),
    startTimeUnixNano: span.startTimeUnixNano,
    endTimeUnixNano: span.endTimeUnixNano,
    attributes: toPairs(span.attributes),
    events: span.events.map(({ timeUnixNano, name, attributes }) => ({
      ...{ timeUnixNano, name, attributes: toPairs(attributes) },
    })),
    links: span.links.map((link) => ({ ...idsOf(link), attributes: toPairs(link.attributes) })),
    status: {
      code: SPAN_STATUSES.indexOf(span.status),
      ...(span.statusMessage !== '' && { message: span.statusMessage }),
    },
  };
}

function toLogMessage(record: LogRecord): OtlpMessage<'LogRecord'> {
  return {
    timeUnixNano: record.timeUnixNano,
    severityNumber: record.severityNumber,
    ...(record.severityText !== '' && { severityText: record.severityText }),
    body: toValueMessage(record.body),
    attributes: toPairs(record.attributes),
    ...idsOf(record),
  };
}

function idsOf({ traceId, spanId }: { traceId: string; spanId: string }) {
  return {
    ...(traceId !== '' && { traceId: bytesOf(traceId, TRACE_ID_BYTES) }),
    ...(spanId !== '' && { spanId: bytesOf(spanId, SPAN_ID_BYTES) }),
  };
}

function bytesOf(hex: string, size: number): Uint8Array {
  return fromHex(hex, size) ?? new Uint8Array(0);
}
