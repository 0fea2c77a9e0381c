import { MAX_DEPTH } from '../protobuf/reader.ts';

/** What may be written between two looks at the room that is left: tags and moved lengths, 100 deep. */
const SLACK = 1024;
/** Bytes that are moved one by one; more are moved by a call. */
const SHORT = 64;

/**
 * Protobuf bytes that grow. Who writes into `bytes` directly moves `at` behind what it wrote, after it has made room.
 */
export class MessageOutput {
  bytes: Uint8Array;
  at = 0;
  #view: DataView;
  /** Bytes of the length of the last message that was closed, by depth: the next one will need as many. */
  readonly #lengthSize = new Uint8Array(MAX_DEPTH + 2).fill(1);

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size + SLACK);
    this.#view = viewOf(this.bytes);
  }

  written(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }

  /** Makes room for `size` bytes, and for the tags and lengths around them. */
  room(size: number): void {
    if (this.bytes.length - this.at < size + SLACK) this.#grow(size + SLACK);
  }

  #grow(size: number): void {
    const grown = Buffer.allocUnsafe(this.bytes.length + size);
    grown.set(this.written());
    this.bytes = grown;
    this.#view = viewOf(grown);
  }

  /** Leaves room for the length of a message and gives where its content begins. */
  open(depth: number): number {
    this.at += this.#lengthSize[depth]!;
    return this.at;
  }

  /** Writes the length of the content that began at `start`; moves it where the room was not right. */
  close(start: number, depth: number): void {
    const size = this.at - start;
    const left = this.#lengthSize[depth]!;
    const wanted = varintSize(size);
    if (wanted !== left) {
      this.#move(start, start + wanted - left, size);
      this.#lengthSize[depth] = wanted;
    }
    this.#length(start - left, size);
  }

  /** As `close`, for text that was written behind one byte for its length. */
  closeText(start: number): void {
    const size = this.at - start;
    if (size >= 0x80) this.#move(start, start + varintSize(size) - 1, size);
    this.#length(start - 1, size);
  }

  #length(at: number, size: number): void {
    const { bytes } = this;
    let p = at;
    let rest = size;
    for (; rest >= 0x80; rest >>>= 7) bytes[p++] = (rest & 0x7f) | 0x80;
    bytes[p] = rest;
  }

  #move(from: number, to: number, size: number): void {
    const { bytes } = this;
    if (size > SHORT) bytes.copyWithin(to, from, from + size);
    else if (to < from) for (let i = 0; i < size; i++) bytes[to + i] = bytes[from + i]!;
    else for (let i = size - 1; i >= 0; i--) bytes[to + i] = bytes[from + i]!;
    this.at = to + size;
  }

  /** A 64-bit number in two halves. */
  varint(lowHalf: number, highHalf = 0): void {
    const { bytes } = this;
    let at = this.at;
    let low = lowHalf >>> 0;
    let high = highHalf;
    while (high !== 0) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    for (; low >= 0x80; low >>>= 7) bytes[at++] = (low & 0x7f) | 0x80;
    bytes[at++] = low;
    this.at = at;
  }

  fixed32(value: number): void {
    this.#view.setUint32(this.at, value, true);
    this.at += 4;
  }

  double(value: number): void {
    this.#view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** A character, as UTF-8. */
  utf8(code: number): void {
    const { bytes } = this;
    if (code < 0x80) {
      bytes[this.at++] = code;
      return;
    }
    if (code < 0x800) bytes[this.at++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x10000) bytes[this.at++] = 0xe0 | (code >> 12);
      else {
        bytes[this.at++] = 0xf0 | (code >> 18);
        bytes[this.at++] = 0x80 | ((code >> 12) & 0x3f);
      }
      bytes[this.at++] = 0x80 | ((code >> 6) & 0x3f);
    }
    bytes[this.at++] = 0x80 | (code & 0x3f);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function varintSize(size: number): number {
  return size < 0x80 ? 1 : size < 0x4000 ? 2 : size < 0x200000 ? 3 : size < 0x10000000 ? 4 : 5;
}
