/** Raw blocks on their way into sealed ones: decoded side by side, and split by service. */
import type { RecordOffsets } from '../../../telemetry/batch.ts';
import type { StringColumn } from '../../../telemetry/columns.ts';
import { type BlockMeta, decodeOffsets } from '../block.ts';
import { inflatedBody } from '../zstd-frame.ts';
import type { Arena, ArenaKeeper } from './byte-table.ts';

/** A raw block as it is stored. */
export interface RawBlock {
  meta: BlockMeta;
  columns: Uint8Array;
  offsets: Uint8Array;
  body: Uint8Array;
}

/** A raw block whose body stands in the arena. */
export interface DecodedRaw<I> {
  meta: BlockMeta;
  index: I;
  offsets: RecordOffsets;
  /** Where its body begins. */
  start: number;
}

/** Records of several raw blocks in order of arrival: which block of the run, which record of it. */
export interface Refs {
  block: Uint32Array;
  record: Uint32Array;
  count: number;
}

/** How a run is split. */
export interface SealLimits {
  /** Records that a sealed block holds at the most. */
  maxRecords: number;
  /** A service with this many records, or bytes, of a run gets a block of its own. */
  ownRecords: number;
  ownBytes: number;
}

/**
 * Larger blocks take less room, and their columns longer to read for one trace. Blocks of 2,048 records of one
 * service take a tenth more room, and twice the CPU, of blocks of four services that have four times as many.
 */
export const SEAL_LIMITS: SealLimits = { maxRecords: 12_288, ownRecords: 4096, ownBytes: 4 * 1024 * 1024 };
/** Services with less than this part of what each would have, if all had the same, go together: see `splitByService`. */
const QUIET = 0.5;
/** What a record's fields may need beside the bytes they come in: a few written anew. */
const EXTRA_BYTES_PER_RECORD = 32;

/** Decodes index and offsets of each block, and puts all bodies into one arena with room for as much again. */
export function decodeRaws<I extends { service: StringColumn }>(
  blocks: readonly RawBlock[],
  decodeIndex: (columns: Uint8Array) => I,
  keeper: ArenaKeeper,
): { arena: Arena; raws: DecodedRaw<I>[] } {
  const indexes = blocks.map(({ columns }) => decodeIndex(columns));
  const offsets = blocks.map((block) => decodeOffsets(block.offsets));
  let room = 1024;
  for (const [n, { meta }] of blocks.entries()) {
    room += extent(offsets[n]!) * 2 + meta.count * EXTRA_BYTES_PER_RECORD + stringBytes(indexes[n]!);
  }
  const arena = keeper.take(room);
  const raws = blocks.map(({ meta, body }, n) => {
    // One after the other: together, inflated, they would take as much memory again.
    const plain = inflatedBody(body, meta.compression).subarray(0, extent(offsets[n]!));
    return {
      meta,
      index: indexes[n]!,
      offsets: checked(offsets[n]!, meta.count, plain.length),
      start: arena.append(plain),
    };
  });
  return { arena, raws };
}

/** Bytes of the body up to the end of what stands last in it of all that the offsets point at. */
function extent({ offset, length, resources, scopes }: RecordOffsets): number {
  let end = 0;
  for (let i = 0; i < offset.length; i++) end = Math.max(end, offset[i]! + length[i]!);
  for (const pairs of [resources, scopes]) {
    for (let n = 0; n < pairs.length; n += 2) end = Math.max(end, pairs[n]! + (pairs[n + 1] ?? 0));
  }
  return end;
}

/** Twice, because the strings of a block may be copied for two groups of its services at different times. */
function stringBytes(index: object): number {
  let bytes = 0;
  for (const column of Object.values(index) as unknown[]) {
    if (!isStringColumn(column)) continue;
    for (const text of column.dictionary) bytes += text.length * 3;
  }
  return bytes;
}

function isStringColumn(column: unknown): column is StringColumn {
  return typeof column === 'object' && column !== null && 'dictionary' in column;
}

function checked(offsets: RecordOffsets, count: number, bodyBytes: number): RecordOffsets {
  if (offsets.offset.length !== count)
    throw new RangeError(`${offsets.offset.length} offsets for ${count} records`);
  for (let i = 0; i < count; i++) {
    if (offsets.offset[i]! + offsets.length[i]! > bodyBytes)
      throw new RangeError(`record ${i} ends behind the body`);
  }
  for (const pairs of [offsets.resources, offsets.scopes]) {
    for (let n = 0; n < pairs.length; n += 2) {
      if (pairs[n]! + (pairs[n + 1] ?? 0) > bodyBytes)
        throw new RangeError('a resource ends behind the body');
    }
  }
  return offsets;
}

/**
 * The records of a run, one list per sealed block that they go to: the largest services alone, and quiet ones apart from
 * the others, so that what is too much can leave the store without taking theirs along.
 */
export function splitByService(
  raws: readonly DecodedRaw<{ service: StringColumn }>[],
  limits: SealLimits,
): Refs[] {
  const sizes = sizesOf(raws);
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size.bytes, 0);
  const total = [...sizes.values()].reduce((sum, size) => sum + size.records, 0);
  const listOf = new Map<string, Refs>();
  const [quiet, others] = [newRefs(total), newRefs(total)];
  const lists = [quiet, others];
  for (const [service, size] of sizes) {
    let list = size.bytes < (QUIET * bytes) / sizes.size ? quiet : others;
    if (size.records >= limits.ownRecords || size.bytes >= limits.ownBytes) {
      list = newRefs(size.records);
      lists.push(list);
    }
    listOf.set(service, list);
  }
  for (const [b, { index }] of raws.entries()) {
    const byPosition = index.service.dictionary.map((service) => listOf.get(service));
    for (let i = 0; i < index.service.index.length; i++) {
      const list = byPosition[index.service.index[i]!]!;
      list.block[list.count] = b;
      list.record[list.count++] = i;
    }
  }
  return lists.filter((list) => list.count > 0).flatMap((list) => chunks(list, limits.maxRecords));
}

/** Records of each service in the run, and the bytes they take. */
function sizesOf(
  raws: readonly DecodedRaw<{ service: StringColumn }>[],
): Map<string, { records: number; bytes: number }> {
  const sizes = new Map<string, { records: number; bytes: number }>();
  for (const { index, offsets } of raws) {
    const { dictionary, index: positions } = index.service;
    const records = new Uint32Array(dictionary.length);
    const bytes = new Float64Array(dictionary.length);
    for (let i = 0; i < positions.length; i++) {
      records[positions[i]!]!++;
      bytes[positions[i]!]! += offsets.length[i]!;
    }
    for (const [position, service] of dictionary.entries()) {
      if (records[position] === 0) continue;
      const size = sizes.get(service) ?? { records: 0, bytes: 0 };
      sizes.set(service, {
        records: size.records + records[position]!,
        bytes: size.bytes + bytes[position]!,
      });
    }
  }
  return sizes;
}

function newRefs(capacity: number): Refs {
  return { block: new Uint32Array(capacity), record: new Uint32Array(capacity), count: 0 };
}

/** Equal parts of at most `maxRecords`. */
function chunks(list: Refs, maxRecords: number): Refs[] {
  const parts = Math.ceil(list.count / maxRecords);
  const size = Math.ceil(list.count / parts);
  return Array.from({ length: parts }, (_, n) => {
    const [from, to] = [n * size, Math.min(list.count, (n + 1) * size)];
    return { block: list.block.subarray(from, to), record: list.record.subarray(from, to), count: to - from };
  });
}
