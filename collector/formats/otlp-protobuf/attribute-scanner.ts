import { checkField, wrongWire } from '../protobuf/codec.ts';
import { WIRE, type WireReader } from '../protobuf/reader.ts';
import { OTLP } from './messages.ts';

const KEY = (1 << 3) | WIRE.bytes;
const VALUE = (2 << 3) | WIRE.bytes;
const STRING_VALUE = (1 << 3) | WIRE.bytes;
const INT_VALUE = (3 << 3) | WIRE.varint;

/**
 * Reads one KeyValue after the other without decoding it: where its key stands, and where its value stands if it is
 * a string, or its number if it is an integer. Everything else is checked and stepped over.
 */
export class AttributeScanner {
  readonly #reader: WireReader;
  keyStart = 0;
  keyLength = 0;
  /** Start of a string value, -1 when the value is none. */
  textStart = -1;
  textLength = 0;
  /** An integer value, -1 when the value is none or does not fit a JavaScript number. */
  int = -1;

  constructor(reader: WireReader) {
    this.#reader = reader;
  }

  /** Reads a KeyValue whose tag was read. */
  scan(depth: number): void {
    if (this.#scanUsualText()) return;
    const reader = this.#reader;
    this.keyLength = 0;
    this.#noValue();
    const outer = reader.enter();
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag === KEY) {
        this.keyLength = reader.utf8();
        this.keyStart = reader.pos - this.keyLength;
      } else if (tag === VALUE) this.#scanValue(depth + 1);
      else checkField(reader, OTLP.KeyValue, tag, depth + 1);
    }
    reader.leave(outer);
  }

  /**
   * Reads a KeyValue as nearly every sender writes it: the key, then a string, every length in one byte. In that
   * form tags and lengths are below 0x80 too, so one pass tells whether all of it is ASCII. False, and nothing
   * read, when the bytes have another form.
   */
  #scanUsualText(): boolean {
    const reader = this.#reader;
    const { bytes, pos } = reader;
    const end = pos + 1 + bytes[pos]!;
    if (end > reader.limit || bytes[pos]! >= 0x80 || bytes[pos + 1] !== KEY) return false;
    const keyLength = bytes[pos + 2]!;
    const value = pos + 3 + keyLength;
    if (value + 4 > end || bytes[value] !== VALUE || bytes[value + 2] !== STRING_VALUE) return false;
    if (value + 2 + bytes[value + 1]! !== end || value + 4 + bytes[value + 3]! !== end) return false;
    reader.checkUtf8(pos, end - pos);
    this.keyStart = pos + 3;
    this.keyLength = keyLength;
    this.textStart = value + 4;
    this.textLength = end - value - 4;
    this.int = -1;
    reader.pos = end;
    return true;
  }

  #noValue(): void {
    this.textStart = -1;
    this.textLength = 0;
    this.int = -1;
  }

  #scanValue(depth: number): void {
    const reader = this.#reader;
    const outer = reader.enter();
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag === STRING_VALUE) {
        this.int = -1;
        this.textLength = reader.utf8();
        this.textStart = reader.pos - this.textLength;
      } else if (tag === INT_VALUE) {
        this.#noValue();
        this.int = this.#integer();
      } else this.#otherValue(tag, depth);
    }
    reader.leave(outer);
  }

  #integer(): number {
    const reader = this.#reader;
    const start = reader.pos;
    const low = reader.varint32();
    if (reader.pos - start <= 4) return low;
    reader.pos = start;
    const value = Number(BigInt.asIntN(64, reader.varint64()));
    return Number.isSafeInteger(value) ? value : -1;
  }

  #otherValue(tag: number, depth: number): void {
    const field = OTLP.AnyValue.byNumber[tag >>> 3];
    if (field) {
      if ((tag & 7) !== field.wire) wrongWire(this.#reader, OTLP.AnyValue, field, tag);
      this.#noValue();
    }
    checkField(this.#reader, OTLP.AnyValue, tag, depth + 1);
  }

  /** True when the key is `key`, given as its UTF-8 bytes. */
  keyIs(key: Uint8Array): boolean {
    if (key.length !== this.keyLength) return false;
    const { bytes } = this.#reader;
    for (let i = key.length - 1; i >= 0; i--) if (bytes[this.keyStart + i] !== key[i]) return false;
    return true;
  }
}
