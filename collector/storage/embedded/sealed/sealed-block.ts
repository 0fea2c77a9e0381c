/** What every sealed block has beside its signal's own columns: origins, members, and the row that tells of it. */
import { toAttributes } from '../../../formats/otlp-protobuf/attributes.ts';
import { resourceCodec } from '../../../formats/otlp-protobuf/messages.ts';
import type { StringColumn } from '../../../telemetry/columns.ts';
import { compare64, words64 } from '../../../telemetry/words.ts';
import { attributeText } from '../../attribute-text.ts';
import type { BlockMeta } from '../block.ts';
import { buildBloom } from '../bloom.ts';
import { packBits } from './bits.ts';
import type { Arena, ByteTable, StringsColumn } from './byte-table.ts';
import type { DirectoryWriter, StoredColumn } from './directory.ts';
import { hashBytes } from './hashing.ts';
import { ENCODING, FILTER_ROW, TYPE } from './layout.ts';
import { packUintColumn, packVarintColumn } from './pack-columns.ts';
import type { PairFilterWriter } from './pair-filter.ts';
import type { DecodedRaw, Refs } from './raw-blocks.ts';
import { packStrings } from './sections.ts';

/** A sealed block that is ready to be written; its id is given by the writer. */
export interface SealedBlock {
  meta: Omit<BlockMeta, 'id'>;
  directory: Uint8Array;
  columns: StoredColumn[];
}

/** Resources and scopes of the records, each kept once. */
export class Origins {
  readonly #arena: Arena;
  readonly #table: ByteTable;
  readonly #resources: StringsColumn;
  readonly #scopes: StringsColumn;
  readonly #resourceOf: Uint32Array;
  readonly #scopeOf: Uint32Array;
  #count = 0;

  constructor(arena: Arena, table: ByteTable, count: number) {
    this.#arena = arena;
    this.#table = table;
    this.#resources = table.column();
    this.#scopes = table.column();
    this.#resourceOf = new Uint32Array(count);
    this.#scopeOf = new Uint32Array(count);
  }

  /** The next records are these of the block. */
  push({ offsets, start }: DecodedRaw<unknown>, records: Uint32Array): void {
    // Per entry of the block: its position here, plus 1.
    const knownResources = new Uint32Array(offsets.resources.length / 2);
    const knownScopes = new Uint32Array(offsets.scopes.length / 2);
    const { resource, scope, resources, scopes } = offsets;
    for (let n = 0; n < records.length; n++) {
      const i = records[n]!;
      this.#resourceOf[this.#count] = this.#position(
        this.#resources,
        knownResources,
        resources,
        resource[i]!,
        start,
      );
      this.#scopeOf[this.#count++] = this.#position(this.#scopes, knownScopes, scopes, scope[i]!, start);
    }
  }

  #position(
    column: StringsColumn,
    known: Uint32Array,
    pairs: Uint32Array,
    entry: number,
    start: number,
  ): number {
    if (known[entry]) return known[entry] - 1;
    const position = this.#table.position(column, start + (pairs[entry * 2] ?? 0), pairs[entry * 2 + 1] ?? 0);
    if (entry < known.length) known[entry] = position + 1;
    return position;
  }

  write(directory: DirectoryWriter, filter: PairFilterWriter): void {
    const { bytes } = this.#arena;
    for (const [type, column] of [
      [TYPE.resources, this.#resources],
      [TYPE.scopes, this.#scopes],
    ] as const) {
      const { distinct, starts, lengths } = column;
      const first = packStrings(bytes, starts, lengths, distinct);
      directory.add({ type, encoding: ENCODING.dictionary, count: 0, distinct, first });
    }
    directory.add(packUintColumn(TYPE.resource, this.#resourceOf, this.#count));
    directory.add(packUintColumn(TYPE.scope, this.#scopeOf, this.#count));
    this.#filter(filter);
  }

  #filter(filter: PairFilterWriter): void {
    const { starts, lengths, distinct } = this.#resources;
    for (let n = 0; n < distinct; n++) {
      const { attributes } = resourceCodec.decode(this.#arena.bytes, starts[n]!, starts[n]! + lengths[n]!);
      for (const [key, value] of Object.entries(toAttributes(attributes))) {
        filter.addText(hashBytes(Buffer.from(key)), hashBytes(Buffer.from(attributeText(value))));
      }
    }
  }
}

/** Which member each record came in, and where it stood there unless all of a member is here. */
export function packMembers(
  directory: DirectoryWriter,
  raws: readonly DecodedRaw<unknown>[],
  refs: Refs,
): void {
  const members: number[] = [];
  const gaps = new Uint32Array(refs.count);
  let isWhole = true;
  let id = 0;
  for (let n = 0; n < refs.count; ) {
    const block = refs.block[n]!;
    const from = n;
    let before = -1;
    for (; n < refs.count && refs.block[n] === block; n++) {
      gaps[n] = refs.record[n]! - before - 1;
      before = refs.record[n]!;
    }
    const { meta } = raws[block]!;
    if (n - from !== meta.count) isWhole = false;
    members.push(meta.id - id, n - from);
    id = meta.id;
  }
  directory.add(packVarintColumn(TYPE.members, members));
  if (!isWhole) {
    directory.add({
      type: TYPE.positions,
      encoding: ENCODING.uints,
      count: refs.count,
      ...packBits(gaps, refs.count),
    });
  }
}

/** The block with its row; `index` tells times and trace ids of its records. */
export function sealedBlock(
  writer: DirectoryWriter,
  filter: PairFilterWriter,
  raws: readonly DecodedRaw<{ service: StringColumn }>[],
  refs: Refs,
  index: { traceIds: Uint8Array; times: BigInt64Array },
  flags: number,
): SealedBlock {
  const { directory, columns } = writer.build(refs.count, flags);
  columns.push({ number: FILTER_ROW, bytes: filter.build() });
  const bloom = buildBloom(index.traceIds);
  const services = countServices(raws, refs);
  const first = raws[refs.block[0]!]!.meta;
  const last = raws[refs.block[refs.count - 1]!]!.meta;
  const bytes = columns.reduce(
    (sum, column) => sum + column.bytes.length,
    directory.length + bloom.byteLength,
  );
  return {
    meta: {
      stage: 'sealed',
      firstMember: first.firstMember,
      lastMember: last.lastMember,
      signal: first.signal,
      encoding: first.encoding,
      compression: 'none',
      count: refs.count,
      ...boundsOf(index.times),
      arrivalUnixNano: last.arrivalUnixNano,
      bytes,
      seriesSet: 0,
      services: [...services.keys()],
      serviceRecords: Array.from(services.values(), ({ records }) => records),
      serviceBytes: Array.from(services.values(), ({ bytes }) => bytes),
      resource: first.resource,
      bloom,
    },
    directory,
    columns,
  };
}

function countServices(
  raws: readonly DecodedRaw<{ service: StringColumn }>[],
  refs: Refs,
): Map<string, { records: number; bytes: number }> {
  const records = raws.map(({ index }) => new Uint32Array(index.service.dictionary.length));
  const bytes = raws.map(({ index }) => new Float64Array(index.service.dictionary.length));
  for (let n = 0; n < refs.count; n++) {
    const block = refs.block[n]!;
    const { index, offsets } = raws[block]!;
    const position = index.service.index[refs.record[n]!]!;
    records[block]![position]!++;
    bytes[block]![position]! += offsets.length[refs.record[n]!]!;
  }
  const services = new Map<string, { records: number; bytes: number }>();
  for (const [block, { index }] of raws.entries()) {
    for (const [position, service] of index.service.dictionary.entries()) {
      if (records[block]![position]! === 0) continue;
      const of = services.get(service) ?? { records: 0, bytes: 0 };
      of.records += records[block]![position]!;
      of.bytes += bytes[block]![position]!;
      services.set(service, of);
    }
  }
  return services;
}

function boundsOf(times: BigInt64Array): { minUnixNano: bigint; maxUnixNano: bigint } {
  const words = words64(times);
  let [least, most] = [0, 0];
  for (let i = 1; i < times.length; i++) {
    if (compare64(words, i, words, least) < 0) least = i;
    else if (compare64(words, i, words, most) > 0) most = i;
  }
  return { minUnixNano: times[least] ?? 0n, maxUnixNano: times[most] ?? 0n };
}
