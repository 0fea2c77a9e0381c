import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { FIELD_KEYS, type FieldRole, parseId, severityOf } from './fields.ts';
import { type JsonKind, JsonScanner } from './json-scanner.ts';
import { parseTime } from './time.ts';

/** What a JSON log line says of itself; `keys` names the keys that were read for it. */
export interface LineIndex {
  timeUnixNano: bigint | undefined;
  severityNumber: number;
  traceId: Uint8Array | undefined;
  spanId: Uint8Array | undefined;
  keys: Partial<Record<FieldRole, string>>;
}

interface KeySlot {
  role: FieldRole;
  key: string;
  bytes: Uint8Array;
  kind: JsonKind;
  start: number;
  end: number;
}

const BACKSLASH = 0x5c;

/** Finds time, severity and ids of JSON lines. Reused from line to line: one instance per scan. */
export class LineIndexer {
  readonly #scanner = new JsonScanner();
  readonly #roles: Record<FieldRole, KeySlot[]>;
  readonly #byLength: KeySlot[][] = [];
  readonly #buffer: Buffer;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const slotsOf = (role: FieldRole) => FIELD_KEYS[role].map((key) => this.#slot(role, key));
    this.#roles = {
      time: slotsOf('time'),
      level: slotsOf('level'),
      message: slotsOf('message'),
      traceId: slotsOf('traceId'),
      spanId: slotsOf('spanId'),
    };
  }

  #slot(role: FieldRole, key: string): KeySlot {
    const slot: KeySlot = { role, key, bytes: Buffer.from(key), kind: 'literal', start: -1, end: -1 };
    this.#byLength[key.length] ??= [];
    this.#byLength[key.length]!.push(slot);
    return slot;
  }

  /** The index of the line in bytes[start, end); undefined when it is not one JSON object. */
  index(start: number, end: number): LineIndex | undefined {
    for (const slots of this.#byLength) for (const slot of slots ?? []) slot.start = -1;
    if (!this.#scanner.object(this.#buffer, start, end, this.#visit)) return undefined;
    const keys: LineIndex['keys'] = {};
    const timeUnixNano = this.#first('time', keys, (text) => parseTime(text));
    const severityNumber = this.#first('level', keys, (text) => severityOf(text)) ?? 0;
    const traceId = this.#first('traceId', keys, (text) => parseId(text, TRACE_ID_BYTES));
    const spanId = this.#first('spanId', keys, (text) => parseId(text, SPAN_ID_BYTES));
    const message = this.#roles.message.find((slot) => slot.start >= 0);
    if (message) keys.message = message.key;
    return { timeUnixNano, severityNumber, traceId, spanId, keys };
  }

  /** Of a key given twice the last counts, as with JSON.parse. */
  readonly #visit = (keyStart: number, keyEnd: number, kind: JsonKind, start: number, end: number): void => {
    const slot = this.#slotOf(keyStart, keyEnd);
    if (!slot) return;
    slot.kind = kind;
    slot.start = start;
    slot.end = end;
  };

  #slotOf(start: number, end: number): KeySlot | undefined {
    const bytes = this.#buffer;
    const candidates = this.#byLength[end - start];
    if (candidates) for (const slot of candidates) if (sameBytes(bytes, start, slot.bytes)) return slot;
    if (!includesByte(bytes, start, end, BACKSLASH)) return undefined;
    const key: string = JSON.parse(`"${bytes.toString('latin1', start, end)}"`);
    return this.#byLength[key.length]?.find((slot) => slot.key === key);
  }

  /** The first spelling of a role whose value makes sense. */
  #first<T>(role: FieldRole, keys: LineIndex['keys'], parse: (text: string) => T | undefined): T | undefined {
    for (const slot of this.#roles[role]) {
      if (slot.start < 0 || (slot.kind !== 'string' && slot.kind !== 'number')) continue;
      const value = parse(this.#text(slot));
      if (value === undefined) continue;
      keys[role] = slot.key;
      return value;
    }
    return undefined;
  }

  #text(slot: KeySlot): string {
    const raw = this.#buffer.toString('latin1', slot.start, slot.end);
    if (slot.kind !== 'string') return raw;
    return raw.includes('\\') ? JSON.parse(raw) : raw.slice(1, -1);
  }
}

function sameBytes(bytes: Uint8Array, start: number, other: Uint8Array): boolean {
  for (let i = 0; i < other.length; i++) if (bytes[start + i] !== other[i]) return false;
  return true;
}

function includesByte(bytes: Uint8Array, start: number, end: number, byte: number): boolean {
  for (let p = start; p < end; p++) if (bytes[p] === byte) return true;
  return false;
}
