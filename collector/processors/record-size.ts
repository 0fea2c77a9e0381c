import type { Batch, LogBatch, RecordOffsets, SpanBatch } from '../telemetry/batch.ts';
import type { StringColumn } from '../telemetry/columns.ts';
import type { Processor } from './processor.ts';

export interface RecordSizeOptions {
  /** Bytes of one span or log record at the most. */
  maxRecordBytes: number;
  /** Other limits for some services, by name. */
  services?: Readonly<Record<string, { maxRecordBytes?: number }>>;
}

/** Tag of a record in its group of OTLP: field 2 (spans, logRecords), bytes. */
const RECORD_TAG = 0x12;
/** Tag of field 15, which no group has: every reader of OTLP steps over it. */
const UNKNOWN_TAG = 0x7a;
const MORE = 0x80;
const NEWLINE = 0x0a;

/**
 * Drops single records that are larger than a record may be, and passes on the rest of their batch. In the body they
 * are blanked, not cut out: a protobuf record becomes an unknown field of zeros, a line becomes empty lines, so that
 * every offset stays true.
 */
export function createRecordSize(options: RecordSizeOptions): Processor {
  const limitOf = (service: string) => options.services?.[service]?.maxRecordBytes ?? options.maxRecordBytes;
  const overrides = Object.values(options.services ?? {}).map(({ maxRecordBytes }) => maxRecordBytes);
  const least = Math.min(options.maxRecordBytes, ...overrides.filter((limit) => limit !== undefined));
  return {
    name: 'limit',
    process: (batch: Batch) => {
      if (batch.signal === 'metrics') return batch;
      const body = batch.inflated ?? batch.body;
      if (body.length <= least) return batch;
      const { dictionary, index } = batch.index.service;
      const limits = dictionary.map(limitOf);
      const isTooLarge = (i: number) => batch.offsets.length[i]! > limits[index[i]!]!;
      const dropped = Array.from({ length: batch.count }, (_, i) => i).filter(isTooLarge);
      if (dropped.length === 0) return batch;
      return { dropped: 'record-too-large', records: dropped.length, rest: without(batch, body, dropped) };
    },
  };
}

function without(batch: SpanBatch | LogBatch, came: Uint8Array, dropped: readonly number[]): Batch {
  const body = new Uint8Array(came);
  for (const i of dropped) blank(body, batch, i);
  const gone = new Set(dropped);
  const kept = Uint32Array.from({ length: batch.count }, (_, i) => i).filter((i) => !gone.has(i));
  const { inflated: _, ...rest } = batch;
  const { resources, scopes, ...perRecord } = batch.offsets;
  const offsets: RecordOffsets = { ...picked(perRecord, kept, batch.count), resources, scopes };
  const index = picked(batch.index, kept, batch.count);
  return { ...rest, body, compression: 'none', count: kept.length, offsets, index } as SpanBatch | LogBatch;
}

function blank(body: Uint8Array, { encoding, offsets }: SpanBatch | LogBatch, i: number): void {
  const start = offsets.offset[i]!;
  const end = start + offsets.length[i]!;
  body.fill(encoding === 'log-lines' ? NEWLINE : 0, start, end);
  if (encoding === 'log-lines') return;
  // Behind the tag stands the length, of which all bytes but the last say that more follow.
  let tag = start - 2;
  while (tag > 0 && !(body[tag] === RECORD_TAG && body.subarray(tag + 1, start - 1).every((b) => b >= MORE)))
    tag--;
  body[tag] = UNKNOWN_TAG;
}

type Column = Uint8Array | Uint16Array | Uint32Array | BigInt64Array | StringColumn;

/**
 * The columns with the entries of some records alone; a column may have several elements for a record. What is said of
 * all records together stays.
 */
function picked<C extends object>(columns: C, kept: Uint32Array, count: number): C {
  const all = Object.entries(columns as Record<string, Column | boolean>);
  const picks = all.map(([name, column]) => [
    name,
    typeof column === 'object' ? pick(column, kept, count) : column,
  ]);
  return Object.fromEntries(picks) as C;
}

function pick(column: Column, kept: Uint32Array, count: number): Column {
  if ('dictionary' in column) {
    return { ...column, index: Uint32Array.from(kept, (i) => column.index[i]!) };
  }
  const width = column.length / count;
  const from: ArrayLike<number | bigint> = column;
  const make = column.constructor as unknown as {
    from(of: object, map: (_: unknown, j: number) => number | bigint): Column;
  };
  return make.from(
    { length: kept.length * width },
    (_, j) => from[kept[Math.floor(j / width)]! * width + (j % width)]!,
  );
}
