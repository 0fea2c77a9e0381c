/** A batch as one row: index columns, record offsets and body as blobs, and what is needed to pass over the row. */
import { constants, crc32, gunzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type {
  Batch,
  Compression,
  Encoding,
  LogBatch,
  LogIndex,
  RecordOffsets,
  SampleIndex,
  SpanBatch,
  SpanIndex,
} from '../../telemetry/batch.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import type { SeriesInfo, Signal } from '../../telemetry/model.ts';
import { buildBloom } from './bloom.ts';
import type { ColumnRoom } from './column-room.ts';
import { ColumnReader, ColumnWriter } from './packing.ts';

/** As a body came; or as a stream of `leanBody`, with a checksum behind it, or compressed. */
export type StoredCompression = Compression | 'interned' | 'interned-zstd';

/** Spans or logs with a stream of `leanBody` for a body. */
export type LeanBatch = (Omit<SpanBatch, 'compression'> | Omit<LogBatch, 'compression'>) & {
  compression: 'interned';
};

/** What the catalogue holds of a block in memory. */
export interface BlockMeta {
  /** Grows with every block and is never given again. */
  id: number;
  /** `raw`: as it was appended; `sealed`: columns for every attribute, made of raw blocks. */
  stage: 'raw' | 'sealed';
  /** Ids of the first and the last raw block whose records are in it; a raw block is its own only member. */
  firstMember: number;
  lastMember: number;
  signal: Signal;
  encoding: Encoding;
  compression: StoredCompression;
  /** Records in the block. */
  count: number;
  minUnixNano: bigint;
  maxUnixNano: bigint;
  /** When it was appended, by the store's clock. */
  arrivalUnixNano: bigint;
  /** Bytes of its blobs. */
  bytes: number;
  /** Row of `series_sets`; 0 when the signal is not metrics. */
  seriesSet: number;
  services: readonly string[];
  /** Records of each of `services`; empty in blocks of an older store. */
  serviceRecords: readonly number[];
  /** Bytes that the records of each of `services` have in the uncompressed body; empty in blocks of an older store. */
  serviceBytes: readonly number[];
  resource: Readonly<Record<string, string>>;
  bloom: Uint32Array;
}

/** A block that is ready to be written. */
export interface EncodedBlock {
  meta: Omit<BlockMeta, 'id' | 'stage' | 'firstMember' | 'lastMember'>;
  columns: Uint8Array;
  offsets: Uint8Array;
  body: Uint8Array;
  /** Metrics only. */
  series: SeriesInfo[] | undefined;
}

/** Numeric columns of a block of samples; the series stand in the set that its meta names. */
export type SampleColumns = Omit<SampleIndex, 'series'>;

const EMPTY = new Uint8Array(0);
/** SQLite refuses blobs near 10^9 bytes; a batch of this size is a sender's mistake long before. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;
/**
 * Level 1 with a table of matches that fits the processor's nearest cache: a seventh faster, 2 % larger. The checksum makes
 * a damaged body visible.
 */
const ZSTD = {
  [constants.ZSTD_c_compressionLevel]: 1,
  [constants.ZSTD_c_hashLog]: 12,
  [constants.ZSTD_c_checksumFlag]: 1,
};
/** Most bodies become an eighth or less: in one piece they need not be joined, and a larger piece is a waste of memory. */
const PIECE = { part: 1 / 6, least: 1024, most: 256 * 1024 };

function compress(bytes: Uint8Array): Uint8Array {
  const piece = Math.ceil(bytes.length * PIECE.part);
  const chunkSize = Math.min(PIECE.most, Math.max(PIECE.least, piece));
  return zstdCompressSync(bytes, { chunkSize, params: ZSTD });
}

/** Streams below this are stored as they are: starting the compressor would cost more than compressing, or writing. */
const LEAST_COMPRESSED = 16 * 1024;

function storedBody({ body, compression }: Batch | LeanBatch): {
  body: Uint8Array;
  compression: StoredCompression;
} {
  if (body.length === 0 || (compression !== 'none' && compression !== 'interned'))
    return { body, compression };
  if (compression === 'none') return { body: compress(body), compression: 'zstd' };
  if (body.length >= LEAST_COMPRESSED) return { body: compress(body), compression: 'interned-zstd' };
  return { body: withChecksum(body), compression };
}

const CHECKSUM_BYTES = 4;

/** A copy of the stream with its CRC-32 behind it: zstd frames have a checksum of their own. */
function withChecksum(stream: Uint8Array): Uint8Array {
  const out = Buffer.allocUnsafeSlow(stream.length + CHECKSUM_BYTES);
  out.set(stream);
  out.writeUInt32LE(crc32(stream), stream.length);
  return out;
}

/** The stream without its checksum. Throws a RangeError when it is another one's. */
export function checkedStream(stored: Uint8Array): Uint8Array {
  const stream = stored.subarray(0, Math.max(0, stored.length - CHECKSUM_BYTES));
  const sum = Buffer.from(stored.buffer, stored.byteOffset + stream.length, stored.length - stream.length);
  if (sum.length < CHECKSUM_BYTES || sum.readUInt32LE(0) !== crc32(stream)) {
    throw new RangeError('the checksum of a stored body is not that of its bytes');
  }
  return stream;
}

/** Packs a batch whose shape was checked; columns and offsets lie in `room`, if there is one. */
export function encodeBlock(
  batch: Batch | LeanBatch,
  arrivalUnixNano: bigint,
  room?: ColumnRoom,
): EncodedBlock {
  const { body, compression } = storedBody(batch);
  const columns = batch.signal === 'metrics' ? compress(packIndex(batch, room)) : packIndex(batch, room);
  const offsets = batch.body.length > 0 ? packOffsets(batch.offsets, room) : EMPTY;
  const bloom = batch.signal === 'metrics' ? new Uint32Array(0) : buildBloom(batch.index.traceId);
  const bytes = columns.length + offsets.length + body.length + bloom.byteLength;
  const services = batch.signal === 'metrics' ? [] : countByString(batch.index.service, batch.offsets.length);
  return {
    meta: {
      signal: batch.signal,
      encoding: batch.encoding,
      compression,
      count: batch.count,
      ...timeBounds(batch),
      arrivalUnixNano,
      bytes,
      seriesSet: 0,
      services: services.map(([service]) => service),
      serviceRecords: services.map(([, records]) => records),
      serviceBytes: services.map(([, , bytes]) => bytes),
      resource: batch.resource,
      bloom,
    },
    columns,
    offsets,
    body,
    series: batch.signal === 'metrics' ? batch.index.series : undefined,
  };
}

export function decodeSpanIndex(bytes: Uint8Array): SpanIndex {
  const read = new ColumnReader(bytes);
  return {
    traceId: read.bytes(),
    spanId: read.bytes(),
    parentSpanId: read.bytes(),
    startTimeUnixNano: read.bigints(),
    durationNano: read.bigints(),
    kind: read.bytes(),
    status: read.bytes(),
    name: read.strings(),
    service: read.strings(),
    route: read.strings(),
    method: read.strings(),
    httpStatus: new Uint16Array(read.uints()),
    // Blocks of an older store end here.
    ...(read.hasMore ? { statesWeights: read.bytes()[0] !== 0 } : {}),
  };
}

export function decodeLogIndex(bytes: Uint8Array): LogIndex {
  const read = new ColumnReader(bytes);
  return {
    timeUnixNano: read.bigints(),
    severityNumber: read.bytes(),
    service: read.strings(),
    traceId: read.bytes(),
    spanId: read.bytes(),
  };
}

export function decodeSampleColumns(bytes: Uint8Array): SampleColumns {
  const read = new ColumnReader(zstdDecompressSync(bytes));
  return {
    seriesIndex: read.uints(),
    timeUnixNano: read.bigints(),
    value: read.floats(),
    exemplars: {
      seriesIndex: read.uints(),
      timeUnixNano: read.bigints(),
      value: read.floats(),
      traceId: read.bytes(),
      spanId: read.bytes(),
    },
  };
}

export function decodeOffsets(bytes: Uint8Array): RecordOffsets {
  const read = new ColumnReader(bytes);
  return {
    ...read.positions(),
    resource: read.uints(),
    scope: read.uints(),
    resources: read.uints(),
    scopes: read.uints(),
  };
}

/** The body as it was before compression. */
export function decompressBody(body: Uint8Array, compression: Compression): Uint8Array {
  // Most bodies become less than sixteen times as large: in one piece they need not be joined.
  const chunkSize = Math.min(Math.max(body.length * 16, 16_384), 8 * 1024 * 1024);
  const limit = { maxOutputLength: MAX_BODY_BYTES, chunkSize };
  if (compression === 'gzip') return gunzipSync(body, limit);
  if (compression === 'zstd') return zstdDecompressSync(body, limit);
  return body;
}

function packIndex(batch: Batch | LeanBatch, room: ColumnRoom | undefined): Uint8Array {
  const write = new ColumnWriter(room);
  if (batch.signal === 'traces') packSpans(write, batch.index);
  else if (batch.signal === 'logs') packLogs(write, batch.index);
  else packSamples(write, batch.index);
  return write.build();
}

function packSpans(write: ColumnWriter, index: SpanIndex): void {
  write.bytes(index.traceId);
  write.bytes(index.spanId);
  write.bytes(index.parentSpanId);
  write.bigints(index.startTimeUnixNano);
  write.bigints(index.durationNano);
  write.bytes(index.kind);
  write.bytes(index.status);
  write.strings(index.name);
  write.strings(index.service);
  write.strings(index.route);
  write.strings(index.method);
  write.uints(index.httpStatus);
  write.bytes(Uint8Array.of(index.statesWeights === false ? 0 : 1));
}

function packLogs(write: ColumnWriter, index: LogIndex): void {
  write.bigints(index.timeUnixNano);
  write.bytes(index.severityNumber);
  write.strings(index.service);
  write.bytes(index.traceId);
  write.bytes(index.spanId);
}

function packSamples(write: ColumnWriter, index: SampleIndex): void {
  write.uints(index.seriesIndex);
  write.bigints(index.timeUnixNano);
  write.floats(index.value);
  write.uints(index.exemplars.seriesIndex);
  write.bigints(index.exemplars.timeUnixNano);
  write.floats(index.exemplars.value);
  write.bytes(index.exemplars.traceId);
  write.bytes(index.exemplars.spanId);
}

function packOffsets(offsets: RecordOffsets, room: ColumnRoom | undefined): Uint8Array {
  const write = new ColumnWriter(room);
  write.positions(offsets.offset, offsets.length);
  write.uints(offsets.resource);
  write.uints(offsets.scope);
  write.uints(offsets.resources);
  write.uints(offsets.scopes);
  return write.build();
}

/** Earliest and latest time in the batch: starts of spans, times of records, samples and exemplars. */
function timeBounds(batch: Batch | LeanBatch): { minUnixNano: bigint; maxUnixNano: bigint } {
  const columns =
    batch.signal === 'traces'
      ? [batch.index.startTimeUnixNano]
      : batch.signal === 'logs'
        ? [batch.index.timeUnixNano]
        : [batch.index.timeUnixNano, batch.index.exemplars.timeUnixNano];
  const first = columns.find((column) => column.length > 0)?.[0] ?? 0n;
  let minUnixNano = first;
  let maxUnixNano = first;
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      const time = column[i]!;
      if (time < minUnixNano) minUnixNano = time;
      else if (time > maxUnixNano) maxUnixNano = time;
    }
  }
  return { minUnixNano, maxUnixNano };
}

/** The strings that records have, how many have each, and how many bytes those take, of which each has `length[i]`. */
function countByString(
  column: SpanIndex['service'],
  length: Uint32Array,
): [text: string, records: number, bytes: number][] {
  const counts = new Uint32Array(column.dictionary.length);
  const bytes = new Float64Array(column.dictionary.length);
  for (let i = 0; i < column.index.length; i++) {
    counts[column.index[i]!]!++;
    bytes[column.index[i]!]! += length[i] ?? 0;
  }
  return column.dictionary.flatMap((text, position): [string, number, number][] =>
    counts[position]! > 0 ? [[text, counts[position]!, bytes[position]!]] : [],
  );
}

/** Records and bytes of each service as they are stored, and back; an older store has no bytes. */
export function packServices({
  serviceRecords,
  serviceBytes,
}: Pick<BlockMeta, 'serviceRecords' | 'serviceBytes'>): string {
  return JSON.stringify(serviceRecords.map((records, i) => [records, serviceBytes[i] ?? 0]));
}

export function unpackServices(text: string): Pick<BlockMeta, 'serviceRecords' | 'serviceBytes'> {
  const services = JSON.parse(text) as [number, number][];
  return {
    serviceRecords: services.map(([records]) => records),
    serviceBytes: services.map(([, bytes]) => bytes),
  };
}

/** Throws `bad-data` when the batch's columns are not of one length, `too-large` above 256 MiB. */
export function checkShape(batch: Batch): void {
  if (batch.body.length > MAX_BODY_BYTES) {
    throw new CollectorError(
      'too-large',
      `A batch of ${batch.body.length} bytes was refused by the store; send less than ${MAX_BODY_BYTES} bytes at once.`,
    );
  }
  const { count } = batch;
  const lengths =
    batch.signal === 'traces'
      ? spanLengths(batch.index)
      : batch.signal === 'logs'
        ? logLengths(batch.index)
        : sampleLengths(batch.index);
  if (batch.body.length > 0) lengths.push(batch.offsets.offset.length, batch.offsets.length.length);
  if (lengths.some((length) => length !== count)) {
    throw new CollectorError(
      'bad-data',
      `A batch of ${batch.signal} says ${count} records but has columns of ${lengths.join(', ')}; the receiver that made it is at fault.`,
    );
  }
}

function spanLengths(index: SpanIndex): number[] {
  return [
    index.traceId.length / TRACE_ID_BYTES,
    index.spanId.length / SPAN_ID_BYTES,
    index.parentSpanId.length / SPAN_ID_BYTES,
    index.startTimeUnixNano.length,
    index.durationNano.length,
    index.kind.length,
    index.status.length,
    index.name.index.length,
    index.service.index.length,
    index.route.index.length,
    index.method.index.length,
    index.httpStatus.length,
  ];
}

function logLengths(index: LogIndex): number[] {
  return [
    index.timeUnixNano.length,
    index.severityNumber.length,
    index.service.index.length,
    index.traceId.length / TRACE_ID_BYTES,
    index.spanId.length / SPAN_ID_BYTES,
  ];
}

function sampleLengths(index: SampleIndex): number[] {
  return [index.seriesIndex.length, index.timeUnixNano.length, index.value.length];
}
