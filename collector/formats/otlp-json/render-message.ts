import { toHex } from '../../telemetry/ids.ts';
import { OTLP, type OtlpMessage } from '../otlp-protobuf/messages.ts';
import type { Field, MessageType } from '../protobuf/schema.ts';

/** An ExportTraceServiceRequest as one line of OTLP/JSON, without its line end. */
export function renderTracesJson(message: OtlpMessage<'TracesData'>): string {
  return render(message, OTLP.TracesData);
}

/** As renderTracesJson, for logs. */
export function renderLogsJson(message: OtlpMessage<'LogsData'>): string {
  return render(message, OTLP.LogsData);
}

/** As renderTracesJson, for metrics. */
export function renderMetricsJson(message: OtlpMessage<'MetricsData'>): string {
  return render(message, OTLP.MetricsData);
}

/** lowerCamelCase keys, ids in hex, other bytes in base64, 64-bit integers as text; empty lists are left out. */
function render(message: object, type: MessageType): string {
  return JSON.stringify(plainOf(message, type));
}

function plainOf(message: object, type: MessageType): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const field of type.fields) {
    const value = (message as Record<string, unknown>)[field.name];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    plain[field.name] = Array.isArray(value) ? value.map((one) => jsonOf(one, field)) : jsonOf(value, field);
  }
  return plain;
}

function jsonOf(value: unknown, field: Field): unknown {
  if (value instanceof Uint8Array) {
    return field.size > 0 ? toHex(value) : Buffer.from(value).toString('base64');
  }
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? negativeZero(value) : String(value);
  if (typeof value === 'object' && value !== null) return plainOf(value, field.message());
  return value;
}

/** JSON.stringify writes -0 as 0. */
function negativeZero(value: number): unknown {
  return Object.is(value, -0) ? '-0' : value;
}
