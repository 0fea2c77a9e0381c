import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { SLOT_COUNT, SPELLINGS, type Spelling, slotOf } from './fields.ts';
import { readId } from './ids.ts';
import { type KeyVisitor, scanObject } from './json-scanner.ts';
import { readSeverity } from './severity.ts';
import { readTime, type TimeParts } from './time-reader.ts';

const QUOTE = 0x22;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;

/**
 * Finds time, severity, ids and message of the JSON lines in a body, without making strings of them where they are
 * written as loggers write them. Used for one line after the other: `read` a line, then ask for its fields. An answer
 * is the key that the field was taken from, of the best spelling whose value makes sense; undefined without one.
 */
export class LineIndexer implements KeyVisitor {
  severityNumber = 0;
  readonly #bytes: Buffer;
  /** By slot: where the value stands; a start of -1 when the line has not that key. */
  readonly #start = new Int32Array(SLOT_COUNT);
  readonly #end = new Int32Array(SLOT_COUNT);
  /** Text of the value that was looked at last: in the body, or unescaped. */
  #text: Buffer;
  #from = 0;
  #to = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#text = this.#bytes;
  }

  /** Reads the line in bytes[start, end); false when it is not one JSON object. */
  read(start: number, end: number): boolean {
    this.#start.fill(-1);
    return scanObject(this.#bytes, start, end, this);
  }

  /** For the scanner. Of a key given twice the last counts, as with JSON.parse. */
  visit(keyStart: number, keyEnd: number, escaped: boolean, valueStart: number, valueEnd: number): void {
    const find = escaped ? escapedSlot : slotOf;
    const slot = find(this.#bytes, keyStart, keyEnd);
    if (slot < 0) return;
    this.#start[slot] = valueStart;
    this.#end[slot] = valueEnd;
  }

  time(into: TimeParts): string | undefined {
    for (const spelling of SPELLINGS.time) {
      if (!this.#look(spelling)) continue;
      if (readTime(this.#text, this.#from, this.#to, into)) return spelling.key;
      if (this.#unescape() && readTime(this.#text, this.#from, this.#to, into)) return spelling.key;
    }
    return undefined;
  }

  /** Sets `severityNumber`; a level that is none of zap's is one all the same, with 0. */
  level(): string | undefined {
    this.severityNumber = 0;
    for (const spelling of SPELLINGS.level) {
      if (!this.#look(spelling)) continue;
      this.severityNumber = readSeverity(this.#text, this.#from, this.#to);
      if (this.severityNumber === 0 && this.#unescape()) {
        this.severityNumber = readSeverity(this.#text, this.#from, this.#to);
      }
      return spelling.key;
    }
    return undefined;
  }

  /** Writes the trace id into `ids` at `at`; leaves zeros there without one. */
  traceId(ids: Uint8Array, at: number): string | undefined {
    return this.#id(SPELLINGS.traceId, TRACE_ID_BYTES, ids, at);
  }

  spanId(ids: Uint8Array, at: number): string | undefined {
    return this.#id(SPELLINGS.spanId, SPAN_ID_BYTES, ids, at);
  }

  message(): string | undefined {
    return SPELLINGS.message.find(({ slot }) => this.#start[slot]! >= 0)?.key;
  }

  /** Where the message's value stands, with its quotes. */
  messageRange(): [start: number, end: number] | undefined {
    const found = SPELLINGS.message.find(({ slot }) => this.#start[slot]! >= 0);
    return found && [this.#start[found.slot]!, this.#end[found.slot]!];
  }

  #id(spellings: readonly Spelling[], size: number, ids: Uint8Array, at: number): string | undefined {
    for (const spelling of spellings) {
      if (!this.#look(spelling)) continue;
      if (readId(this.#text, this.#from, this.#to, size, ids, at)) return spelling.key;
      if (this.#unescape() && readId(this.#text, this.#from, this.#to, size, ids, at)) return spelling.key;
    }
    return undefined;
  }

  /** Looks at the text of a value as it is written; false without one under this key that is a string or number. */
  #look({ slot }: Spelling): boolean {
    const start = this.#start[slot]!;
    if (start < 0) return false;
    const first = this.#bytes[start]!;
    const quote = first === QUOTE ? 1 : 0;
    this.#text = this.#bytes;
    this.#from = start + quote;
    this.#to = this.#end[slot]! - quote;
    return quote === 1 || first === MINUS || (first >= ZERO && first <= NINE);
  }

  /** Looks at the text without its escapes; false when it has none. No time, level or id has a backslash. */
  #unescape(): boolean {
    if (!this.#text.subarray(this.#from, this.#to).includes(BACKSLASH)) return false;
    this.#text = Buffer.from(unescaped(this.#text, this.#from, this.#to));
    this.#from = 0;
    this.#to = this.#text.length;
    return true;
  }
}

function escapedSlot(bytes: Buffer, start: number, end: number): number {
  const key = Buffer.from(unescaped(bytes, start, end));
  return slotOf(key, 0, key.length);
}

function unescaped(bytes: Buffer, start: number, end: number): string {
  return JSON.parse(`"${bytes.toString('latin1', start, end)}"`);
}
