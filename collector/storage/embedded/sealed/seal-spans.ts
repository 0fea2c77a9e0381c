/** Raw blocks of spans into sealed ones: each record is decoded once, from wire bytes into columns. */
import type { SpanIndex } from '../../../telemetry/batch.ts';
import type { StringColumn } from '../../../telemetry/columns.ts';
import { wordsOf } from '../../../telemetry/id-table.ts';
import { words64 } from '../../../telemetry/words.ts';
import { decodeSpanIndex } from '../block.ts';
import { type Arena, ArenaKeeper, type ByteTable, type StringsColumn } from './byte-table.ts';
import type { DirectoryWriter } from './directory.ts';
import { FLAG, TYPE } from './layout.ts';
import {
  copyPairs,
  packDurations,
  packStringColumn,
  packTimes,
  packUintColumn,
  packWordColumn,
  WordsColumn,
} from './pack-columns.ts';
import { SpanIdColumns, TraceColumn } from './pack-ids.ts';
import {
  type DecodedRaw,
  decodeRaws,
  type RawBlock,
  SEAL_LIMITS,
  type SealLimits,
  splitByService,
} from './raw-blocks.ts';
import { type IndexColumns, sealGroup } from './seal-group.ts';
import type { SealedBlock } from './sealed-block.ts';
import { SpanWalk } from './span-walk.ts';

/**
 * Seals a run of raw blocks of spans, which are in order of arrival. Large services get blocks of their own, small
 * ones share one; in each the records keep their order. Throws a RangeError or `bad-data` when a block is unreadable.
 */
export function sealSpans(
  blocks: readonly RawBlock[],
  limits: SealLimits = SEAL_LIMITS,
  keeper = new ArenaKeeper(),
): SealedBlock[] {
  const { arena, raws } = decodeRaws(blocks, decodeSpanIndex, keeper);
  return splitByService(raws, limits).map((refs) =>
    sealGroup({
      arena,
      raws,
      refs,
      index: (table) => new SpanColumns(arena, table, refs.count),
      walk: (table, attributes) => new SpanWalk(arena, table, attributes),
    }),
  );
}

/** The index columns of the records of one sealed block, taken over from the raw blocks'. */
class SpanColumns implements IndexColumns<SpanIndex> {
  readonly #arena: Arena;
  readonly #table: ByteTable;
  readonly #traces: TraceColumn;
  readonly #ids: SpanIdColumns;
  readonly #start: Uint32Array;
  readonly #duration: Uint32Array;
  readonly #kindStatus: Uint32Array;
  readonly #httpStatus = new WordsColumn();
  readonly #strings: { type: number; key: 'name' | 'service' | 'route' | 'method'; column: StringsColumn }[];
  #count = 0;

  constructor(arena: Arena, table: ByteTable, count: number) {
    this.#arena = arena;
    this.#table = table;
    this.#traces = new TraceColumn(count);
    this.#ids = new SpanIdColumns(count);
    this.#start = new Uint32Array(count * 2);
    this.#duration = new Uint32Array(count * 2);
    this.#kindStatus = new Uint32Array(count);
    this.#strings = (['name', 'service', 'route', 'method'] as const).map((key) => ({
      type: TYPE[key],
      key,
      column: table.column(),
    }));
  }

  push({ index }: DecodedRaw<SpanIndex>, records: Uint32Array): void {
    const from = this.#count;
    this.#count += records.length;
    const trace = wordsOf(index.traceId);
    const span = wordsOf(index.spanId);
    const parent = wordsOf(index.parentSpanId);
    for (let n = 0; n < records.length; n++) {
      this.#traces.push(trace, records[n]! * 4);
      this.#ids.push(trace, span, parent, records[n]!);
    }
    copyPairs(words64(index.startTimeUnixNano), records, this.#start, from);
    copyPairs(words64(index.durationNano), records, this.#duration, from);
    const { kind, status, httpStatus } = index;
    for (let n = 0; n < records.length; n++) {
      const i = records[n]!;
      this.#kindStatus[from + n] = kind[i]! | (status[i]! << 4);
      this.#httpStatus.push(httpStatus[i]!, 0);
    }
    for (const { key, column } of this.#strings) {
      const positions = this.#translate(index[key], column);
      const of = index[key].index;
      for (let n = 0; n < records.length; n++) column.push(positions[of[records[n]!]!]!);
    }
  }

  /** For each entry of a raw block's dictionary its position in the sealed one. */
  #translate({ dictionary }: StringColumn, column: StringsColumn): Uint32Array {
    return Uint32Array.from(dictionary, (text) => {
      const bytes = Buffer.from(text);
      return this.#table.position(column, this.#arena.append(bytes), bytes.length);
    });
  }

  /** Distinct trace ids of all records. */
  get traceIds(): Uint8Array {
    return this.#traces.ids;
  }

  get times(): BigInt64Array {
    return new BigInt64Array(this.#start.buffer);
  }

  write(directory: DirectoryWriter): number {
    const count = this.#count;
    directory.add(this.#traces.build());
    const { columns, areDistinct } = this.#ids.build();
    for (const column of columns) directory.add(column);
    directory.add(packTimes(TYPE.start, this.#start, count));
    directory.add(packDurations(TYPE.duration, this.#duration, count));
    directory.add(packUintColumn(TYPE.kindStatus, this.#kindStatus, count));
    directory.add(packWordColumn(TYPE.httpStatus, this.#httpStatus));
    for (const { type, column } of this.#strings) {
      directory.add(packStringColumn(type, this.#arena.bytes, column));
    }
    return areDistinct ? FLAG.distinctIds : 0;
  }
}
