// What the store makes of a good body and gives back: lean bodies beside columns, and sealed blocks, against protobufjs.
import { decodeLogLine } from '../../../collector/formats/log-line/decode-log-line.ts';
import { scanLogLines } from '../../../collector/formats/log-line/scan-log-lines.ts';
import { decodeLogRecord, decodeSpan } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { scanLogs } from '../../../collector/formats/otlp-protobuf/scan-logs.ts';
import { scanTraces } from '../../../collector/formats/otlp-protobuf/scan-traces.ts';
import type { BlockMeta } from '../../../collector/storage/embedded/block.ts';
import { coalesce } from '../../../collector/storage/embedded/coalesce.ts';
import { wholeSpan } from '../../../collector/storage/embedded/lean-body.ts';
import { SealedLogs } from '../../../collector/storage/embedded/sealed/logs-view.ts';
import { sealLogs } from '../../../collector/storage/embedded/sealed/seal-logs.ts';
import { sealSpans } from '../../../collector/storage/embedded/sealed/seal-spans.ts';
import type { SealedBlock } from '../../../collector/storage/embedded/sealed/sealed-block.ts';
import { SealedSpans } from '../../../collector/storage/embedded/sealed/view.ts';
import type { LogBatch, SpanBatch } from '../../../collector/telemetry/batch.ts';
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

/** The same body twice in one block, once from anywhere and once from the memory of the kernels. */
function leanTwice<B extends SpanBatch | LogBatch>(
  batch: B,
  scan: (body: Uint8Array) => B,
  bytes: Uint8Array,
) {
  return inKernelMemory(bytes, (body) => {
    const [joined] = [...coalesce([batch, scan(body)])];
    // A view that the next body overwrites.
    return joined && ({ ...joined, body: Uint8Array.from(joined.body) } as B);
  });
}

function leanSpans(batch: SpanBatch, bytes: Uint8Array, expected: readonly Span[]): void {
  const joined = leanTwice(batch, scanTraces, bytes);
  const count = joined?.count ?? 0;
  const found = Array.from({ length: count }, (_, i) =>
    wholeSpan(toldSpan(joined!, i), SPANS.decode(joined!, i)),
  );
  mustEqual(found, batch.count === 0 ? [] : [...expected, ...expected], 'spans of a lean body');
}

/** What columns tell of a span. */
function toldSpan({ index }: SpanBatch, i: number): Span {
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
  const joined = leanTwice(batch, scanLogs, bytes);
  const found = Array.from({ length: joined?.count ?? 0 }, (_, i) => {
    const { index } = joined!;
    const lean = LOGS.decode(joined!, i);
    return {
      ...lean,
      severityNumber: lean.severityNumber || index.severityNumber[i]!,
      traceId: lean.traceId || naiveHex(index.traceId.subarray(i * 16, i * 16 + 16)),
      spanId: lean.spanId || naiveHex(index.spanId.subarray(i * 8, i * 8 + 8)),
    };
  });
  mustEqual(found, batch.count === 0 ? [] : [...expected, ...expected], 'records of a lean body');
}

/** The records of sealed blocks in the order of the body that they were made of. */
function inOrder<R>(views: readonly { view: SealedSpans | SealedLogs; record(i: number): R }[]): R[] {
  const places = views.flatMap(({ view, record }) =>
    Array.from({ length: view.meta.count }, (_, i) => ({ at: view.position(i), record: record(i) })),
  );
  return places.sort((a, b) => a.at - b.at).map(({ record }) => record);
}

function sealedSpans(batch: SpanBatch, _bytes: Uint8Array, expected: readonly Span[]): void {
  for (const raw of [[batch], [...coalesce([batch])]]) {
    const views = sealSpans(rawBlocks(raw), LIMITS).map((block) => {
      const view = new SealedSpans(...sealed(block));
      return { view, record: (i: number) => view.span(i) };
    });
    mustEqual(inOrder(views), expected, 'sealed spans');
  }
}

function sealedLogViews(batches: readonly LogBatch[]) {
  return sealLogs(rawBlocks(batches), LIMITS).map((block) => {
    const view = new SealedLogs(...sealed(block));
    return { view, record: (i: number) => view.record(i) };
  });
}

function sealedLogs(batch: LogBatch, _bytes: Uint8Array, expected: readonly LogRecord[]): void {
  for (const raw of [[batch], [...coalesce([batch])] as LogBatch[]]) {
    mustEqual(inOrder(sealedLogViews(raw)), expected, 'sealed log records');
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
  mustEqual(inOrder(sealedLogViews([batch])), expected, 'sealed lines');
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
