// What the store makes of a good body and gives back: lean bodies beside columns, and sealed blocks, against protobufjs.
import { decodeLogLine } from '../../../collector/formats/log-line/decode-log-line.ts';
import { scanLogLines } from '../../../collector/formats/log-line/scan-log-lines.ts';
import { decodeLogRecord, decodeSpan } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { scanLogs } from '../../../collector/formats/otlp-protobuf/scan-logs.ts';
import { scanTraces } from '../../../collector/formats/otlp-protobuf/scan-traces.ts';
import {
  type BlockMeta,
  decodeLogIndex,
  decodeOffsets,
  decodeSpanIndex,
} from '../../../collector/storage/embedded/block.ts';
import { coalesce } from '../../../collector/storage/embedded/coalesce.ts';
import { wholeSpan } from '../../../collector/storage/embedded/lean-body.ts';
import { SealedLogs } from '../../../collector/storage/embedded/sealed/logs-view.ts';
import type { RawBlock } from '../../../collector/storage/embedded/sealed/raw-blocks.ts';
import { sealLogs } from '../../../collector/storage/embedded/sealed/seal-logs.ts';
import { sealSpans } from '../../../collector/storage/embedded/sealed/seal-spans.ts';
import type { SealedBlock } from '../../../collector/storage/embedded/sealed/sealed-block.ts';
import { SealedSpans } from '../../../collector/storage/embedded/sealed/view.ts';
import { inflatedBody } from '../../../collector/storage/embedded/zstd-frame.ts';
import type { LogBatch, SpanBatch, SpanIndex } from '../../../collector/telemetry/batch.ts';
import { stringAt } from '../../../collector/telemetry/columns.ts';
import { type LogRecord, SPAN_KINDS, type Span } from '../../../collector/telemetry/model.ts';
import { naiveHex, naiveLog, naiveSpan, recordsOf } from '../../collector/formats/naive.ts';
import type { Plain } from '../../collector/formats/oracle.ts';
import { rawBlocks } from '../../collector/storage/sealed/random-spans.ts';
import { inKernelMemory } from '../../helpers/kernel-body.ts';
import type { Property } from '../target.ts';
import { type Message, seedsOf, truthOf } from './otlp.ts';
import { mustEqual, ours } from './verdict.ts';

/** So small that a few records make several blocks. */
const LIMITS = { maxRecords: 7, ownRecords: 3, ownBytes: 600 };

/** How the records of one signal are read: by our scanner and decoder, and from what protobufjs decoded. */
interface Reading<B, R> {
  message: Message;
  scan(body: Uint8Array): B;
  decode(batch: B, i: number): R;
  naive(request: Plain): R[];
}

const SPANS: Reading<SpanBatch, Span> = {
  message: 'TracesData',
  scan: scanTraces,
  decode: ({ body, offsets }, i) => decodeSpan(body, offsets, i),
  naive: (request) =>
    recordsOf(request, 'resourceSpans', 'scopeSpans', 'spans').map((one) => naiveSpan(one) as Span),
};
const LOGS: Reading<LogBatch, LogRecord> = {
  message: 'LogsData',
  scan: scanLogs,
  decode: ({ body, offsets }, i) => decodeLogRecord(body, offsets, i),
  naive: (request) =>
    recordsOf(request, 'resourceLogs', 'scopeLogs', 'logRecords').map((one) => naiveLog(one) as LogRecord),
};

/** Whatever is taken must come back as the same records; what is refused is no matter here. */
function storedProperty<B extends SpanBatch | LogBatch, R>(
  { message, scan, decode, naive }: Reading<B, R>,
  givenBack: (batch: B, bytes: Uint8Array, expected: readonly R[]) => void,
): () => Property {
  return () => ({
    seeds: seedsOf(message),
    check: (bytes) => {
      const batch = ours(() => scan(bytes));
      if ('refused' in batch) return 'refused';
      const truth = truthOf(message, bytes);
      const isJudged = truth !== 'either' && 'value' in truth;
      const expected = isJudged
        ? naive(truth.value)
        : Array.from({ length: batch.value.count }, (_, i) => decode(batch.value, i));
      givenBack(batch.value, bytes, expected);
      return `${Math.min(batch.value.count, 9)} records${isJudged ? '' : ', unjudged'}`;
    },
  });
}

/** The same body twice in one block as it is stored, once from anywhere and once from the memory of the kernels. */
function storedTwice<B extends SpanBatch | LogBatch>(
  batch: B,
  scan: (body: Uint8Array) => B,
  bytes: Uint8Array,
): RawBlock {
  const [block] = inKernelMemory(bytes, (body) => rawBlocks([...coalesce([batch, scan(body)])]));
  return block!;
}

function recordsIn({ meta, body, offsets }: RawBlock) {
  return { body: inflatedBody(body, meta.compression), offsets: decodeOffsets(offsets) };
}

function leanSpans(batch: SpanBatch, bytes: Uint8Array, expected: readonly Span[]): void {
  if (batch.count === 0) return;
  const block = storedTwice(batch, scanTraces, bytes);
  const { body, offsets } = recordsIn(block);
  const index = decodeSpanIndex(block.columns);
  const found = Array.from({ length: block.meta.count }, (_, i) =>
    wholeSpan(toldSpan(index, i), decodeSpan(body, offsets, i)),
  );
  mustEqual(found, [...expected, ...expected], 'spans of a lean body');
}

/** What columns tell of a span. */
function toldSpan(index: SpanIndex, i: number): Span {
  const start = index.startTimeUnixNano[i]!;
  return {
    traceId: naiveHex(index.traceId.subarray(i * 16, i * 16 + 16)),
    spanId: naiveHex(index.spanId.subarray(i * 8, i * 8 + 8)),
    parentSpanId: naiveHex(index.parentSpanId.subarray(i * 8, i * 8 + 8)),
    ...{ name: stringAt(index.name, i), kind: SPAN_KINDS[index.kind[i]!]! },
    ...{ startTimeUnixNano: start, endTimeUnixNano: start + index.durationNano[i]! },
    ...{ status: 'unset', traceState: '', statusMessage: '', attributes: {}, events: [], links: [] },
    ...{ resource: {}, scope: '' },
  };
}

function leanLogs(batch: LogBatch, bytes: Uint8Array, expected: readonly LogRecord[]): void {
  if (batch.count === 0) return;
  const block = storedTwice(batch, scanLogs, bytes);
  const { body, offsets } = recordsIn(block);
  const index = decodeLogIndex(block.columns);
  const found = Array.from({ length: block.meta.count }, (_, i) => {
    const lean = decodeLogRecord(body, offsets, i);
    return {
      ...lean,
      severityNumber: lean.severityNumber || index.severityNumber[i]!,
      traceId: lean.traceId || naiveHex(index.traceId.subarray(i * 16, i * 16 + 16)),
      spanId: lean.spanId || naiveHex(index.spanId.subarray(i * 8, i * 8 + 8)),
    };
  });
  mustEqual(found, [...expected, ...expected], 'records of a lean body');
}

/** The records of sealed blocks in the order of the body that they were made of. */
function inOrder<R>(views: readonly { view: SealedSpans | SealedLogs; record(i: number): R }[]): R[] {
  const places = views.flatMap(({ view, record }) =>
    Array.from({ length: view.meta.count }, (_, i) => ({ at: view.position(i), record: record(i) })),
  );
  return places.sort((a, b) => a.at - b.at).map(({ record }) => record);
}

/** Sealed from the body as it came, and from the lean one. */
const bothWays = (batch: SpanBatch | LogBatch) => [rawBlocks([batch]), rawBlocks([...coalesce([batch])])];

function sealedSpans(batch: SpanBatch, _bytes: Uint8Array, expected: readonly Span[]): void {
  for (const blocks of bothWays(batch)) {
    const views = sealSpans(blocks, LIMITS).map((block) => {
      const view = new SealedSpans(...sealed(block));
      return { view, record: (i: number) => view.span(i) };
    });
    mustEqual(inOrder(views), expected, 'sealed spans');
  }
}

function sealedLogViews(blocks: readonly RawBlock[]) {
  return sealLogs(blocks, LIMITS).map((block) => {
    const view = new SealedLogs(...sealed(block));
    return { view, record: (i: number) => view.record(i) };
  });
}

function sealedLogs(batch: LogBatch, _bytes: Uint8Array, expected: readonly LogRecord[]): void {
  for (const blocks of bothWays(batch)) {
    mustEqual(inOrder(sealedLogViews(blocks)), expected, 'sealed log records');
  }
}

function sealed({ meta, directory, columns }: SealedBlock) {
  const rows = new Map(columns.map(({ number, bytes }) => [number, bytes]));
  return [{ ...meta, id: 1 } as BlockMeta, directory, (number: number) => rows.get(number)] as const;
}

const RESOURCE = { 'service.name': 'shop', zone: 'west' };

/** Lines come back with every attribute, read from columns as they were read from the text. */
function sealedLines(body: Uint8Array): string {
  const { batch } = scanLogLines(body, RESOURCE, 1_800_000_000_000_000_000n);
  const { index, offsets, count } = batch;
  const expected = Array.from({ length: count }, (_, i) => {
    const line = batch.body.subarray(offsets.offset[i]!, offsets.offset[i]! + offsets.length[i]!);
    return decodeLogLine(line, RESOURCE, index.timeUnixNano[i]!);
  });
  mustEqual(inOrder(sealedLogViews(rawBlocks([batch]))), expected, 'sealed lines');
  return `${Math.min(count, 9)} lines`;
}

/** `lines` are bodies and pieces of log files. */
export const storedProperties = (lines: Pick<Property, 'seeds' | 'tokens'>) =>
  ({
    'lean-traces': storedProperty(SPANS, leanSpans),
    'lean-logs': storedProperty(LOGS, leanLogs),
    'sealed-traces': storedProperty(SPANS, sealedSpans),
    'sealed-logs': storedProperty(LOGS, sealedLogs),
    'sealed-lines': () => ({ ...lines, check: sealedLines }),
  }) satisfies Record<string, () => Property>;
