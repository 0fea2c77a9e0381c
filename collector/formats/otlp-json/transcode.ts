import { MAX_DEPTH } from '../protobuf/reader.ts';
import type { ScalarName } from '../protobuf/schema.ts';
import { GiveUp } from './give-up.ts';
import { ESCAPES, HEX, JsonCursor, PLAIN } from './json-cursor.ts';
import { Int64, readDouble } from './json-number.ts';
import { MessageOutput } from './message-output.ts';
import type { Plan, PlannedField } from './plan.ts';
import { doubleOfText, isBase64 } from './scalar-texts.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const SMALL_N = 0x6e;
const SMALL_T = 0x74;
const SMALL_U = 0x75;
/** Stands for half a surrogate pair, as in every encoder of UTF-8. */
const REPLACEMENT = 0xfffd;

/**
 * Rewrites a JSON body as the protobuf bytes of the planned message, in one pass and without an object in between;
 * fields stand in the order of the body. `body` must be UTF-8. Undefined when the body is not what it should be, or so
 * unusual (a key twice, an escape in a key, an integer with an exponent, unknown values nested deeply) that only
 * parseMessage can tell.
 */
export function transcode(body: Uint8Array, plan: Plan): Uint8Array | undefined {
  try {
    return new Transcoder(body).run(plan);
  } catch (error) {
    if (error instanceof GiveUp) return undefined;
    throw error;
  }
}

class Transcoder {
  readonly #in: JsonCursor;
  readonly #out: MessageOutput;
  readonly #integer = new Int64();

  constructor(body: Uint8Array) {
    this.#in = new JsonCursor(body);
    this.#out = new MessageOutput(body.length);
  }

  run(plan: Plan): Uint8Array {
    this.#message(plan, 0);
    if (this.#in.peek() !== -1) throw new GiveUp();
    return this.#out.written();
  }

  #message(plan: Plan, depth: number): void {
    if (depth > MAX_DEPTH) throw new GiveUp();
    const cursor = this.#in;
    cursor.expect(OPEN_OBJECT);
    if (cursor.empty(CLOSE_OBJECT)) return;
    let seen = 0;
    do {
      const start = cursor.key();
      const field = fieldAt(plan, cursor.bytes, start, cursor.keyEnd);
      if (field === undefined) cursor.skipValue(depth);
      else seen = this.#field(field, seen, depth);
    } while (cursor.another(CLOSE_OBJECT));
  }

  /** Gives `seen`, the fields that the message has had, with this one. Of a key given twice JSON.parse takes the last. */
  #field(field: PlannedField, seen: number, depth: number): number {
    if ((seen & field.bit) !== 0) throw new GiveUp();
    if (this.#in.peek() === SMALL_N) {
      this.#in.literal('null');
      return seen | field.bit;
    }
    // All fields of a oneof share one more bit.
    if ((seen & field.oneofBit) !== 0) throw new GiveUp();
    if (field.repeated) this.#list(field, depth);
    else this.#tagAndValue(field, depth);
    return seen | field.bit | field.oneofBit;
  }

  #list(field: PlannedField, depth: number): void {
    const cursor = this.#in;
    cursor.expect(OPEN_LIST);
    if (cursor.empty(CLOSE_LIST)) return;
    if (field.packed) {
      this.#packed(field, depth);
      return;
    }
    do this.#tagAndValue(field, depth);
    while (cursor.another(CLOSE_LIST));
  }

  #packed(field: PlannedField, depth: number): void {
    this.#room();
    this.#tag(field);
    const start = this.#out.open(depth);
    do {
      this.#room();
      this.#value(field, depth);
    } while (this.#in.another(CLOSE_LIST));
    this.#out.close(start, depth);
  }

  #tagAndValue(field: PlannedField, depth: number): void {
    this.#room();
    this.#tag(field);
    this.#value(field, depth);
  }

  /** Whatever comes next, if it is no number it becomes no longer than the rest of the body. */
  #room(): void {
    this.#out.room(this.#in.bytes.length - this.#in.pos);
  }

  #tag(field: PlannedField): void {
    const out = this.#out;
    out.bytes[out.at++] = field.tag;
    if (field.tagEnd !== 0) out.bytes[out.at++] = field.tagEnd;
  }

  #value(field: PlannedField, depth: number): void {
    const { scalar } = field;
    if (scalar === 'string') this.#string();
    else if (scalar === undefined) this.#nested(field.plan!, depth);
    else if (field.size !== 0) this.#id(field.size);
    else if (scalar === 'bytes') this.#base64();
    else if (scalar === 'double') this.#double();
    else if (scalar === 'bool') this.#bool();
    else this.#number(scalar);
  }

  #nested(plan: Plan, depth: number): void {
    const start = this.#out.open(depth);
    this.#message(plan, depth + 1);
    this.#out.close(start, depth);
  }

  #number(scalar: ScalarName): void {
    const integer = this.#integer;
    const out = this.#out;
    this.#readInteger(scalar);
    if (scalar === 'fixed32') out.fixed32(integer.low);
    else if (scalar === 'fixed64' || scalar === 'sfixed64') {
      out.fixed32(integer.low);
      out.fixed32(integer.high);
    } else if (scalar === 'sint32') out.varint((integer.low << 1) ^ (integer.low >> 31));
    else out.varint(integer.low, integer.high);
  }

  #readInteger(scalar: ScalarName): void {
    const integer = this.#integer;
    const cursor = this.#in;
    if (scalar === 'fixed64' || scalar === 'uint64') integer.unsigned64(cursor);
    else if (scalar === 'int64' || scalar === 'sfixed64') integer.signed64(cursor);
    else if (scalar === 'uint32' || scalar === 'fixed32') integer.unsigned32(cursor);
    // An enum is its number, never text.
    else if (scalar === 'enum' && cursor.peek() === QUOTE) throw new GiveUp();
    else integer.signed32(cursor);
  }

  /** Copies text up to its closing quote. */
  #string(): void {
    const cursor = this.#in;
    const out = this.#out;
    cursor.expect(QUOTE);
    const { bytes } = cursor;
    const written = out.bytes;
    const start = out.at + 1;
    let p = cursor.pos;
    let at = start;
    for (;;) {
      for (let byte = bytes[p]!; PLAIN[byte] === 1; byte = bytes[++p]!) written[at++] = byte;
      if (bytes[p] !== BACKSLASH) break;
      cursor.pos = p + 1;
      out.at = at;
      this.#escape();
      p = cursor.pos;
      at = out.at;
    }
    cursor.pos = p;
    cursor.expectHere(QUOTE);
    out.at = at;
    out.closeText(start);
  }

  /** Writes what the escape stands for whose backslash was stepped over. */
  #escape(): void {
    const cursor = this.#in;
    const kind = cursor.bytes[cursor.pos++]!;
    if (kind !== SMALL_U) {
      const byte = ESCAPES[kind];
      if (!byte) throw new GiveUp();
      this.#out.utf8(byte);
      return;
    }
    const code = cursor.hex4();
    this.#out.utf8(code >= 0xd800 && code < 0xe000 ? this.#pair(code) : code);
  }

  #pair(first: number): number {
    const cursor = this.#in;
    const { bytes, pos } = cursor;
    if (first >= 0xdc00 || bytes[pos] !== BACKSLASH || bytes[pos + 1] !== SMALL_U) return REPLACEMENT;
    cursor.pos += 2;
    const second = cursor.hex4();
    if (second >= 0xdc00 && second < 0xe000) return 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
    // Not its other half: that escape is read by itself.
    cursor.pos = pos;
    return REPLACEMENT;
  }

  #id(size: number): void {
    const cursor = this.#in;
    const out = this.#out;
    cursor.expect(QUOTE);
    const { bytes, pos } = cursor;
    const digits = bytes[pos] === QUOTE ? 0 : size * 2;
    const written = out.bytes;
    let at = out.at;
    written[at++] = digits / 2;
    for (let p = pos; p < pos + digits; p += 2) {
      const value = HEX[bytes[p]!]! * 16 + HEX[bytes[p + 1]!]!;
      // Behind the end of the body it is NaN.
      if (!(value < 256)) throw new GiveUp();
      written[at++] = value;
    }
    out.at = at;
    cursor.pos = pos + digits;
    cursor.expectHere(QUOTE);
  }

  #double(): void {
    const cursor = this.#in;
    const value = cursor.peek() === QUOTE ? doubleOfText(cursor.plainText()) : readDouble(cursor);
    if (value === undefined) throw new GiveUp();
    this.#out.double(value);
  }

  #bool(): void {
    const yes = this.#in.peek() === SMALL_T;
    this.#in.literal(yes ? 'true' : 'false');
    this.#out.varint(yes ? 1 : 0);
  }

  #base64(): void {
    const text = this.#in.plainText();
    if (!isBase64(text)) throw new GiveUp();
    const value = Buffer.from(text, 'base64');
    const out = this.#out;
    out.varint(value.length);
    out.bytes.set(value, out.at);
    out.at += value.length;
  }
}

/** The field whose key stands between `start` and `end`; undefined for one that is not known. */
function fieldAt(plan: Plan, bytes: Uint8Array, start: number, end: number): PlannedField | undefined {
  const candidates = plan.byLength[end - start];
  if (candidates === undefined) return undefined;
  for (const field of candidates) {
    const { key } = field;
    let i = key.length - 1;
    while (i >= 0 && bytes[start + i] === key[i]) i--;
    if (i < 0) return field;
  }
  return undefined;
}
