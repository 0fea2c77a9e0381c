/** One sealed block out of records of several raw ones: what is the same for every signal. */
import type { StringColumn } from '../../../telemetry/columns.ts';
import { AttributeCollector } from './attribute-collector.ts';
import { type Arena, ByteTable } from './byte-table.ts';
import { DirectoryWriter } from './directory.ts';
import { TYPE } from './layout.ts';
import { packUintColumn } from './pack-columns.ts';
import { PairFilterWriter } from './pair-filter.ts';
import type { DecodedRaw, Refs } from './raw-blocks.ts';
import { Origins, packMembers, type SealedBlock, sealedBlock } from './sealed-block.ts';

/** Index columns that are taken over from the raw blocks'. */
export interface IndexColumns<I> {
  /** The next records are these of the block. */
  push(raw: DecodedRaw<I>, records: Uint32Array): void;
  /** Distinct trace ids, and the time, of all records. */
  readonly traceIds: Uint8Array;
  readonly times: BigInt64Array;
  /** Adds its columns; gives the flags of the block. */
  write(directory: DirectoryWriter): number;
}

/** Takes the bytes of one record after the other apart. */
export interface RecordWalk {
  /** Gives the record's shape. Throws a RangeError where the bytes are not readable. */
  record(from: number, length: number): number;
  write(directory: DirectoryWriter): void;
}

export interface Group<I> {
  arena: Arena;
  raws: readonly DecodedRaw<I>[];
  refs: Refs;
  index(table: ByteTable): IndexColumns<I>;
  walk(table: ByteTable, attributes: AttributeCollector): RecordWalk;
}

export function sealGroup<I extends { service: StringColumn }>(group: Group<I>): SealedBlock {
  const { arena, raws, refs } = group;
  const { used } = arena;
  const table = new ByteTable(arena);
  const attributes = new AttributeCollector(arena, table);
  const index = group.index(table);
  const walk = group.walk(table, attributes);
  const origins = new Origins(arena, table, refs.count);
  const shapes = new Uint32Array(refs.count);
  for (let from = 0; from < refs.count; ) {
    const block = refs.block[from]!;
    let to = from + 1;
    while (to < refs.count && refs.block[to] === block) to++;
    const raw = raws[block]!;
    const records = refs.record.subarray(from, to);
    index.push(raw, records);
    origins.push(raw, records);
    const { offset, length } = raw.offsets;
    for (let n = from; n < to; n++) {
      const i = refs.record[n]!;
      shapes[n] = walk.record(raw.start + offset[i]!, length[i]!);
    }
    from = to;
  }
  const directory = new DirectoryWriter();
  const filter = new PairFilterWriter();
  attributes.write(directory, filter);
  directory.add(packUintColumn(TYPE.shape, shapes, refs.count));
  walk.write(directory);
  const flags = index.write(directory);
  origins.write(directory, filter);
  packMembers(directory, raws, refs);
  arena.used = used;
  return sealedBlock(directory, filter, raws, refs, index, flags);
}
