/** The values of one attribute column, decoded when asked for. */
import { parseJson } from '../../../formats/json-parse.ts';
import { toValue } from '../../../formats/otlp-protobuf/attributes.ts';
import { anyValueCodec, keyValueCodec } from '../../../formats/otlp-protobuf/messages.ts';
import type { Attributes, AttributeValue } from '../../../telemetry/model.ts';
import { attributeText } from '../../attribute-text.ts';
import { Bits, unpackBits } from './bits.ts';
import type { ColumnEntry, Directory } from './directory.ts';
import { ENCODING, TYPE } from './layout.ts';
import { type PackedStrings, unpackStrings, wordPairs } from './sections.ts';

/** Distinct (or simply all) values of a column, and which of them each occurrence has. */
export interface Values {
  /** Values that positions speak of. */
  readonly size: number;
  /** Per occurrence: position of its value. */
  readonly positions: Positions;
  value(position: number): AttributeValue;
  /** The bytes of a string, the digits of a number. */
  bytes(position: number): Uint8Array;
  /** 1 at the positions whose value reads as `text`. */
  equalTo(text: string): Uint8Array;
}

/** The values of an attribute's column. */
export function readValues(directory: Directory, entry: ColumnEntry): Values {
  if (entry.encoding === ENCODING.dictionary || entry.encoding === ENCODING.plain)
    return new StringValues(directory, entry);
  return new WordValues(directory, entry);
}

/** Strings of a column that is encoded as a dictionary or plainly. */
export function readStrings(directory: Directory, entry: ColumnEntry): PackedStrings {
  const size = entry.encoding === ENCODING.dictionary ? entry.distinct : entry.count;
  return unpackStrings(directory.first(entry.number), size);
}

/** Per occurrence: which of the values it is. */
export interface Positions {
  at(occurrence: number): number;
  readonly all: Uint32Array;
  /** Occurrences whose value is 1 in the mask; undefined when there are more than `most`. */
  among(mask: Uint8Array, most: number): number[] | undefined;
}

/** Throws a RangeError where there is no such value. */
export function readPositions(directory: Directory, entry: ColumnEntry): Positions {
  const isDictionary = entry.encoding === ENCODING.dictionary || entry.encoding === ENCODING.dictionary64;
  if (!isDictionary) return new OwnPositions(entry.count);
  return new CheckedPositions(new Bits(directory.main(entry.number), entry.count), entry.distinct);
}

/** Positions in a dictionary. */
class CheckedPositions implements Positions {
  readonly #bits: Bits;
  readonly #size: number;
  #all: Uint32Array | undefined;

  constructor(bits: Bits, size: number) {
    this.#bits = bits;
    this.#size = size;
  }

  at(occurrence: number): number {
    const position = this.#bits.at(occurrence);
    if (position >= this.#size) throw new RangeError(`value ${position} of ${this.#size}`);
    return position;
  }

  get all(): Uint32Array {
    if (this.#all !== undefined) return this.#all;
    const { all } = this.#bits;
    for (let i = 0; i < all.length; i++) {
      if (all[i]! >= this.#size) throw new RangeError(`value ${all[i]} of ${this.#size}`);
    }
    this.#all = all;
    return all;
  }

  among(mask: Uint8Array, most: number): number[] | undefined {
    return this.#bits.among(mask, most);
  }
}

/** Every occurrence has a value of its own. */
class OwnPositions implements Positions {
  readonly #count: number;
  #all: Uint32Array | undefined;

  constructor(count: number) {
    this.#count = count;
  }

  at(occurrence: number): number {
    return occurrence;
  }

  get all(): Uint32Array {
    this.#all ??= Uint32Array.from({ length: this.#count }, (_, i) => i);
    return this.#all;
  }

  among(mask: Uint8Array, most: number): number[] | undefined {
    const found: number[] = [];
    for (let i = mask.indexOf(1); i !== -1; i = mask.indexOf(1, i + 1)) {
      if (found.push(i) > most) return undefined;
    }
    return found;
  }
}

export function textOf({ bytes, ends }: PackedStrings, position: number): string {
  const from = position === 0 ? 0 : ends[position - 1]!;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
    'utf8',
    from,
    ends[position]!,
  );
}

export function bytesOf({ bytes, ends }: PackedStrings, position: number): Uint8Array {
  return bytes.subarray(position === 0 ? 0 : ends[position - 1]!, ends[position]!);
}

class StringValues implements Values {
  readonly size: number;
  readonly #directory: Directory;
  readonly #entry: ColumnEntry;
  readonly #strings: PackedStrings;
  readonly #values: (AttributeValue | undefined)[] = [];
  #positions: Positions | undefined;

  constructor(directory: Directory, entry: ColumnEntry) {
    this.#directory = directory;
    this.#entry = entry;
    this.#strings = readStrings(directory, entry);
    this.size = this.#strings.ends.length;
  }

  get positions(): Positions {
    this.#positions ??= readPositions(this.#directory, this.#entry);
    return this.#positions;
  }

  value(position: number): AttributeValue {
    let value = this.#values[position];
    if (value === undefined) {
      value = this.#decode(position);
      this.#values[position] = value;
    }
    return value;
  }

  bytes(position: number): Uint8Array {
    return bytesOf(this.#strings, position);
  }

  #decode(position: number): AttributeValue {
    const { type } = this.#entry;
    if (type === TYPE.text) return textOf(this.#strings, position);
    return decodeValue(type, bytesOf(this.#strings, position));
  }

  equalTo(text: string): Uint8Array {
    const mask = new Uint8Array(this.size);
    if (this.#entry.type !== TYPE.text && this.#entry.type !== TYPE.bodyText) {
      for (let p = 0; p < this.size; p++) mask[p] = attributeText(this.value(p)) === text ? 1 : 0;
      return mask;
    }
    const wanted = Buffer.from(text);
    const { bytes, ends } = this.#strings;
    for (let p = 0, from = 0; p < this.size; p++) {
      const end = ends[p]!;
      if (end - from === wanted.length && isSame(bytes, from, wanted)) mask[p] = 1;
      from = end;
    }
    return mask;
  }
}

function isSame(bytes: Uint8Array, from: number, wanted: Uint8Array): boolean {
  for (let i = wanted.length - 1; i >= 0; i--) if (bytes[from + i] !== wanted[i]) return false;
  return true;
}

function decodeValue(type: number, bytes: Uint8Array): AttributeValue {
  if (type === TYPE.other || type === TYPE.anyKey) return decodePair(bytes).value;
  if (type === TYPE.bodyOther) return toValue(anyValueCodec.decode(bytes));
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  return type === TYPE.json ? (parseJson(text) as AttributeValue) : text;
}

/** How the value of a column of byte strings reads. */
export function textOfValue(type: number, bytes: Uint8Array): string {
  return attributeText(decodeValue(type, bytes));
}

class WordValues implements Values {
  readonly size: number;
  readonly #directory: Directory;
  readonly #entry: ColumnEntry;
  readonly #words: Uint32Array;
  #positions: Positions | undefined;

  constructor(directory: Directory, entry: ColumnEntry) {
    this.#directory = directory;
    this.#entry = entry;
    this.#words = readWords(directory, entry);
    this.size = this.#words.length / 2;
  }

  get positions(): Positions {
    this.#positions ??= readPositions(this.#directory, this.#entry);
    return this.#positions;
  }

  value(position: number): AttributeValue {
    const low = this.#words[position * 2]!;
    const high = this.#words[position * 2 + 1]!;
    if (this.#entry.type === TYPE.bool) return (low | high) !== 0;
    if (this.#entry.type === TYPE.double) return doubleOf(low, high);
    return integerOf(low, high);
  }

  bytes(position: number): Uint8Array {
    return Buffer.from(String(this.value(position)));
  }

  equalTo(text: string): Uint8Array {
    const mask = new Uint8Array(this.size);
    for (let p = 0; p < this.size; p++) mask[p] = String(this.value(p)) === text ? 1 : 0;
    return mask;
  }
}

/** Values of 64 bits as pairs of words: the dictionary's, or those of all occurrences. */
function readWords(directory: Directory, entry: ColumnEntry): Uint32Array {
  if (entry.encoding === ENCODING.dictionary64)
    return wordPairs(directory.first(entry.number), entry.distinct);
  if (entry.encoding === ENCODING.fixed64) return wordPairs(directory.main(entry.number), entry.count);
  const above = unpackBits(directory.main(entry.number), entry.count);
  const words = new Uint32Array(entry.count * 2);
  for (let i = 0; i < entry.count; i++) {
    const low = above[i]! + entry.minLow;
    words[i * 2] = low;
    words[i * 2 + 1] = entry.minHigh + (low > 0xffff_ffff ? 1 : 0);
  }
  return words;
}

/** A signed integer as a number where that is exact, else as bigint. */
function integerOf(low: number, high: number): number | bigint {
  const value = (high | 0) * 0x1_0000_0000 + low;
  if (Number.isSafeInteger(value)) return value;
  return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
}

function doubleOf(low: number, high: number): number {
  return new Float64Array(Uint32Array.of(low, high).buffer)[0]!;
}

/** Sets one attribute; a key like `__proto__` becomes a key, not a prototype. */
export function setAttribute(attributes: Attributes, key: string, value: AttributeValue): void {
  if (key !== '__proto__') attributes[key] = value;
  else
    Object.defineProperty(attributes, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Key and value of a whole KeyValue message. */
export function decodePair(bytes: Uint8Array): { key: string; value: AttributeValue } {
  const pair = keyValueCodec.decode(bytes);
  return { key: pair.key ?? '', value: toValue(pair.value) };
}
