/** The attributes of a sealed block's records: shapes tell which columns a record has values in, and in which order. */
import type { Attributes, AttributeValue } from '../../../telemetry/model.ts';
import { attributeText } from '../../attribute-text.ts';
import { unpackBits } from './bits.ts';
import type { ColumnEntry, Directory } from './directory.ts';
import { TYPE } from './layout.ts';
import { Ranks } from './ranks.ts';
import { type PackedStrings, readVarints } from './sections.ts';
import { bytesOf, decodePair, readStrings, readValues, setAttribute, type Values } from './values.ts';

/** With more shapes than this the place of a value is worked out for all records at once. */
const MAX_RANKED = 64;
/** More values than this are found by a walk over all records. */
const MAX_HITS = 64;

/** One column of a shape. */
interface ShapeColumn {
  entry: ColumnEntry;
  key: string;
  /** Attributes count, other fields of a record stand in shapes too. */
  isAttribute: boolean;
  /** False when a later attribute of the same key takes its place. */
  isVisible: boolean;
  /** Values that the record has in the same column behind this one. */
  behind: number;
}

/** Attributes by column; positions of records ascend wherever lists of them are handed in and out. */
export class AttributeColumns {
  readonly #directory: Directory;
  readonly #decode: (i: number) => Attributes;
  readonly #values = new Map<number, Values>();
  readonly #lastValue = new Map<number, Int32Array>();
  readonly #times = new Map<number, Uint32Array>();
  #ranks: Ranks | undefined;
  /** Messages of the column of any keys, of which a block has one. */
  #pairs: PackedStrings | undefined;
  #shapes: ShapeColumn[][] | undefined;
  #shapeOf: Uint32Array | undefined;

  /** `decode` gives the attributes of a record some of whose columns do not tell their keys. */
  constructor(directory: Directory, decode: (i: number) => Attributes) {
    this.#directory = directory;
    this.#decode = decode;
  }

  /**
   * The records that have a visible attribute `key` which reads as `text`, ascending; 'unknown' where only a decoder tells
   * who has the key.
   */
  matching(key: string, text: string): number[] | 'unknown' {
    const byShape = this.shapes.map((shape) => visible(shape, key));
    const entries = new Map<number, ColumnEntry>();
    for (const column of byShape) {
      if (column === 'unknown') return column;
      if (column !== undefined) entries.set(column.entry.number, column.entry);
    }
    const found: number[] = [];
    for (const entry of entries.values()) {
      const mask = this.values(entry).equalTo(text);
      if (!mask.includes(1)) continue;
      const behind = Int32Array.from(byShape, (column) =>
        typeof column === 'object' && column.entry.number === entry.number ? column.behind : -1,
      );
      this.#collect(found, entry, mask, behind);
    }
    return entries.size > 1 ? found.sort((a, b) => a - b) : found;
  }

  /** Adds the records whose value in the column is one of the mask; `behind` is -1 for shapes where it is not the visible one. */
  #collect(found: number[], entry: ColumnEntry, mask: Uint8Array, behind: Int32Array): void {
    const areAll = !mask.includes(0);
    const { positions } = this.values(entry);
    const hits = areAll || this.shapes.length > MAX_RANKED ? undefined : positions.among(mask, MAX_HITS);
    if (hits !== undefined) {
      const { shapeOf } = this;
      const ranks = this.#rankOf();
      for (const hit of hits) {
        const { record, last } = ranks.recordOf(hit, this.#timesOf(entry));
        if (last - hit === behind[shapeOf[record]!]) found.push(record);
      }
      return;
    }
    this.#collectAll(found, entry, areAll ? undefined : mask, behind);
  }

  /** The same by a walk over all records; without a mask every value counts. */
  #collectAll(found: number[], entry: ColumnEntry, mask: Uint8Array | undefined, behind: Int32Array): void {
    const { shapeOf } = this;
    const times = this.#timesOf(entry);
    const positions = mask && this.values(entry).positions.all;
    let last = -1;
    for (let i = 0; i < shapeOf.length; i++) {
      const shape = shapeOf[i]!;
      last += times[shape]!;
      const back = behind[shape]!;
      if (back >= 0 && (positions === undefined || mask![positions[last - back]!] === 1)) found.push(i);
    }
  }

  /**
   * Tells whether a record has a visible attribute `key` which reads as `text`. Where all or none of a column's values
   * read so its positions are not even decoded.
   */
  matcher(key: string, text: string): (i: number) => boolean {
    const masks = new Map<number, Uint8Array>();
    const byShape = this.shapes.map((shape) => {
      const column = visible(shape, key);
      if (column === undefined || column === 'unknown') return column;
      const mask = masks.get(column.entry.number) ?? this.values(column.entry).equalTo(text);
      masks.set(column.entry.number, mask);
      if (!mask.includes(1)) return undefined;
      if (!mask.includes(0)) return 'all' as const;
      return {
        mask,
        positions: this.values(column.entry).positions.all,
        last: this.#lastOf(column.entry),
        behind: column.behind,
      };
    });
    const { shapeOf } = this;
    return (i) => {
      const test = byShape[shapeOf[i]!];
      if (test === undefined) return false;
      if (test === 'all') return true;
      if (test !== 'unknown') return test.mask[test.positions[test.last[i]! - test.behind]!] === 1;
      const attributes = this.#decode(i);
      return Object.hasOwn(attributes, key) && attributeText(attributes[key]) === text;
    };
  }

  /** Text of the visible attribute `key` of a record; undefined when it has none. */
  textReader(key: string): (i: number) => string | undefined {
    const texts = new Map<number, (string | undefined)[]>();
    const columns = this.shapes.map((shape) => visible(shape, key));
    return (i) => {
      const column = columns[this.shapeOf[i]!];
      if (column === undefined) return undefined;
      if (column === 'unknown') {
        const attributes = this.#decode(i);
        return Object.hasOwn(attributes, key) ? attributeText(attributes[key]) : undefined;
      }
      let known = texts.get(column.entry.number);
      if (known === undefined) {
        known = [];
        texts.set(column.entry.number, known);
      }
      const position = this.#position(column, i);
      let text = known[position];
      if (text === undefined) {
        text = attributeText(this.values(column.entry).value(position));
        known[position] = text;
      }
      return text;
    };
  }

  /**
   * Sets `numbers[i]` to what `numberOf` gives for the text of the visible attribute `key` of each record that has one.
   * It is asked once for each value that occurs.
   */
  numberTexts(key: string, numberOf: (text: string) => number, numbers: Uint32Array): void {
    const columns = this.shapes.map((shape) => visible(shape, key));
    if (columns.every((column) => column === undefined)) return;
    const { shapeOf } = this;
    const sources = columns.map((column) =>
      column === undefined || column === 'unknown' ? undefined : this.#source(column),
    );
    const known = new Map(
      sources.map((source) => [source?.values, new Int32Array(source?.values.size ?? 0).fill(-1)]),
    );
    const numbered = sources.map((source) => known.get(source?.values)!);
    const read = this.textReader(key);
    for (let i = 0; i < numbers.length; i++) {
      const shape = shapeOf[i]!;
      const source = sources[shape];
      if (source === undefined) {
        const text = columns[shape] === undefined ? undefined : read(i);
        if (text !== undefined) numbers[i] = numberOf(text);
        continue;
      }
      const position = source.positions[source.last[i]! - source.behind]!;
      const ofValues = numbered[shape]!;
      if (ofValues[position] === -1)
        ofValues[position] = numberOf(attributeText(source.values.value(position)));
      numbers[i] = ofValues[position]!;
    }
  }

  #source(column: ShapeColumn): { values: Values; positions: Uint32Array; last: Int32Array; behind: number } {
    const values = this.values(column.entry);
    return {
      values,
      positions: values.positions.all,
      last: this.#lastOf(column.entry),
      behind: column.behind,
    };
  }

  /** Tells whether a record has a visible attribute whose key or value contains the lower-case text. */
  mentioner(text: string): (i: number) => boolean {
    const masks = new Map<number, Uint8Array | undefined>();
    const maskOf = (entry: ColumnEntry): Uint8Array | undefined => {
      if (!masks.has(entry.number)) masks.set(entry.number, this.#containing(entry, text));
      return masks.get(entry.number);
    };
    const byShape = this.shapes.map((shape) => {
      const seen = shape.filter((column) => column.isAttribute && column.isVisible);
      if (shape.some(isUnknown)) return 'unknown' as const;
      return seen.some(({ key }) => key.toLowerCase().includes(text)) ? ('all' as const) : seen;
    });
    return (i) => {
      const columns = byShape[this.shapeOf[i]!];
      if (columns === 'all') return true;
      if (columns === 'unknown' || columns === undefined) {
        return Object.entries(this.#decode(i)).some(
          ([key, value]) =>
            key.toLowerCase().includes(text) || attributeText(value).toLowerCase().includes(text),
        );
      }
      return columns.some((column) => maskOf(column.entry)?.[this.#position(column, i)] === 1);
    };
  }

  /** 1 at the values that contain the text; undefined when none does. */
  #containing(entry: ColumnEntry, text: string): Uint8Array | undefined {
    if (entry.type === TYPE.text) {
      const { bytes } = readStrings(this.#directory, entry);
      if (
        !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString().toLowerCase().includes(text)
      )
        return undefined;
    }
    const values = this.values(entry);
    const mask = new Uint8Array(values.size);
    for (let p = 0; p < mask.length; p++) {
      mask[p] = attributeText(values.value(p)).toLowerCase().includes(text) ? 1 : 0;
    }
    return mask;
  }

  /** The attributes of record `i`, of a repeated key the last. */
  attributes(i: number): Attributes {
    const attributes: Attributes = {};
    for (const column of this.shapes[this.shapeOf[i]!] ?? []) {
      if (!column.isAttribute) continue;
      const position = this.#position(column, i);
      if (column.entry.type === TYPE.anyKey) {
        const { key, value } = decodePair(bytesOf(this.#wholePairs(column.entry), position));
        setAttribute(attributes, key, value);
      } else setAttribute(attributes, column.key, this.values(column.entry).value(position));
    }
    return attributes;
  }

  #wholePairs(entry: ColumnEntry): PackedStrings {
    this.#pairs ??= readStrings(this.#directory, entry);
    return this.#pairs;
  }

  /** Value of the record in the field column of this type; undefined when it has none. */
  field(i: number, type: number): AttributeValue | undefined {
    const column = this.shapes[this.shapeOf[i]!]?.find(({ entry }) => entry.type === type);
    return column && this.values(column.entry).value(this.#position(column, i));
  }

  /** Columns of record `i` in their order, each with its value as bytes. */
  *rawValues(i: number): Generator<{ entry: ColumnEntry; key: string; value: Uint8Array }> {
    for (const column of this.shapes[this.shapeOf[i]!] ?? []) {
      const { entry, key } = column;
      yield { entry, key, value: this.values(entry).bytes(this.#position(column, i)) };
    }
  }

  values(entry: ColumnEntry): Values {
    let values = this.#values.get(entry.number);
    if (values === undefined) {
      values = readValues(this.#directory, entry);
      this.#values.set(entry.number, values);
    }
    return values;
  }

  #position(column: ShapeColumn, i: number): number {
    const { entry } = column;
    if (entry.count === 0) return 0;
    const last = this.#lastValue.get(entry.number)?.[i] ?? this.#rankAt(entry, i);
    return this.values(entry).positions.at(last - column.behind);
  }

  /** Which value of the column is the last one of record `i`. */
  #rankAt(entry: ColumnEntry, i: number): number {
    if (this.shapes.length > MAX_RANKED) return this.#lastOf(entry)[i]!;
    const last = this.#rankOf().upTo(i, this.#timesOf(entry)) - 1;
    if (last >= entry.count) throw new RangeError(`column ${entry.number} has ${entry.count} values`);
    return last;
  }

  #rankOf(): Ranks {
    this.#ranks ??= new Ranks(this.shapeOf, this.shapes.length);
    return this.#ranks;
  }

  /** Per shape: how many values of the column a record has. */
  #timesOf(entry: ColumnEntry): Uint32Array {
    let times = this.#times.get(entry.number);
    if (times === undefined) {
      times = Uint32Array.from(
        this.shapes,
        (shape) => shape.filter((column) => column.entry.number === entry.number).length,
      );
      this.#times.set(entry.number, times);
    }
    return times;
  }

  /** Per record: which value of the column is its last. */
  #lastOf(entry: ColumnEntry): Int32Array {
    const known = this.#lastValue.get(entry.number);
    if (known !== undefined) return known;
    const times = this.#timesOf(entry);
    const { shapeOf } = this;
    const last = new Int32Array(shapeOf.length);
    let met = 0;
    for (let i = 0; i < last.length; i++) {
      met += times[shapeOf[i]!]!;
      last[i] = met - 1;
    }
    if (met !== entry.count)
      throw new RangeError(`column ${entry.number} has ${entry.count} values, not ${met}`);
    this.#lastValue.set(entry.number, last);
    return last;
  }

  get shapeOf(): Uint32Array {
    if (this.#shapeOf === undefined) {
      const entry = this.#directory.find(TYPE.shape);
      if (entry === undefined) throw new RangeError('there are no shapes');
      const shapeOf = unpackBits(this.#directory.main(entry.number), entry.count);
      const { length } = this.shapes;
      for (let i = 0; i < shapeOf.length; i++)
        if (shapeOf[i]! >= length) throw new RangeError('no such shape');
      this.#shapeOf = shapeOf;
    }
    return this.#shapeOf;
  }

  get shapes(): ShapeColumn[][] {
    this.#shapes ??= readShapes(this.#directory);
    return this.#shapes;
  }
}

/** The column of a shape in which the key's visible value stands; 'unknown' when only the values tell their keys. */
function visible(shape: readonly ShapeColumn[], key: string): ShapeColumn | 'unknown' | undefined {
  const found = shape.findLast((column) => isUnknown(column) || (column.isAttribute && column.key === key));
  return found && isUnknown(found) ? 'unknown' : found;
}

/** True for columns of whole messages, or lines, that only a decoder takes apart. */
function isUnknown({ entry }: ShapeColumn): boolean {
  return entry.type === TYPE.anyKey || entry.type === TYPE.line;
}

function readShapes(directory: Directory): ShapeColumn[][] {
  const entry = directory.find(TYPE.shapes);
  if (entry === undefined) throw new RangeError('there are no shapes');
  const numbers = readVarints(directory.main(entry.number), entry.count);
  const columns = new Map<number, { entry: ColumnEntry; key: string }>();
  const columnAt = (number: number) => {
    let column = columns.get(number);
    if (column === undefined) {
      column = { entry: directory.entry(number), key: Buffer.from(directory.key(number)).toString() };
      columns.set(number, column);
    }
    return column;
  };
  const shapes: ShapeColumn[][] = [];
  for (let at = 0; at < numbers.length; ) {
    const end = at + 1 + numbers[at]!;
    if (end > numbers.length) throw new RangeError('a shape ends too early');
    shapes.push(shapeOf(Array.from(numbers.subarray(at + 1, end), columnAt)));
    at = end;
  }
  return shapes;
}

function shapeOf(columns: readonly { entry: ColumnEntry; key: string }[]): ShapeColumn[] {
  const shape: ShapeColumn[] = [];
  const keys = new Set<string>();
  const behind = new Map<number, number>();
  for (let n = columns.length - 1; n >= 0; n--) {
    const { entry, key } = columns[n]!;
    const isAttribute = entry.type <= TYPE.anyKey;
    const later = behind.get(entry.number) ?? 0;
    behind.set(entry.number, later + 1);
    shape.push({ entry, key, isAttribute, isVisible: isAttribute && !keys.has(key), behind: later });
    if (isAttribute) keys.add(key);
  }
  return shape.reverse();
}
