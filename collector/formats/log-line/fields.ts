/** What a key of a log line means to the collector. */
export type FieldRole = 'time' | 'level' | 'message' | 'traceId' | 'spanId';

/**
 * Spellings of the fields that are indexed, best first: zap's own, then what other encoders and agents write.
 * Source of the ids' spellings: https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/ and
 * Datadog's `dd.` prefix.
 */
const FIELD_KEYS: Record<FieldRole, readonly string[]> = {
  time: ['ts', 'time', 'timestamp', '@timestamp'],
  level: ['level', 'severity', 'lvl'],
  message: ['msg', 'message'],
  traceId: ['trace_id', 'traceId', 'TraceID', 'dd.trace_id'],
  spanId: ['span_id', 'spanId', 'SpanID', 'dd.span_id'],
};

/** One spelling of a field; `slot` numbers them all. */
export interface Spelling {
  slot: number;
  key: string;
  bytes: Uint8Array;
}

/** Spellings of each role, best first. */
export const SPELLINGS = numbered(FIELD_KEYS);
/** All spellings by the length of their key. */
export const SPELLINGS_BY_LENGTH = byLength(Object.values(SPELLINGS).flat());
export const SLOT_COUNT = Object.values(SPELLINGS).flat().length;

function numbered(keys: Record<FieldRole, readonly string[]>): Record<FieldRole, readonly Spelling[]> {
  let slot = 0;
  const roles = Object.entries(keys).map(([role, spellings]) => [
    role,
    spellings.map((key) => ({ slot: slot++, key, bytes: Buffer.from(key) })),
  ]);
  return Object.fromEntries(roles);
}

function byLength(spellings: readonly Spelling[]): readonly (readonly Spelling[])[] {
  const longest = Math.max(...spellings.map(({ bytes }) => bytes.length));
  return Array.from({ length: longest + 1 }, (_, length) =>
    spellings.filter(({ bytes }) => bytes.length === length),
  );
}
