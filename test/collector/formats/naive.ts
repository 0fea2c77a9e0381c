import {
  type Attributes,
  type AttributeValue,
  SPAN_KINDS,
  SPAN_STATUSES,
} from '../../../collector/telemetry/model.ts';
import type { Plain } from './oracle.ts';

/** Slow and obvious readings of what the oracle decoded: the truth that the scanners are compared with. */
const MAX_INT64 = 2n ** 63n - 1n;

export interface NaiveRecord {
  record: Plain;
  resource: Attributes;
  scope: string;
  service: string;
}

/** All records of a request in order, each with what it belongs to. */
export function recordsOf(request: Plain, group: string, scopeGroup: string, records: string): NaiveRecord[] {
  return (request[group] ?? []).flatMap((g: Plain) => {
    const resource = naiveAttributes(g.resource?.attributes);
    const service = last(g.resource?.attributes, 'service.name')?.stringValue;
    return (g[scopeGroup] ?? []).flatMap((s: Plain) =>
      (s[records] ?? []).map((record: Plain) => ({
        record,
        resource,
        scope: s.scope?.name ?? '',
        service: service || 'unknown_service',
      })),
    );
  });
}

export function naiveValue(value: Plain): AttributeValue {
  if (value?.stringValue !== undefined) return value.stringValue;
  if (value?.boolValue !== undefined) return value.boolValue;
  if (value?.intValue !== undefined) {
    const exact = BigInt(value.intValue);
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
  }
  if (value?.doubleValue !== undefined) return value.doubleValue;
  if (value?.bytesValue !== undefined) return Buffer.from(value.bytesValue).toString('base64');
  if (value?.arrayValue !== undefined) return value.arrayValue.values.map(naiveValue);
  if (value?.kvlistValue !== undefined) return naiveAttributes(value.kvlistValue.values);
  return null;
}

export function naiveAttributes(pairs: Plain): Attributes {
  return Object.fromEntries((pairs ?? []).map((p: Plain) => [p.key ?? '', naiveValue(p.value)]));
}

export function naiveHex(id: Uint8Array | undefined): string {
  const hex = Buffer.from(id ?? []).toString('hex');
  return /^0*$/.test(hex) ? '' : hex;
}

function cut(time: string | undefined): bigint {
  const value = BigInt(time ?? 0);
  return value > MAX_INT64 ? MAX_INT64 : value;
}

const isText = (value: AttributeValue | undefined): value is string => typeof value === 'string';

/** The index columns of one span. */
export function naiveSpanIndex({ record, service }: NaiveRecord) {
  const attributes = naiveAttributes(record.attributes);
  const status = (key: string) => {
    const value = attributes[key];
    return typeof value === 'number' && isInt(record.attributes, key) && value >= 100 && value <= 999
      ? value
      : 0;
  };
  const text = (key: string) =>
    isText(attributes[key]) && isString(record.attributes, key) ? attributes[key] : '';
  const start = cut(record.startTimeUnixNano);
  const end = cut(record.endTimeUnixNano);
  return {
    traceId: naiveHex(record.traceId),
    spanId: naiveHex(record.spanId),
    parentSpanId: naiveHex(record.parentSpanId),
    start,
    duration: end > start ? end - start : 0n,
    kind: SPAN_KINDS[record.kind ?? 0] === undefined ? 0 : (record.kind ?? 0),
    status: SPAN_STATUSES[record.status?.code ?? 0] === undefined ? 0 : (record.status?.code ?? 0),
    name: record.name ?? '',
    service,
    route: text('http.route'),
    method: text('http.request.method') || text('http.method'),
    httpStatus: status('http.response.status_code') || status('http.status_code'),
  };
}

function last(pairs: Plain, key: string): Plain {
  return pairs?.findLast((p: Plain) => (p.key ?? '') === key)?.value;
}

const isInt = (pairs: Plain, key: string) => last(pairs, key)?.intValue !== undefined;
const isString = (pairs: Plain, key: string) => last(pairs, key)?.stringValue !== undefined;

/** The whole span, as a reader gets it. */
export function naiveSpan({ record, resource, scope }: NaiveRecord) {
  return {
    traceId: naiveHex(record.traceId),
    spanId: naiveHex(record.spanId),
    parentSpanId: naiveHex(record.parentSpanId),
    traceState: record.traceState ?? '',
    name: record.name ?? '',
    kind: SPAN_KINDS[record.kind ?? 0] ?? 'unspecified',
    startTimeUnixNano: BigInt(record.startTimeUnixNano ?? 0),
    endTimeUnixNano: BigInt(record.endTimeUnixNano ?? 0),
    status: SPAN_STATUSES[record.status?.code ?? 0] ?? 'unset',
    statusMessage: record.status?.message ?? '',
    attributes: naiveAttributes(record.attributes),
    events: record.events.map((e: Plain) => ({
      timeUnixNano: BigInt(e.timeUnixNano ?? 0),
      name: e.name ?? '',
      attributes: naiveAttributes(e.attributes),
    })),
    links: record.links.map((l: Plain) => ({
      traceId: naiveHex(l.traceId),
      spanId: naiveHex(l.spanId),
      attributes: naiveAttributes(l.attributes),
    })),
    resource,
    scope,
  };
}

/** The index columns of one log record. */
export function naiveLogIndex({ record, service }: NaiveRecord) {
  const severity = record.severityNumber ?? 0;
  return {
    time: cut(BigInt(record.timeUnixNano ?? 0) === 0n ? record.observedTimeUnixNano : record.timeUnixNano),
    severity: severity >= 1 && severity <= 24 ? severity : 0,
    service,
    traceId: naiveHex(record.traceId),
    spanId: naiveHex(record.spanId),
  };
}

/** The whole log record, as a reader gets it. */
export function naiveLog(naive: NaiveRecord) {
  const { record, resource, scope } = naive;
  const attributes = naiveAttributes(record.attributes);
  if (record.eventName) attributes['event.name'] ??= record.eventName;
  const time = BigInt(record.timeUnixNano ?? 0) || BigInt(record.observedTimeUnixNano ?? 0);
  return {
    timeUnixNano: time,
    severityNumber: naiveLogIndex(naive).severity,
    severityText: record.severityText ?? '',
    body: naiveValue(record.body),
    traceId: naiveHex(record.traceId),
    spanId: naiveHex(record.spanId),
    attributes,
    resource,
    scope,
  };
}
