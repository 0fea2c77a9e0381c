/** What a key of a log line means to the collector. */
type FieldRole = 'time' | 'level' | 'message' | 'traceId' | 'spanId';

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
/** All spellings by their slot. */
const BY_SLOT = Object.values(SPELLINGS).flat();
export const SLOT_COUNT = BY_SLOT.length;
/** Length and first byte tell all spellings apart, so that one look-up finds the only one that a key may be. */
const LENGTHS = 16;
const SLOT_BY_HASH = slotsByHash();

/** The slot of the key in bytes[start, end), -1 when it is none of the spellings. */
export function slotOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length >= LENGTHS || length === 0) return -1;
  const slot = SLOT_BY_HASH[hashOf(length, bytes[start]!)]!;
  if (slot < 0) return -1;
  const key = BY_SLOT[slot]!.bytes;
  for (let i = 1; i < length; i++) if (bytes[start + i] !== key[i]) return -1;
  return slot;
}

function hashOf(length: number, first: number): number {
  return first * LENGTHS + length;
}

function slotsByHash(): Int8Array {
  const slots = new Int8Array(256 * LENGTHS).fill(-1);
  for (const { slot, bytes } of BY_SLOT) {
    const hash = hashOf(bytes.length, bytes[0]!);
    if (slots[hash] !== -1) throw new Error('two keys of log lines share length and first byte');
    slots[hash] = slot;
  }
  return slots;
}

function numbered(keys: Record<FieldRole, readonly string[]>): Record<FieldRole, readonly Spelling[]> {
  let slot = 0;
  const spell = (spellings: readonly string[]) =>
    spellings.map((key) => ({ slot: slot++, key, bytes: Buffer.from(key) }));
  return {
    time: spell(keys.time),
    level: spell(keys.level),
    message: spell(keys.message),
    traceId: spell(keys.traceId),
    spanId: spell(keys.spanId),
  };
}
