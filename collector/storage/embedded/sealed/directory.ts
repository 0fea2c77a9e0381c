/** The directory of a sealed block: written once, and read without touching more than what is asked for. */
import { crc32 } from 'node:zlib';
import { hashBytes } from './hashing.ts';
import {
  ENCODING,
  ENTRY_WORDS,
  HEADER_WORDS,
  MAGIC,
  NOWHERE,
  OLDER_MAGIC,
  PREFIX_BYTES,
  TYPE,
  WORD,
} from './layout.ts';
import { compressSection, decompressSection } from './sections.ts';

/** A column ready to be packed; sections as they are before compression. */
export interface PlainColumn {
  type: number;
  encoding: number;
  /** Bytes of the attribute's key. */
  key?: Uint8Array;
  count: number;
  distinct?: number;
  first?: Uint8Array;
  main?: Uint8Array;
  /** Two words, low and high: the least value, where the others are told by their distance to it. */
  min?: readonly [number, number];
  /** Both sections are surely random: not worth an attempt to compress them. */
  random?: boolean;
  /** `main` is so; `first` is worth it. */
  randomMain?: boolean;
}

/** Rows of the block's columns, by number. */
export interface StoredColumn {
  number: number;
  bytes: Uint8Array;
}

/** Columns and sections up to this many bytes stand in the directory. */
const INLINE_BYTES = 128;
/** Dictionaries up to this many bytes stand in the directory as they are; resources, which every search asks, longer ones. */
const INLINE_DICTIONARY_BYTES = 1024;
const INLINE_RESOURCE_BYTES = 8192;
/** Columns up to this many bytes share rows of about so many: a row costs as much to read as some kilobytes of it. */
const SHARED_BYTES = 8192;
const ROW_BYTES = 24_576;
const NOTHING = new Uint8Array(0);

/** Collects columns; their numbers are given in the order in which they are added. */
export class DirectoryWriter {
  readonly #entries: Uint32Array[] = [];
  readonly #heap: Uint8Array[] = [];
  readonly #columns: StoredColumn[] = [];
  readonly #shared: Uint8Array[] = [];
  #sharedRow = -1;
  #sharedBytes = 0;
  #rows = 0;
  #heapBytes = 0;

  /** Number of the next column. */
  get size(): number {
    return this.#entries.length;
  }

  add(column: PlainColumn): void {
    const { first = NOTHING, main = NOTHING, key = NOTHING, min, random = false } = column;
    const words = new Uint32Array(ENTRY_WORDS);
    this.#entries.push(words);
    words[WORD.keyHash] = hashBytes(key);
    words[WORD.keyOffset] = this.#place(key);
    words[WORD.keyLength] = key.length;
    words[WORD.kind] = column.type | (column.encoding << 8);
    words[WORD.count] = column.count;
    words[WORD.distinct] = column.distinct ?? 0;
    words[WORD.firstRaw] = first.length;
    words[WORD.mainRaw] = main.length;
    [words[WORD.minLow], words[WORD.minHigh]] = min ?? [0, 0];
    const isSmallDictionary =
      first.length > 0 &&
      first.length <= (column.type === TYPE.resources ? INLINE_RESOURCE_BYTES : INLINE_DICTIONARY_BYTES) &&
      (column.encoding === ENCODING.dictionary || column.encoding === ENCODING.dictionary64);
    const packedFirst = isSmallDictionary || random ? first : compressSection(first);
    const packedMain = random || column.randomMain ? main : compressSection(main);
    words[WORD.firstStored] = packedFirst.length;
    words[WORD.mainStored] = packedMain.length;
    words[WORD.firstPlace] = isSmallDictionary ? this.#place(packedFirst) : NOWHERE;
    const blob = isSmallDictionary ? packedMain : joined(packedFirst, packedMain);
    words[WORD.crc] = crc32(blob);
    words[WORD.place] = NOWHERE;
    if (blob.length <= INLINE_BYTES) words[WORD.place] = this.#place(blob);
    else [words[WORD.row], words[WORD.rowOffset]] = this.#store(blob);
  }

  #place(bytes: Uint8Array): number {
    const at = this.#heapBytes;
    this.#heap.push(bytes);
    this.#heapBytes += bytes.length;
    return at;
  }

  /** Row and offset of the bytes. */
  #store(blob: Uint8Array): [number, number] {
    if (blob.length > SHARED_BYTES) {
      this.#columns.push({ number: this.#rows, bytes: exact(blob) });
      return [this.#rows++, 0];
    }
    if (this.#sharedRow === -1) this.#sharedRow = this.#rows++;
    const place: [number, number] = [this.#sharedRow, this.#sharedBytes];
    this.#shared.push(blob);
    this.#sharedBytes += blob.length;
    if (this.#sharedBytes >= ROW_BYTES) this.#closeRow();
    return place;
  }

  #closeRow(): void {
    if (this.#sharedRow === -1) return;
    this.#columns.push({ number: this.#sharedRow, bytes: concatenated(this.#shared, this.#sharedBytes) });
    this.#shared.length = 0;
    this.#sharedBytes = 0;
    this.#sharedRow = -1;
  }

  build(records: number, flags: number): { directory: Uint8Array; columns: StoredColumn[] } {
    this.#closeRow();
    const words = HEADER_WORDS + this.#entries.length * ENTRY_WORDS;
    const plain = new Uint8Array(words * 4 + this.#heapBytes);
    const head = new Uint32Array(plain.buffer, 0, words);
    head.set([records, this.#entries.length, flags]);
    for (const [n, entry] of this.#entries.entries()) head.set(entry, HEADER_WORDS + n * ENTRY_WORDS);
    let at = words * 4;
    for (const bytes of this.#heap) {
      plain.set(bytes, at);
      at += bytes.length;
    }
    const packed = compressSection(plain);
    const directory = new Uint8Array(PREFIX_BYTES + packed.length);
    directory.set(packed, PREFIX_BYTES);
    const prefix = new DataView(directory.buffer);
    prefix.setUint32(0, MAGIC, true);
    prefix.setUint32(4, plain.length, true);
    prefix.setUint32(8, crc32(packed, plain.length), true);
    return { directory, columns: this.#columns };
  }
}

/** The bytes in a buffer that holds nothing else, so that it can be handed to another thread. */
function exact(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

function joined(first: Uint8Array, main: Uint8Array): Uint8Array {
  return first.length === 0 ? main : concatenated([first, main], first.length + main.length);
}

function concatenated(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** One column as the directory tells of it. */
export interface ColumnEntry {
  number: number;
  type: number;
  encoding: number;
  count: number;
  distinct: number;
  minLow: number;
  minHigh: number;
}

/** Gives the bytes of a row of the block; undefined when there is no such row. */
export type FetchColumn = (number: number) => Uint8Array | undefined;

/** Reads a directory. Every method throws a RangeError where the bytes are not what they should be. */
export class Directory {
  readonly records: number;
  readonly flags: number;
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #heap: number;
  readonly #fetch: FetchColumn;
  readonly #rows = new Map<number, Uint8Array>();
  readonly #checked = new Set<number>();

  constructor(stored: Uint8Array, fetch: FetchColumn) {
    this.#bytes = opened(stored);
    const { buffer, byteOffset } = this.#bytes;
    const head = new Uint32Array(buffer, byteOffset, HEADER_WORDS);
    this.records = head[0]!;
    this.size = head[1]!;
    this.flags = head[2]!;
    this.#words = new Uint32Array(buffer, byteOffset, HEADER_WORDS + this.size * ENTRY_WORDS);
    this.#heap = this.#words.byteLength;
    this.#fetch = fetch;
  }

  entry(number: number): ColumnEntry {
    if (number >= this.size) throw new RangeError(`there is no column ${number}`);
    const kind = this.#word(number, WORD.kind);
    return {
      number,
      type: kind & 0xff,
      encoding: kind >>> 8,
      count: this.#word(number, WORD.count),
      distinct: this.#word(number, WORD.distinct),
      minLow: this.#word(number, WORD.minLow),
      minHigh: this.#word(number, WORD.minHigh),
    };
  }

  /** The column of a type that has no key. */
  find(type: number): ColumnEntry | undefined {
    for (let n = 0; n < this.size; n++) {
      if ((this.#word(n, WORD.kind) & 0xff) === type) return this.entry(n);
    }
    return undefined;
  }

  /** True when there are attributes under this key. */
  hasKey(key: Uint8Array): boolean {
    const hash = hashBytes(key) >>> 0;
    for (let n = 0; n < this.size; n++) {
      if (this.#word(n, WORD.keyHash) !== hash || (this.#word(n, WORD.kind) & 0xff) > TYPE.json) continue;
      if (Buffer.compare(this.key(n), key) === 0) return true;
    }
    return false;
  }

  /** Key of column `number`. */
  key(number: number): Uint8Array {
    return this.#inHeap(this.#word(number, WORD.keyOffset), this.#word(number, WORD.keyLength));
  }

  first(number: number): Uint8Array {
    const stored = this.#word(number, WORD.firstStored);
    const place = this.#word(number, WORD.firstPlace);
    const bytes = place === NOWHERE ? this.#blob(number).subarray(0, stored) : this.#inHeap(place, stored);
    return decompressSection(bytes, this.#word(number, WORD.firstRaw));
  }

  main(number: number): Uint8Array {
    const blob = this.#blob(number);
    return decompressSection(
      blob.subarray(blob.length - this.#word(number, WORD.mainStored)),
      this.#word(number, WORD.mainRaw),
    );
  }

  /** `main` of a column that is read once: a row that holds nothing else is not kept. */
  mainOnce(number: number): Uint8Array {
    const main = this.main(number);
    const row = this.#word(number, WORD.row);
    if (
      this.#word(number, WORD.place) === NOWHERE &&
      this.#rows.get(row)?.length === this.#blob(number).length
    )
      this.#rows.delete(row);
    return main;
  }

  #word(number: number, n: number): number {
    return this.#words[HEADER_WORDS + number * ENTRY_WORDS + n]!;
  }

  #blob(number: number): Uint8Array {
    const place = this.#word(number, WORD.place);
    const ownFirst =
      this.#word(number, WORD.firstPlace) === NOWHERE ? this.#word(number, WORD.firstStored) : 0;
    const length = ownFirst + this.#word(number, WORD.mainStored);
    if (place !== NOWHERE) return this.#inHeap(place, length);
    const offset = this.#word(number, WORD.rowOffset);
    const bytes = this.#row(this.#word(number, WORD.row)).subarray(offset, offset + length);
    if (!this.#checked.has(number)) {
      if (bytes.length !== length || crc32(bytes) !== this.#word(number, WORD.crc))
        throw new RangeError(`column ${number} does not have its checksum`);
      this.#checked.add(number);
    }
    return bytes;
  }

  #row(row: number): Uint8Array {
    let bytes = this.#rows.get(row);
    if (bytes === undefined) {
      bytes = this.#fetch(row);
      if (bytes === undefined) throw new RangeError(`row ${row} is missing`);
      this.#rows.set(row, bytes);
    }
    return bytes;
  }

  #inHeap(offset: number, length: number): Uint8Array {
    const at = this.#heap + offset;
    if (at + length > this.#bytes.length) throw new RangeError('the heap ends too early');
    return this.#bytes.subarray(at, at + length);
  }
}

/** Header, entries and heap of a stored directory, at a multiple of four. */
function opened(stored: Uint8Array): Uint8Array {
  if (stored.length < PREFIX_BYTES) throw new RangeError('the directory has another form');
  const prefix = new DataView(stored.buffer, stored.byteOffset);
  const magic = prefix.getUint32(0, true);
  if (magic === OLDER_MAGIC)
    throw new RangeError('it was sealed by a version of this program that was never released');
  if (magic !== MAGIC) throw new RangeError('the directory has another form');
  const plainBytes = prefix.getUint32(4, true);
  const packed = stored.subarray(PREFIX_BYTES);
  if (crc32(packed, plainBytes) !== prefix.getUint32(8, true))
    throw new RangeError('the directory does not have its checksum');
  const plain = decompressSection(packed, plainBytes);
  return plain.byteOffset % 4 === 0 ? plain : new Uint8Array(plain);
}
