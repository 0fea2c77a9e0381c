/** Raw blocks of log records, of OTLP or of lines, into sealed ones. */
import type { LogIndex } from '../../../telemetry/batch.ts';
import { wordsOf } from '../../../telemetry/id-table.ts';
import { words64 } from '../../../telemetry/words.ts';
import { decodeLogIndex } from '../block.ts';
import { type Arena, ArenaKeeper, type ByteTable, type StringsColumn } from './byte-table.ts';
import type { DirectoryWriter } from './directory.ts';
import { ENCODING, TYPE } from './layout.ts';
import { LineWalk } from './line-walk.ts';
import { LogWalk } from './log-walk.ts';
import { copyPairs, packStringColumn, packTimes, packUintColumn } from './pack-columns.ts';
import { TraceColumn } from './pack-ids.ts';
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

/** Seals a run of raw blocks of logs of one encoding, as `sealSpans` does with spans. */
export function sealLogs(
  blocks: readonly RawBlock[],
  limits: SealLimits = SEAL_LIMITS,
  keeper = new ArenaKeeper(),
): SealedBlock[] {
  const { arena, raws } = decodeRaws(blocks, decodeLogIndex, keeper);
  const Walk = blocks[0]?.meta.encoding === 'log-lines' ? LineWalk : LogWalk;
  return splitByService(raws, limits).map((refs) =>
    sealGroup({
      arena,
      raws,
      refs,
      index: (table) => new LogColumns(arena, table, refs.count),
      walk: (table, attributes) => new Walk(arena, table, attributes),
    }),
  );
}

class LogColumns implements IndexColumns<LogIndex> {
  readonly #arena: Arena;
  readonly #table: ByteTable;
  readonly #traces: TraceColumn;
  readonly #spans: Uint32Array;
  readonly #times: Uint32Array;
  readonly #severities: Uint32Array;
  readonly #services: StringsColumn;
  #count = 0;

  constructor(arena: Arena, table: ByteTable, count: number) {
    this.#arena = arena;
    this.#table = table;
    this.#traces = new TraceColumn(count);
    this.#spans = new Uint32Array(count * 2);
    this.#times = new Uint32Array(count * 2);
    this.#severities = new Uint32Array(count);
    this.#services = table.column();
  }

  push({ index }: DecodedRaw<LogIndex>, records: Uint32Array): void {
    const from = this.#count;
    this.#count += records.length;
    const trace = wordsOf(index.traceId);
    for (let n = 0; n < records.length; n++) this.#traces.push(trace, records[n]! * 4);
    copyPairs(wordsOf(index.spanId), records, this.#spans, from);
    copyPairs(words64(index.timeUnixNano), records, this.#times, from);
    const { severityNumber, service } = index;
    for (let n = 0; n < records.length; n++) this.#severities[from + n] = severityNumber[records[n]!]!;
    const positions = Uint32Array.from(service.dictionary, (text) => {
      const bytes = Buffer.from(text);
      return this.#table.position(this.#services, this.#arena.append(bytes), bytes.length);
    });
    for (let n = 0; n < records.length; n++) this.#services.push(positions[service.index[records[n]!]!]!);
  }

  get traceIds(): Uint8Array {
    return this.#traces.ids;
  }

  get times(): BigInt64Array {
    return new BigInt64Array(this.#times.buffer);
  }

  write(directory: DirectoryWriter): number {
    const count = this.#count;
    directory.add(this.#traces.build());
    const main = new Uint8Array(this.#spans.buffer);
    directory.add({ type: TYPE.spanId, encoding: ENCODING.bytes, count, main });
    directory.add(packTimes(TYPE.start, this.#times, count));
    directory.add(packUintColumn(TYPE.severity, this.#severities, count));
    directory.add(packStringColumn(TYPE.service, this.#arena.bytes, this.#services));
    return 0;
  }
}
