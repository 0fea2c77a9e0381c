/** Takes the attributes of one record after the other apart into columns, straight from their bytes. */
import type { Arena, ByteTable, StringsColumn } from './byte-table.ts';
import type { DirectoryWriter } from './directory.ts';
import { hashBytes } from './hashing.ts';
import { MAX_ATTRIBUTE_COLUMNS, TYPE } from './layout.ts';
import { packStringColumn, packVarintColumn, packWordColumn, WordsColumn } from './pack-columns.ts';
import type { PairFilterWriter } from './pair-filter.ts';
import { textOfValue } from './values.ts';
import { VarintWords } from './wire.ts';

/** Tags of KeyValue and AnyValue (opentelemetry/proto/common/v1/common.proto). */
const KEY = 0x0a;
const VALUE = 0x12;
const STRING = 0x0a;
const BOOL = 0x10;
const INT = 0x18;
const DOUBLE = 0x21;

/** Values of a column that only a decoder tells which are read for the filter. */
const MAX_READ = 256;

/** One column of a key and type. */
interface Collected {
  type: number;
  keyStart: number;
  keyLength: number;
  strings: StringsColumn | undefined;
  words: WordsColumn | undefined;
}

/**
 * A record's columns in their order are its shape. Shapes are the nodes of a tree in which each step is a column;
 * the step taken last from a node is tried first, because records of one kind look alike.
 */
export class AttributeCollector {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #table: ByteTable;
  readonly #keys: StringsColumn;
  readonly #columns: Collected[] = [];
  /** Column by key position * 8 + type. */
  readonly #byKey = new Map<number, number>();
  readonly #lastColumn: number[] = [-1];
  readonly #lastNode: number[] = [0];
  readonly #parent: number[] = [-1];
  readonly #ownColumn: number[] = [-1];
  readonly #shapeOfNode: number[] = [-1];
  readonly #steps = new Map<number, number>();
  readonly #shapes: number[] = [];
  #node = 0;
  #anyKey = -1;
  readonly #varint = new VarintWords();

  constructor(arena: Arena, table: ByteTable) {
    this.#bytes = arena.bytes;
    this.#view = arena.view;
    this.#table = table;
    this.#keys = table.column();
  }

  begin(): void {
    this.#node = 0;
  }

  /** Number of the shape of the record whose columns were all told. */
  end(): number {
    const node = this.#node;
    if (this.#shapeOfNode[node] === -1) this.#shapeOfNode[node] = this.#shapes.push(node) - 1;
    return this.#shapeOfNode[node]!;
  }

  /** Makes a column without a key, for a field that not every record has. */
  field(type: number, hasWords: boolean): number {
    return this.#columns.push(this.#collected(type, hasWords, 0, 0)) - 1;
  }

  /** The record has the bytes as the next value of a field's column. */
  pushField(column: number, start: number, length: number): void {
    const { strings } = this.#columns[column]!;
    strings!.push(this.#table.position(strings!, start, length));
    this.#step(column);
  }

  /** The same for a number; `low` and `high` are left out where the column holds no values. */
  pushWords(column: number, low: number, high: number): void {
    this.#columns[column]!.words!.push(low, high);
    this.#step(column);
  }

  /** The record has the field, of which only that is told. */
  mark(column: number): void {
    this.#step(column);
  }

  /** Makes the column of an attribute that may come up, while there is room for it. */
  reserve(type: number, keyStart: number, keyLength: number): number {
    return this.#column(type, keyStart, keyLength);
  }

  /** True when so many more columns may come up. */
  hasRoom(columns: number): boolean {
    return this.#columns.length + columns <= MAX_ATTRIBUTE_COLUMNS;
  }

  /** The record has an attribute whose value is the bytes; `hasRoom` must have been asked. */
  pushBytes(type: number, keyStart: number, keyLength: number, start: number, length: number): void {
    this.pushField(this.#column(type, keyStart, keyLength), start, length);
  }

  /** The record has an attribute whose value is a number below 2^53. */
  pushInteger(keyStart: number, keyLength: number, value: number): void {
    const high = Math.floor(value / 0x1_0000_0000);
    this.pushWords(this.#column(TYPE.int, keyStart, keyLength), value - high * 0x1_0000_0000, high >>> 0);
  }

  /** Takes a KeyValue message that stands from `from` to `to`, which must lie inside the body. */
  attribute(from: number, to: number): void {
    const bytes = this.#bytes;
    // The usual form, every length in one byte: key, then a value of one field.
    const keyLength = bytes[from + 1]!;
    const keyStart = from + 2;
    const value = keyStart + keyLength;
    if (bytes[from] === KEY && keyLength < 0x80 && value + 3 < to && bytes[value] === VALUE) {
      const size = bytes[value + 1]!;
      if (size < 0x80 && value + 2 + size === to && this.#value(keyStart, keyLength, value + 2, to)) return;
    }
    this.#unusual(from, to);
  }

  /** Takes the one field of an AnyValue; false, and nothing taken, when it is not exactly one scalar. */
  #value(keyStart: number, keyLength: number, from: number, to: number): boolean {
    const bytes = this.#bytes;
    const tag = bytes[from];
    if (tag === STRING) {
      let length = bytes[from + 1]!;
      let start = from + 2;
      if (length >= 0x80) {
        start = this.#varint.read(this.#bytes, from + 1, to);
        if (this.#varint.high !== 0) return false;
        length = this.#varint.low;
      }
      if (start + length !== to) return false;
      const column = this.#column(TYPE.text, keyStart, keyLength);
      if (column !== -1) this.pushField(column, start, length);
      return column !== -1;
    }
    if (tag === INT && this.#varint.read(this.#bytes, from + 1, to) === to) {
      const [low, high] = [this.#varint.low, this.#varint.high];
      return this.#number(TYPE.int, keyStart, keyLength, low, high);
    }
    if (tag === DOUBLE && from + 9 === to) {
      return this.#number(
        TYPE.double,
        keyStart,
        keyLength,
        this.#view.getUint32(from + 1, true),
        this.#view.getUint32(from + 5, true),
      );
    }
    if (tag === BOOL && from + 2 === to && bytes[from + 1]! <= 1) {
      return this.#number(TYPE.bool, keyStart, keyLength, bytes[from + 1]!, 0);
    }
    return false;
  }

  #number(type: number, keyStart: number, keyLength: number, low: number, high: number): boolean {
    const column = this.#column(type, keyStart, keyLength);
    if (column !== -1) this.pushWords(column, low, high);
    return column !== -1;
  }

  /** Long lengths, or a form that only a decoder understands: the message is kept whole under its key. */
  #unusual(from: number, to: number): void {
    const bytes = this.#bytes;
    let keyStart = from;
    let keyLength = 0;
    let fields = 0;
    let [valueFrom, valueTo] = [to, to];
    for (let p = from; p < to; fields++) {
      const tag = bytes[p]!;
      const start = this.#varint.read(this.#bytes, p + 1, to);
      if ((tag !== KEY && tag !== VALUE) || this.#varint.high !== 0 || start + this.#varint.low > to) {
        // A field that we do not know: its place among the others is for a decoder to tell.
        this.#whole(keyStart, keyLength, from, to, true);
        return;
      }
      if (tag === KEY) [keyStart, keyLength] = [start, this.#varint.low];
      else [valueFrom, valueTo] = [start, start + this.#varint.low];
      p = start + this.#varint.low;
    }
    const isPlain = fields === 2 && valueTo === to && valueFrom < to && bytes[from] === KEY;
    if (isPlain && this.#value(keyStart, keyLength, valueFrom, valueTo)) return;
    this.#whole(keyStart, keyLength, from, to, false);
  }

  #whole(keyStart: number, keyLength: number, from: number, to: number, hasUnknown: boolean): void {
    const column = hasUnknown ? -1 : this.#column(TYPE.other, keyStart, keyLength);
    this.pushField(column === -1 ? this.#any() : column, from, to - from);
  }

  /** The column of messages whose keys only a decoder tells. */
  #any(): number {
    if (this.#anyKey === -1) this.#anyKey = this.field(TYPE.anyKey, false);
    return this.#anyKey;
  }

  /** Column of the key and type; -1 when there are too many. */
  #column(type: number, keyStart: number, keyLength: number): number {
    const likely = this.#lastColumn[this.#node]!;
    if (likely !== -1) {
      const column = this.#columns[likely]!;
      if (
        column.type === type &&
        column.keyLength === keyLength &&
        this.#isKey(column.keyStart, keyStart, keyLength)
      )
        return likely;
    }
    const name = this.#table.position(this.#keys, keyStart, keyLength) * 8 + type;
    const known = this.#byKey.get(name);
    if (known !== undefined) return known;
    if (this.#columns.length >= MAX_ATTRIBUTE_COLUMNS) return -1;
    const hasWords = type === TYPE.int || type === TYPE.double || type === TYPE.bool;
    const column = this.#columns.push(this.#collected(type, hasWords, keyStart, keyLength)) - 1;
    this.#byKey.set(name, column);
    return column;
  }

  #isKey(one: number, other: number, length: number): boolean {
    const bytes = this.#bytes;
    for (let i = length - 1; i >= 0; i--) if (bytes[one + i] !== bytes[other + i]) return false;
    return true;
  }

  #collected(type: number, hasWords: boolean, keyStart: number, keyLength: number): Collected {
    return {
      type,
      keyStart,
      keyLength,
      strings: hasWords ? undefined : this.#table.column(),
      words: hasWords ? new WordsColumn() : undefined,
    };
  }

  #step(column: number): void {
    const node = this.#node;
    if (this.#lastColumn[node] === column) {
      this.#node = this.#lastNode[node]!;
      return;
    }
    const step = node * 8192 + column;
    let next = this.#steps.get(step);
    if (next === undefined) {
      next = this.#parent.push(node) - 1;
      this.#ownColumn.push(column);
      this.#lastColumn.push(-1);
      this.#lastNode.push(0);
      this.#shapeOfNode.push(-1);
      this.#steps.set(step, next);
    }
    this.#lastColumn[node] = column;
    this.#lastNode[node] = next;
    this.#node = next;
  }

  /** Adds all columns and the shapes to the directory, and all attributes to the filter. */
  write(directory: DirectoryWriter, filter: PairFilterWriter): void {
    const bytes = this.#bytes;
    const used = new Set(this.#ownColumn);
    const numbers = this.#columns.map((column, n) => {
      const number = directory.size;
      if (!used.has(n)) return number;
      this.#filter(column, filter);
      const key = bytes.slice(column.keyStart, column.keyStart + column.keyLength);
      if (column.strings) directory.add(packStringColumn(column.type, bytes, column.strings, key));
      else if (column.words) directory.add(packWordColumn(column.type, column.words, key));
      return number;
    });
    const shapes = this.#shapes.flatMap((node) => {
      const columns: number[] = [];
      for (let at = node; at > 0; at = this.#parent[at]!) columns.push(numbers[this.#ownColumn[at]!]!);
      return [columns.length, ...columns.reverse()];
    });
    directory.add(packVarintColumn(TYPE.shapes, shapes, this.#shapes.length));
  }

  #filter({ type, keyStart, keyLength, strings, words }: Collected, filter: PairFilterWriter): void {
    if (type === TYPE.anyKey || type === TYPE.line) filter.addAnyKey();
    if (type > TYPE.json) return;
    const key = hashBytes(this.#bytes.subarray(keyStart, keyStart + keyLength));
    words?.forEach((low, high) => {
      filter.addWords(key, type, low, high);
    });
    if (strings === undefined) return;
    if (type === TYPE.text) {
      for (let n = 0; n < strings.distinct; n++) filter.addText(key, strings.hashes[n]!);
    } else if (strings.distinct > MAX_READ) filter.addAnyValue(key);
    else {
      for (let n = 0; n < strings.distinct; n++) {
        const from = strings.starts[n]!;
        const text = readable(type, this.#bytes.subarray(from, from + strings.lengths[n]!));
        if (text === undefined) filter.addAnyValue(key);
        else filter.addText(key, hashBytes(Buffer.from(text)));
      }
    }
  }
}

/** Undefined where a decoder refuses the value: whoever reads the record is told so. */
function readable(type: number, bytes: Uint8Array): string | undefined {
  try {
    return textOfValue(type, bytes);
  } catch {
    return undefined;
  }
}
