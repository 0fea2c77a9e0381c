/**
 * Columns as bytes: sections one behind the other, each a header of 8 bytes (uint32 width in bytes, uint32 count)
 * and the values, padded to 8 bytes so that a reader can look at them in place. Numbers are little-endian.
 */
import type { StringColumn } from '../../telemetry/columns.ts';
import { ColumnRoom } from './column-room.ts';

const HEADER_BYTES = 8;
/** The kinds of columns that numbers are narrowed to. */
const BYTES = new Uint8Array(0);
const SHORTS = new Uint16Array(0);
const WORDS = new Uint32Array(0);
const align = (bytes: number): number => (bytes + 7) & ~7;

/**
 * Collects sections and joins them once; unsigned integers are narrowed to the least width that holds them. All of it lies in
 * `room`.
 */
export class ColumnWriter {
  readonly #room: ColumnRoom;
  readonly #sections: { width: number; count: number; bytes: Uint8Array }[] = [];
  #length = 0;

  constructor(room = new ColumnRoom()) {
    this.#room = room;
  }

  bytes(values: Uint8Array): void {
    this.#add(1, values.length, values);
  }

  bigints(values: BigInt64Array): void {
    this.#add(8, values.length, viewOf(values));
  }

  floats(values: Float64Array): void {
    this.#add(8, values.length, viewOf(values));
  }

  uints(values: Uint32Array | Uint16Array): void {
    let all = 0;
    for (let i = 0; i < values.length; i++) all |= values[i]!;
    if (all >>> 8 === 0) this.#narrowed(BYTES, values);
    else if (all >>> 16 === 0) this.#narrowed(SHORTS, values);
    else this.#narrowed(WORDS, values);
  }

  /** Growing positions as the gap behind the record before: a byte each where the records lie close together. */
  positions(offset: Uint32Array, length: Uint32Array): void {
    const gaps = this.#room.like(WORDS, offset.length);
    let end = 0;
    for (let i = 0; i < offset.length; i++) {
      gaps[i] = offset[i]! - end;
      end = offset[i]! + length[i]!;
    }
    this.uints(gaps);
    this.uints(length);
  }

  strings(column: StringColumn): void {
    this.uints(column.index);
    this.bytes(Buffer.from(JSON.stringify(column.dictionary)));
  }

  #narrowed(kind: Uint8Array | Uint16Array | Uint32Array, values: Uint32Array | Uint16Array): void {
    const narrow = this.#room.like(kind, values.length);
    narrow.set(values);
    this.#add(kind.BYTES_PER_ELEMENT, values.length, viewOf(narrow));
  }

  build(): Uint8Array {
    const out = this.#room.like(BYTES, this.#length);
    const header = new DataView(out.buffer, out.byteOffset);
    let at = 0;
    for (const section of this.#sections) {
      header.setUint32(at, section.width, true);
      header.setUint32(at + 4, section.count, true);
      out.set(section.bytes, at + HEADER_BYTES);
      const end = at + HEADER_BYTES + section.bytes.length;
      at += HEADER_BYTES + align(section.bytes.length);
      out.fill(0, end, at);
    }
    return out;
  }

  #add(width: number, count: number, bytes: Uint8Array): void {
    this.#sections.push({ width, count, bytes });
    this.#length += HEADER_BYTES + align(bytes.length);
  }
}

/** Reads the sections in the order in which they were written; throws a RangeError where the bytes end too early. */
export class ColumnReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.length;
  }

  bytes(): Uint8Array {
    const section = this.#next();
    return new Uint8Array(this.#bytes.buffer, section.at, section.count);
  }

  bigints(): BigInt64Array {
    const section = this.#next();
    return new BigInt64Array(this.#bytes.buffer, section.at, section.count);
  }

  floats(): Float64Array {
    const section = this.#next();
    return new Float64Array(this.#bytes.buffer, section.at, section.count);
  }

  uints(): Uint32Array {
    const { width, count, at } = this.#next();
    if (width === 1) return new Uint32Array(new Uint8Array(this.#bytes.buffer, at, count));
    if (width === 2) return new Uint32Array(new Uint16Array(this.#bytes.buffer, at, count));
    return new Uint32Array(this.#bytes.buffer, at, count);
  }

  positions(): { offset: Uint32Array; length: Uint32Array } {
    const gaps = this.uints();
    const length = this.uints();
    const offset = new Uint32Array(gaps.length);
    let end = 0;
    for (let i = 0; i < gaps.length; i++) {
      offset[i] = gaps[i]! + end;
      end = offset[i]! + length[i]!;
    }
    return { offset, length };
  }

  strings(): StringColumn {
    const index = this.uints();
    return { index, dictionary: JSON.parse(Buffer.from(this.bytes()).toString()) as string[] };
  }

  #next(): { width: number; count: number; at: number } {
    const width = this.#view.getUint32(this.#at, true);
    const count = this.#view.getUint32(this.#at + 4, true);
    const start = this.#at + HEADER_BYTES;
    if (start + width * count > this.#bytes.length)
      throw new RangeError('a column ends before its last value');
    this.#at = start + align(width * count);
    return { width, count, at: this.#bytes.byteOffset + start };
  }
}

function viewOf(values: BigInt64Array | Float64Array | Uint8Array | Uint16Array | Uint32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
