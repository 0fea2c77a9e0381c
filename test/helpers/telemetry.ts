/** Batches from plain objects: encoded as a sender would, then read by the same scanners as in the collector. */
import { scanLogLines } from '../../collector/formats/log-line/scan-log-lines.ts';
import { logsCodec, type OtlpMessage, tracesCodec } from '../../collector/formats/otlp-protobuf/messages.ts';
import { scanLogs } from '../../collector/formats/otlp-protobuf/scan-logs.ts';
import { scanTraces } from '../../collector/formats/otlp-protobuf/scan-traces.ts';
import {
  type LogBatch,
  noOffsets,
  type SampleBatch,
  type SpanBatch,
} from '../../collector/telemetry/batch.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../collector/telemetry/ids.ts';
import type { SeriesInfo } from '../../collector/telemetry/model.ts';

/** One span as a test writes it; ids in hex, `kind` and `status` by OTLP's numbers. */
export interface PlainSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  service: string;
  start: bigint;
  duration: bigint;
  kind?: number;
  status?: number;
  statusMessage?: string;
  traceState?: string;
  route?: string;
  method?: string;
  httpStatus?: number;
  attributes?: Record<string, string>;
  resource?: Record<string, string>;
  events?: { time: bigint; name: string; attributes: Record<string, string> }[];
}

export interface PlainLog {
  time: bigint;
  severityNumber: number;
  service: string;
  traceId?: string;
  spanId?: string;
  body: string;
  scope?: string;
  attributes?: Record<string, string>;
}

export interface PlainSample {
  series: SeriesInfo;
  time: bigint;
  value: number;
}

export interface PlainExemplar extends PlainSample {
  traceId?: string;
  spanId?: string;
}

const bytes = (hex = ''): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

/** A packed id, as queries want it. */
export const id = bytes;

export function spanBatch(spans: readonly PlainSpan[]): SpanBatch {
  const groups = runs(spans, (span) => JSON.stringify([span.service, span.resource]));
  const resourceSpans = groups.map((members) => ({
    resource: { attributes: pairs({ 'service.name': members[0]!.service, ...members[0]!.resource }) },
    scopeSpans: [{ scope: { name: 'test' }, spans: members.map(otlpSpan) }],
  }));
  return scanTraces(tracesCodec.encode({ resourceSpans }));
}

export function logBatch(logs: readonly PlainLog[]): LogBatch {
  const groups = runs(logs, (log) => JSON.stringify([log.service, log.scope]));
  const resourceLogs = groups.map((members) => ({
    resource: { attributes: pairs({ 'service.name': members[0]!.service }) },
    scopeLogs: [{ scope: { name: members[0]!.scope ?? '' }, logRecords: members.map(otlpLog) }],
  }));
  return scanLogs(logsCodec.encode({ resourceLogs }));
}

/** The same as lines of zap's JSON, all of one service. */
export function lineBatch(logs: readonly PlainLog[], service: string): LogBatch {
  const lines = logs.map((log) =>
    JSON.stringify({
      ts: new Date(Number(log.time / 1_000_000n)).toISOString(),
      level: log.severityNumber >= 17 ? 'error' : 'info',
      msg: log.body,
      ...(log.traceId ? { trace_id: log.traceId, span_id: log.spanId ?? '' } : {}),
      ...log.attributes,
    }),
  );
  return scanLogLines(Buffer.from(`${lines.join('\n')}\n`), { 'service.name': service }, 0n).batch;
}

export function sampleBatch(
  samples: readonly PlainSample[],
  exemplars: readonly PlainExemplar[] = [],
): SampleBatch {
  const series: SeriesInfo[] = [];
  const positions = new Map<string, number>();
  const positionOf = (info: SeriesInfo): number => {
    const key = JSON.stringify(info);
    let position = positions.get(key);
    if (position === undefined) {
      position = series.push(info) - 1;
      positions.set(key, position);
    }
    return position;
  };
  return {
    signal: 'metrics',
    encoding: 'none',
    compression: 'none',
    body: new Uint8Array(0),
    count: samples.length,
    index: {
      seriesIndex: Uint32Array.from(samples, (sample) => positionOf(sample.series)),
      timeUnixNano: BigInt64Array.from(samples, (sample) => sample.time),
      value: Float64Array.from(samples, (sample) => sample.value),
      exemplars: {
        seriesIndex: Uint32Array.from(exemplars, (exemplar) => positionOf(exemplar.series)),
        timeUnixNano: BigInt64Array.from(exemplars, (exemplar) => exemplar.time),
        value: Float64Array.from(exemplars, (exemplar) => exemplar.value),
        traceId: packed(exemplars, 'traceId', TRACE_ID_BYTES),
        spanId: packed(exemplars, 'spanId', SPAN_ID_BYTES),
      },
      series,
    },
    offsets: noOffsets(),
    resource: {},
  };
}

/** Neighbours of one key together, in the order they came in. */
function runs<T>(records: readonly T[], keyOf: (record: T) => string): T[][] {
  const groups: T[][] = [];
  let last: string | undefined;
  for (const record of records) {
    const key = keyOf(record);
    if (key === last) groups.at(-1)!.push(record);
    else groups.push([record]);
    last = key;
  }
  return groups;
}

function packed(exemplars: readonly PlainExemplar[], key: 'traceId' | 'spanId', size: number): Uint8Array {
  return bytes(exemplars.map((exemplar) => exemplar[key] ?? '00'.repeat(size)).join(''));
}

function otlpSpan(span: PlainSpan): OtlpMessage<'Span'> {
  return {
    traceId: bytes(span.traceId),
    spanId: bytes(span.spanId),
    parentSpanId: bytes(span.parentSpanId),
    traceState: span.traceState ?? '',
    name: span.name,
    kind: span.kind ?? 0,
    startTimeUnixNano: span.start,
    endTimeUnixNano: span.start + span.duration,
    attributes: pairs({
      ...(span.route ? { 'http.route': span.route } : {}),
      ...(span.method ? { 'http.request.method': span.method } : {}),
      ...(span.httpStatus ? { 'http.response.status_code': span.httpStatus } : {}),
      ...span.attributes,
    }),
    events: (span.events ?? []).map((event) => ({
      timeUnixNano: event.time,
      name: event.name,
      attributes: pairs(event.attributes),
    })),
    status: { code: span.status ?? 0, message: span.statusMessage ?? '' },
  };
}

function otlpLog(log: PlainLog): OtlpMessage<'LogRecord'> {
  return {
    timeUnixNano: log.time,
    severityNumber: log.severityNumber,
    body: { stringValue: log.body },
    attributes: pairs(log.attributes ?? {}),
    traceId: bytes(log.traceId),
    spanId: bytes(log.spanId),
  };
}

function pairs(attributes: Record<string, string | number>): OtlpMessage<'KeyValue'>[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: BigInt(value) } : { stringValue: value },
  }));
}
