/** What sealed blocks of spans and of logs have in common: resources, scopes, attributes, members. */
import { toAttributes } from '../../../formats/otlp-protobuf/attributes.ts';
import { resourceCodec, scopeCodec } from '../../../formats/otlp-protobuf/messages.ts';
import type { StringColumn } from '../../../telemetry/columns.ts';
import { CollectorError } from '../../../telemetry/errors.ts';
import type { Attributes } from '../../../telemetry/model.ts';
import { attributeText } from '../../attribute-text.ts';
import type { BlockMeta } from '../block.ts';
import { messageOf } from '../file.ts';
import { AttributeColumns } from './attribute-columns.ts';
import { unpackBits } from './bits.ts';
import { type ColumnEntry, Directory, type FetchColumn } from './directory.ts';
import { readTraceIds } from './id-columns.ts';
import { FLAG, TYPE } from './layout.ts';
import { Members } from './members.ts';
import type { PackedStrings } from './sections.ts';
import { bytesOf, type Positions, readPositions, readStrings, textOf } from './values.ts';

/** Runs a read of the block; what its bytes do not allow is `store-damaged`. */
export function reading<T>(meta: BlockMeta, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof CollectorError && cause.code === 'store-damaged') throw cause;
    throw new CollectorError(
      'store-damaged',
      `Sealed block ${meta.id} of the store (${meta.signal}) cannot be read: ${messageOf(cause)}. Ask for another time range, or restore a copy of the file.`,
      { cause },
    );
  }
}

/** Reads columns of one sealed block when they are asked for; every method may throw `store-damaged`. */
export class BlockView {
  readonly meta: BlockMeta;
  protected readonly directory: Directory;
  protected readonly columns: AttributeColumns;
  readonly #resources = new Map<number, Attributes>();
  readonly #scopes = new Map<number, string>();
  #resourceOf: Uint32Array | undefined;
  #scopeOf: Uint32Array | undefined;
  #members: Members | undefined;
  #resourceStrings: PackedStrings | undefined;
  #residuals: { strings: PackedStrings; positions: Positions } | undefined;

  constructor(meta: BlockMeta, directory: Uint8Array, fetchColumn: FetchColumn) {
    this.meta = meta;
    this.directory = reading(meta, () => new Directory(directory, fetchColumn));
    this.columns = new AttributeColumns(this.directory, (i) => this.decodeAttributes(i));
    if (this.directory.records !== meta.count) {
      reading(meta, () => {
        throw new RangeError(`it holds ${this.directory.records} records, not ${meta.count}`);
      });
    }
  }

  /** True when no two records of the block have the same trace and span id. */
  get hasDistinctIds(): boolean {
    return (this.directory.flags & FLAG.distinctIds) !== 0;
  }

  /** Raw block in which record `i` arrived. */
  member(i: number): number {
    return this.#memberList.member(i);
  }

  /** Its position there. */
  position(i: number): number {
    return this.#memberList.position(i);
  }

  /** How many records arrived in `lastMember` or before; they are the first ones of the block. */
  recordsUpTo(lastMember: number): number {
    return lastMember >= this.meta.lastMember ? this.meta.count : this.#memberList.upTo(lastMember);
  }

  get #memberList(): Members {
    this.#members ??= reading(this.meta, () => new Members(this.directory));
    return this.#members;
  }

  /**
   * Those of the candidates, which ascend, that have the attribute, of their own or of their resource, reading as `value`;
   * without candidates those of all records.
   */
  matchAttribute(key: string, value: string, candidates?: ArrayLike<number>): number[] {
    return reading(this.meta, () => {
      const resources = this.#namesInResources(key)
        ? this.resourceMask((resource) => hasText(resource, key, value))
        : undefined;
      const own = this.columns.matching(key, value);
      if (own !== 'unknown' && resources === undefined)
        return candidates === undefined ? own : inBoth(own, candidates);
      const all = candidates ?? upTo(this.meta.count);
      return Array.from(all).filter(
        own === 'unknown'
          ? either(this.columns.matcher(key, value), resources)
          : either(isIn(own), resources),
      );
    });
  }

  /** The attributes of a record some of whose columns do not tell their keys. */
  protected decodeAttributes(i: number): Attributes {
    return this.columns.attributes(i);
  }

  /** The fields of record `i` that no column holds. */
  protected residual(i: number): Uint8Array {
    if (this.#residuals === undefined) {
      const entry = this.column(TYPE.residual);
      this.#residuals = {
        strings: readStrings(this.directory, entry),
        positions: readPositions(this.directory, entry),
      };
    }
    return bytesOf(this.#residuals.strings, this.#residuals.positions.at(i));
  }

  /** The trace id of every record. */
  protected traceIdColumn(): Uint8Array {
    const { ids, index } = readTraceIds(this.directory, this.column(TYPE.traceId));
    const from = new Uint32Array(ids.buffer, ids.byteOffset, ids.length >>> 2);
    const to = new Uint32Array(index.length * 4);
    for (let i = 0; i < index.length; i++) {
      const at = index[i]! * 4;
      to[i * 4] = from[at]!;
      to[i * 4 + 1] = from[at + 1]!;
      to[i * 4 + 2] = from[at + 2]!;
      to[i * 4 + 3] = from[at + 3]!;
    }
    return new Uint8Array(to.buffer);
  }

  /** Attributes of the resource of record `i`. */
  protected resource(i: number): Attributes {
    return this.#resourceAt(this.#resourceIndex[i]!);
  }

  /** Name of the scope of record `i`. */
  protected scope(i: number): string {
    this.#scopeOf ??= this.uints(TYPE.scope);
    const position = this.#scopeOf[i]!;
    let name = this.#scopes.get(position);
    if (name === undefined) {
      name = scopeCodec.decode(this.#stringAt(TYPE.scopes, position)).name ?? '';
      this.#scopes.set(position, name);
    }
    return name;
  }

  get #resourceIndex(): Uint32Array {
    this.#resourceOf ??= this.uints(TYPE.resource);
    return this.#resourceOf;
  }

  #resourceAt(position: number): Attributes {
    let resource = this.#resources.get(position);
    if (resource === undefined) {
      const { attributes } = resourceCodec.decode(this.#stringAt(TYPE.resources, position));
      resource = { ...this.meta.resource, ...toAttributes(attributes) };
      this.#resources.set(position, resource);
    }
    return resource;
  }

  #stringAt(type: number, position: number): Uint8Array {
    const entry = this.column(type);
    if (position >= entry.distinct) throw new RangeError('there is no such resource or scope');
    return bytesOf(readStrings(this.directory, entry), position);
  }

  /** Per record whether its resource passes; undefined when none does. */
  protected resourceMask(passes: (resource: Attributes) => boolean): ((i: number) => boolean) | undefined {
    const { distinct } = this.column(TYPE.resources);
    const mask = Uint8Array.from({ length: distinct }, (_, n) => (passes(this.#resourceAt(n)) ? 1 : 0));
    if (!mask.includes(1)) return undefined;
    return mask.includes(0) ? (i) => mask[this.#resourceIndex[i]!] === 1 : () => true;
  }

  /** False only when no resource has the key: then none of them needs to be decoded. */
  #namesInResources(key: string): boolean {
    if (Object.hasOwn(this.meta.resource, key)) return true;
    this.#resourceStrings ??= readStrings(this.directory, this.column(TYPE.resources));
    const { bytes } = this.#resourceStrings;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(key);
  }

  /** Per record what `numberOf` gives for its resource. */
  protected resourceNumbers(numberOf: (resource: Attributes) => number): Uint32Array {
    const { distinct } = this.column(TYPE.resources);
    const numbers = Uint32Array.from({ length: distinct }, (_, n) => numberOf(this.#resourceAt(n)));
    const all = new Uint32Array(this.meta.count);
    if (numbers.every((number) => number === 0)) return all;
    for (let i = 0; i < all.length; i++) all[i] = numbers[this.#resourceIndex[i]!]!;
    return all;
  }

  /** The column of a field; throws a RangeError when there is none. */
  protected column(type: number): ColumnEntry {
    const entry = this.directory.find(type);
    if (entry === undefined) throw new RangeError(`a column of type ${type} is missing`);
    return entry;
  }

  /** One unsigned integer per record. */
  protected uints(type: number): Uint32Array {
    const entry = this.column(type);
    return unpackBits(this.directory.main(entry.number), this.meta.count);
  }

  /** One string per record. */
  protected strings(type: number): StringColumn {
    const entry = this.column(type);
    const strings = readStrings(this.directory, entry);
    const dictionary = Array.from(strings.ends, (_, position) => textOf(strings, position));
    return { dictionary, index: readPositions(this.directory, entry).all };
  }
}

type Test = (i: number) => boolean;

const either =
  (one: Test, other: Test | undefined): Test =>
  (i) =>
    one(i) || other?.(i) === true;

/** Tells whether a number is in the list; both ascend. */
function isIn(list: readonly number[]): Test {
  let at = 0;
  return (i) => {
    while (at < list.length && list[at]! < i) at++;
    return list[at] === i;
  };
}

function inBoth(list: readonly number[], candidates: ArrayLike<number>): number[] {
  const both: number[] = [];
  for (let n = 0, at = 0; n < list.length && at < candidates.length; n++) {
    while (at < candidates.length && candidates[at]! < list[n]!) at++;
    if (candidates[at] === list[n]) both.push(list[n]!);
  }
  return both;
}

function upTo(end: number): Uint32Array {
  const all = new Uint32Array(end);
  for (let i = 0; i < end; i++) all[i] = i;
  return all;
}

export function textIn(attributes: Attributes, key: string): string | undefined {
  return Object.hasOwn(attributes, key) ? attributeText(attributes[key]) : undefined;
}

function hasText(attributes: Attributes, key: string, value: string): boolean {
  return textIn(attributes, key) === value;
}
