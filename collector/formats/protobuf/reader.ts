import { isUtf8 } from 'node:buffer';
import { CollectorError } from '../../telemetry/errors.ts';

/** Protobuf wire types. Source: https://protobuf.dev/programming-guides/encoding/#structure */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

/** Nesting at which a message is refused; the same bound as Google's own parsers have. */
export const MAX_DEPTH = 100;

/** Messages and list items one body may decode into: empty ones would outgrow the body many times over. */
const MAX_ITEMS = 4_000_000;

/**
 * Reads protobuf's wire format. Every read is checked against `limit`, the end of the message that is being read:
 * whatever does not fit is refused with `bad-data` and the byte where it stands.
 */
export class WireReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #buffer: Buffer;
  pos = 0;
  limit: number;
  #items = 0;

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pos = from;
    this.limit = to;
  }

  fail(what: string, at = this.pos): never {
    throw new CollectorError('bad-data', `the protobuf body is not readable at byte ${at}: ${what}`);
  }

  /** Counts an item that is about to be made; refuses the body with `too-large` when there are too many. */
  countItem(): void {
    if (++this.#items > MAX_ITEMS) {
      throw new CollectorError(
        'too-large',
        `the body holds more than ${MAX_ITEMS} values: send smaller batches`,
      );
    }
  }

  /** The next tag, `field number << 3 | wire type`. */
  tag(): number {
    const start = this.pos;
    let tag = start < this.limit ? this.bytes[start]! : 0x80;
    if (tag < 0x80) this.pos++;
    else tag = this.#longTag();
    if (tag < 8) this.fail('field number 0', start);
    return tag;
  }

  #longTag(): number {
    const start = this.pos;
    let tag = 0;
    for (let i = 0; i < 5; i++) {
      const byte = this.#next(start, 'a tag');
      if (i === 4 && byte > 0x0f) break;
      tag += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return tag;
    }
    return this.fail('a tag of more than 32 bits', start);
  }

  #next(start: number, what: string): number {
    if (this.pos >= this.limit) this.fail(`${what} is cut off`, start);
    return this.bytes[this.pos++]!;
  }

  /** Steps over a varint of up to 64 bits and gives its low 32 bits, unsigned. */
  varint32(): number {
    const first = this.pos < this.limit ? this.bytes[this.pos]! : 0x80;
    if (first < 0x80) {
      this.pos++;
      return first;
    }
    const start = this.pos;
    let low = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.#next(start, 'a varint');
      if (i === 9 && byte > 1) break;
      if (i < 5) low |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) return low >>> 0;
    }
    return this.fail('a varint of more than 64 bits', start);
  }

  /** A varint as an unsigned 64-bit number. */
  varint64(): bigint {
    const start = this.pos;
    this.varint32();
    if (this.pos - start <= 4) {
      let small = 0;
      for (let p = this.pos - 1; p >= start; p--) small = small * 128 + (this.bytes[p]! & 0x7f);
      return BigInt(small);
    }
    let value = 0n;
    for (let p = this.pos - 1; p >= start; p--) value = (value << 7n) | BigInt(this.bytes[p]! & 0x7f);
    return value;
  }

  /** Position of `size` bytes that are stepped over. */
  take(size: number, what: string): number {
    const at = this.pos;
    if (size > this.limit - at) this.fail(`${what} of ${size} bytes where ${this.limit - at} are left`, at);
    this.pos = at + size;
    return at;
  }

  /** Reads a length and steps to its content, which is checked to lie inside the message. */
  length(): number {
    const start = this.pos;
    const length = this.varint32();
    // A length that needs more than 32 bits cannot fit, whatever its low bits say.
    if (length > this.limit - this.pos || this.pos - start > 5) {
      this.fail(`a length of ${length} bytes where ${this.limit - this.pos} are left`, start);
    }
    return length;
  }

  /** Enters a nested message: reads its length and moves `limit` to its end. Hand the result to `leave`. */
  enter(): number {
    const outer = this.limit;
    const length = this.length();
    this.limit = this.pos + length;
    return outer;
  }

  leave(outer: number): void {
    this.limit = outer;
  }

  /** Steps over the value of an unknown field, groups included. */
  skip(tag: number, depth = 0): void {
    const wire = tag & 7;
    if (wire === WIRE.varint) this.varint32();
    else if (wire === WIRE.fixed64) this.take(8, 'a fixed64');
    else if (wire === WIRE.bytes) this.take(this.length(), 'bytes');
    else if (wire === WIRE.fixed32) this.take(4, 'a fixed32');
    else if (wire === WIRE.startGroup) this.#skipGroup(tag, depth + 1);
    else this.fail(wire === WIRE.endGroup ? 'the end of a group that was not begun' : `wire type ${wire}`);
  }

  #skipGroup(tag: number, depth: number): void {
    if (depth > MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH}`);
    const start = this.pos;
    while (this.pos < this.limit) {
      const inner = this.tag();
      if (inner === tag + 1) return;
      this.skip(inner, depth);
    }
    this.fail('a group without its end', start);
  }

  /** Reads a length and checks that its content is UTF-8; gives the length, `pos` stands behind the text. */
  utf8(): number {
    const length = this.length();
    this.checkUtf8(this.pos, length);
    this.pos += length;
    return length;
  }

  /** Refuses bytes that are not UTF-8. Most text is ASCII, which four bytes at a time tell. */
  checkUtf8(start: number, length: number): void {
    const { bytes, view } = this;
    const end = start + length;
    let p = start;
    let high = 0;
    for (; p + 4 <= end; p += 4) high |= view.getUint32(p, true);
    for (; p < end; p++) high |= bytes[p]!;
    // In the last, single bytes only bit 7 matters; in words the same bit of each byte.
    if ((high & 0x80808080) !== 0 && !isUtf8(bytes.subarray(start, end))) {
      this.fail('a string that is not UTF-8', start);
    }
  }

  /** Text of bytes that were checked before. */
  text(start: number, length: number): string {
    return this.#buffer.toString('utf8', start, start + length);
  }
}
