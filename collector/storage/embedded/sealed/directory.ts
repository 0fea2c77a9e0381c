/** The directory of a sealed block: written once, and read without touching more than what is asked for. */
import { crc32 } from 'node:zlib';
import { hashBytes } from './hashing.ts';
import { ENCODING, ENTRY_WORDS, HEADER_WORDS, MAGIC, NOWHERE, TYPE, WORD } from './layout.ts';
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
  /** Two words each, low and high. */
  min?: readonly [number, number];
  max?: readonly [number, number];
  bloom?: Uint32Array;
  /** Surely random: not worth an attempt to compress. */
  random?: boolean;
}

/** Columns that have a row of their own, by number. */
export interface StoredColumn {
  number: number;
  bytes: Uint8Array;
}

/** Columns and sections up to this many bytes stand in the directory. */
const INLINE_BYTES = 256;
/** Dictionaries up to this many bytes stand in the directory as they are, so that it tells whether they hold a value. */
const INLINE_DICTIONARY_BYTES = 1024;
const NOTHING = new Uint8Array(0);

/** Collects columns; their numbers are given in the order in which they are added. */
export class DirectoryWriter {
  readonly #entries: Uint32Array[] = [];
  readonly #heap: Uint8Array[] = [];
  readonly #columns: StoredColumn[] = [];
  #heapBytes = 0;

  /** Number of the next column. */
  get size(): number {
    return this.#entries.length;
  }

  add(column: PlainColumn): void {
    const { first = NOTHING, main = NOTHING, key = NOTHING, min, max } = column;
    const words = new Uint32Array(ENTRY_WORDS);
    const number = this.#entries.push(words) - 1;
    words[WORD.keyHash] = hashBytes(key);
    words[WORD.keyOffset] = this.#place(key);
    words[WORD.keyLength] = key.length;
    words[WORD.kind] = column.type | (column.encoding << 8);
    words[WORD.count] = column.count;
    words[WORD.distinct] = column.distinct ?? 0;
    words[WORD.firstRaw] = first.length;
    words[WORD.mainRaw] = main.length;
    [words[WORD.minLow], words[WORD.minHigh]] = min ?? [0, 0];
    [words[WORD.maxLow], words[WORD.maxHigh]] = max ?? [0, 0];
    const isSmallDictionary =
      first.length > 0 &&
      first.length <= INLINE_DICTIONARY_BYTES &&
      (column.encoding === ENCODING.dictionary || column.encoding === ENCODING.dictionary64);
    const packedFirst = isSmallDictionary || column.random ? first : compressSection(first);
    const packedMain = column.random ? main : compressSection(main);
    words[WORD.firstStored] = packedFirst.length;
    words[WORD.mainStored] = packedMain.length;
    words[WORD.firstPlace] = isSmallDictionary ? this.#place(packedFirst) : NOWHERE;
    const blob = isSmallDictionary ? packedMain : joined(packedFirst, packedMain);
    words[WORD.crc] = crc32(blob);
    words[WORD.place] = blob.length <= INLINE_BYTES ? this.#place(blob) : NOWHERE;
    if (words[WORD.place] === NOWHERE) this.#columns.push({ number, bytes: exact(blob) });
    words[WORD.bloom] = NOWHERE;
    if (column.bloom && !isSmallDictionary) words[WORD.bloom] = this.#addBloom(column.bloom);
  }

  #addBloom(filter: Uint32Array): number {
    const number = this.#entries.length;
    const main = new Uint8Array(filter.buffer, filter.byteOffset, filter.byteLength);
    this.add({ type: TYPE.bloom, encoding: ENCODING.bytes, count: filter.length, main, random: true });
    return number;
  }

  #place(bytes: Uint8Array): number {
    const at = this.#heapBytes;
    this.#heap.push(bytes);
    this.#heapBytes += bytes.length;
    return at;
  }

  build(records: number, flags: number): { directory: Uint8Array; columns: StoredColumn[] } {
    const words = HEADER_WORDS + this.#entries.length * ENTRY_WORDS;
    const directory = new Uint8Array(words * 4 + this.#heapBytes + 4);
    const head = new Uint32Array(directory.buffer, 0, words);
    head.set([MAGIC, records, this.#entries.length, flags]);
    for (const [n, entry] of this.#entries.entries()) head.set(entry, HEADER_WORDS + n * ENTRY_WORDS);
    let at = words * 4;
    for (const bytes of this.#heap) {
      directory.set(bytes, at);
      at += bytes.length;
    }
    new DataView(directory.buffer).setUint32(at, crc32(directory.subarray(0, at)), true);
    return { directory, columns: this.#columns };
  }
}

/** The bytes in a buffer that holds nothing else, so that it can be handed to another thread. */
function exact(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

function joined(first: Uint8Array, main: Uint8Array): Uint8Array {
  if (first.length === 0) return main;
  const both = new Uint8Array(first.length + main.length);
  both.set(first);
  both.set(main, first.length);
  return both;
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
  maxLow: number;
  maxHigh: number;
}

/** Gives the bytes of a column's row; undefined when there is no such row. */
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
  readonly #blobs = new Map<number, Uint8Array>();

  constructor(bytes: Uint8Array, fetch: FetchColumn) {
    this.#bytes = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    const { buffer, byteOffset, length } = this.#bytes;
    const end = length - 4;
    const head = end < HEADER_WORDS * 4 ? undefined : new Uint32Array(buffer, byteOffset, HEADER_WORDS);
    if (head?.[0] !== MAGIC) throw new RangeError('the directory has another form');
    if (crc32(this.#bytes.subarray(0, end)) !== new DataView(buffer, byteOffset + end).getUint32(0, true))
      throw new RangeError('the directory does not have its checksum');
    this.records = head[1]!;
    this.size = head[2]!;
    this.flags = head[3]!;
    this.#words = new Uint32Array(buffer, byteOffset, HEADER_WORDS + this.size * ENTRY_WORDS);
    this.#heap = this.#words.byteLength;
    this.#fetch = fetch;
  }

  entry(number: number): ColumnEntry {
    if (number >= this.size) throw new RangeError(`there is no column ${number}`);
    const word = (n: number) => this.#word(number, n);
    const kind = word(WORD.kind);
    return {
      number,
      type: kind & 0xff,
      encoding: kind >>> 8,
      count: word(WORD.count),
      distinct: word(WORD.distinct),
      minLow: word(WORD.minLow),
      minHigh: word(WORD.minHigh),
      maxLow: word(WORD.maxLow),
      maxHigh: word(WORD.maxHigh),
    };
  }

  /** The column of a type that has no key. */
  find(type: number): ColumnEntry | undefined {
    for (let n = 0; n < this.size; n++) {
      if ((this.#word(n, WORD.kind) & 0xff) === type) return this.entry(n);
    }
    return undefined;
  }

  /** Columns of attributes under this key. */
  findKey(key: Uint8Array): ColumnEntry[] {
    const hash = hashBytes(key) >>> 0;
    const found: ColumnEntry[] = [];
    for (let n = 0; n < this.size; n++) {
      if (this.#word(n, WORD.keyHash) !== hash || (this.#word(n, WORD.kind) & 0xff) > TYPE.json) continue;
      if (Buffer.compare(this.key(n), key) === 0) found.push(this.entry(n));
    }
    return found;
  }

  /** Key of column `number`. */
  key(number: number): Uint8Array {
    return this.#inHeap(this.#word(number, WORD.keyOffset), this.#word(number, WORD.keyLength));
  }

  /** True when `first` needs no other row. */
  hasFirst(number: number): boolean {
    return this.#word(number, WORD.firstPlace) !== NOWHERE || this.#word(number, WORD.place) !== NOWHERE;
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

  /** The bloom filter over the column's values. */
  bloom(number: number): Uint32Array | undefined {
    const at = this.#word(number, WORD.bloom);
    if (at === NOWHERE) return undefined;
    const main = new Uint8Array(this.main(at));
    return new Uint32Array(main.buffer, 0, main.length >>> 2);
  }

  /** Forgets what was fetched. */
  forget(number: number): void {
    this.#blobs.delete(number);
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
    const known = this.#blobs.get(number);
    if (known !== undefined) return known;
    const bytes = this.#fetch(number);
    if (bytes === undefined) throw new RangeError(`column ${number} is missing`);
    if (bytes.length !== length || crc32(bytes) !== this.#word(number, WORD.crc))
      throw new RangeError(`column ${number} does not have its checksum`);
    this.#blobs.set(number, bytes);
    return bytes;
  }

  #inHeap(offset: number, length: number): Uint8Array {
    const at = this.#heap + offset;
    if (at + length > this.#bytes.length) throw new RangeError('the heap ends too early');
    return this.#bytes.subarray(at, at + length);
  }
}
