import { fromHex, isZeroId } from '../../telemetry/ids.ts';

/** What a key of a log line means to the collector. */
export type FieldRole = 'time' | 'level' | 'message' | 'traceId' | 'spanId';

/**
 * Spellings of the fields that are indexed, best first: zap's own, then what other encoders and agents write.
 * Source of the ids' spellings: https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/ and
 * Datadog's `dd.` prefix.
 */
export const FIELD_KEYS: Record<FieldRole, readonly string[]> = {
  time: ['ts', 'time', 'timestamp', '@timestamp'],
  level: ['level', 'severity', 'lvl'],
  message: ['msg', 'message'],
  traceId: ['trace_id', 'traceId', 'TraceID', 'dd.trace_id'],
  spanId: ['span_id', 'spanId', 'SpanID', 'dd.span_id'],
};

/**
 * Severity numbers of zap's levels.
 * Source: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
 */
const SEVERITIES = new Map([
  ['trace', 1],
  ['debug', 5],
  ['info', 9],
  ['warn', 13],
  ['warning', 13],
  ['error', 17],
  ['dpanic', 21],
  ['panic', 21],
  ['fatal', 21],
]);

/** Severity number of a level in any case; 0 when it is none of zap's. */
export function severityOf(level: string): number {
  return SEVERITIES.get(level) ?? SEVERITIES.get(level.toLowerCase()) ?? 0;
}

/**
 * Bytes of an id: hex in either case, or the decimal 64-bit number that Datadog's tracers write. Undefined when it
 * is neither, or the invalid all-zero id.
 */
export function parseId(text: string, size: number): Uint8Array | undefined {
  const id = fromHex(text, size) ?? decimalId(text, size);
  return id && !isZeroId(id, 0, size) ? id : undefined;
}

function decimalId(text: string, size: number): Uint8Array | undefined {
  if (!/^\d{1,20}$/.test(text)) return undefined;
  const value = BigInt(text);
  if (value >= 2n ** 64n) return undefined;
  const id = Buffer.alloc(size);
  id.writeBigUInt64BE(value, size - 8);
  return new Uint8Array(id);
}
