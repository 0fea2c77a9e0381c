import type { RecordOffsets } from '../../telemetry/batch.ts';
import { toHex } from '../../telemetry/ids.ts';
import {
  type Attributes,
  type LogRecord,
  SPAN_KINDS,
  SPAN_STATUSES,
  type Span,
} from '../../telemetry/model.ts';
import { toAttributes, toValue } from './attributes.ts';
import { logRecordCodec, type OtlpMessage, resourceCodec, scopeCodec, spanCodec } from './messages.ts';

/**
 * Decodes span `i` of an uncompressed `otlp-protobuf` body.
 * Throws `bad-data` when offsets and body do not belong together.
 */
export function decodeSpan(body: Uint8Array, offsets: RecordOffsets, i: number): Span {
  const span = spanCodec.decode(body, ...bounds(offsets, i));
  return {
    ...toSpan(span),
    attributes: toAttributes(span.attributes),
    ...decodeOrigin(body, offsets, i),
  };
}

/** A decoded span message as the model has it, without attributes and what stands outside of the message. */
export function toSpan(span: OtlpMessage<'Span'>): Omit<Span, 'attributes' | 'resource' | 'scope'> {
  return {
    traceId: hexOf(span.traceId),
    spanId: hexOf(span.spanId),
    parentSpanId: hexOf(span.parentSpanId),
    traceState: span.traceState ?? '',
    name: span.name ?? '',
    kind: SPAN_KINDS[span.kind ?? 0] ?? 'unspecified',
    startTimeUnixNano: span.startTimeUnixNano ?? 0n,
    endTimeUnixNano: span.endTimeUnixNano ?? 0n,
    status: SPAN_STATUSES[span.status?.code ?? 0] ?? 'unset',
    statusMessage: span.status?.message ?? '',
    events: (span.events ?? []).map(toEvent),
    links: (span.links ?? []).map(toLink),
  };
}

/**
 * Decodes log record `i` of an uncompressed `otlp-protobuf` body. Without a time of its own it has the time at
 * which it was observed; an event name becomes the attribute `event.name`.
 */
export function decodeLogRecord(body: Uint8Array, offsets: RecordOffsets, i: number): LogRecord {
  const record = logRecordCodec.decode(body, ...bounds(offsets, i));
  const attributes = toAttributes(record.attributes);
  if (record.eventName) attributes['event.name'] ??= record.eventName;
  return {
    timeUnixNano: record.timeUnixNano || record.observedTimeUnixNano || 0n,
    severityNumber: severityInRange(record.severityNumber ?? 0),
    severityText: record.severityText ?? '',
    body: toValue(record.body),
    traceId: hexOf(record.traceId),
    spanId: hexOf(record.spanId),
    attributes,
    ...decodeOrigin(body, offsets, i),
  };
}

/** Severity numbers outside OTLP's 1-24 are unknown. */
export function severityInRange(severity: number): number {
  return severity >= 1 && severity <= 24 ? severity : 0;
}

function bounds(offsets: RecordOffsets, i: number): [from: number, to: number] {
  const from = offsets.offset[i] ?? 0;
  return [from, from + (offsets.length[i] ?? 0)];
}

function decodeOrigin(
  body: Uint8Array,
  offsets: RecordOffsets,
  i: number,
): { resource: Attributes; scope: string } {
  const resource = pairOf(offsets.resources, offsets.resource[i] ?? 0);
  const scope = pairOf(offsets.scopes, offsets.scope[i] ?? 0);
  return {
    resource: toAttributes(resourceCodec.decode(body, ...resource).attributes),
    scope: scopeCodec.decode(body, ...scope).name ?? '',
  };
}

function pairOf(pairs: Uint32Array, entry: number): [from: number, to: number] {
  const from = pairs[entry * 2] ?? 0;
  return [from, from + (pairs[entry * 2 + 1] ?? 0)];
}

function toEvent(event: OtlpMessage<'Event'>) {
  return {
    timeUnixNano: event.timeUnixNano ?? 0n,
    name: event.name ?? '',
    attributes: toAttributes(event.attributes),
  };
}

function toLink(link: OtlpMessage<'Link'>) {
  return {
    traceId: hexOf(link.traceId),
    spanId: hexOf(link.spanId),
    attributes: toAttributes(link.attributes),
  };
}

/** Hex of an id; an all-zero id is the invalid one and reads as absent, as in the index columns. */
function hexOf(id: Uint8Array | undefined): string {
  return id?.some((byte) => byte !== 0) ? toHex(id) : '';
}
