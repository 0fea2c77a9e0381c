/** The records of one block after the other, whole: what is exported and checked is read by these. */
import { decodeLogLine } from '../../formats/log-line/decode-log-line.ts';
import { decodeLogRecord, decodeSpan } from '../../formats/otlp-protobuf/decode-record.ts';
import type { LogIndex } from '../../telemetry/batch.ts';
import { stringAt } from '../../telemetry/columns.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../../telemetry/ids.ts';
import type { LogRecord, SeriesInfo, Span } from '../../telemetry/model.ts';
import { SPAN_KINDS, SPAN_STATUSES } from '../../telemetry/model.ts';
import type { BlockMeta } from './block.ts';
import { wholeSpan } from './lean-body.ts';
import type { BlockReader } from './reader.ts';
import { decoded } from './records.ts';

/** Spans of a block in order of arrival. Throws `store-damaged`. */
export function* spansOf(reader: BlockReader, meta: BlockMeta): Generator<Span> {
  if (meta.stage === 'sealed') {
    const view = reader.sealedSpans(meta);
    for (let i = 0; view !== undefined && i < meta.count; i++) yield view.span(i);
    return;
  }
  const records = reader.recordsOnce(meta);
  for (let i = 0; i < meta.count; i++) {
    if (records === undefined || meta.encoding !== 'otlp-protobuf') yield spanOfIndex(reader, meta, i);
    else {
      const span = decoded(meta, i, () => decodeSpan(records.body, records.offsets, i));
      yield wholeSpan(spanOfIndex(reader, meta, i), span);
    }
  }
}

/** A span of which only the index columns are stored. */
function spanOfIndex(reader: BlockReader, meta: BlockMeta, i: number): Span {
  const index = reader.spans(meta)!;
  const start = index.startTimeUnixNano[i]!;
  return {
    traceId: hexOf(index.traceId, i, TRACE_ID_BYTES),
    spanId: hexOf(index.spanId, i, SPAN_ID_BYTES),
    parentSpanId: hexOf(index.parentSpanId, i, SPAN_ID_BYTES),
    name: stringAt(index.name, i),
    kind: SPAN_KINDS[index.kind[i]!] ?? 'unspecified',
    startTimeUnixNano: start,
    endTimeUnixNano: start + index.durationNano[i]!,
    status: SPAN_STATUSES[index.status[i]!] ?? 'unset',
    ...{ traceState: '', statusMessage: '', attributes: {}, events: [], links: [], scope: '' },
    resource: meta.resource,
  };
}

/** Log records of a block in order of arrival; times are those of the index, which every record has. */
export function* logsOf(reader: BlockReader, meta: BlockMeta): Generator<LogRecord> {
  const index = reader.logs(meta);
  if (meta.stage === 'sealed') {
    const view = reader.sealedLogs(meta);
    for (let i = 0; view !== undefined && i < meta.count; i++) {
      yield { ...view.record(i), timeUnixNano: index!.timeUnixNano[i]! };
    }
    return;
  }
  const records = reader.recordsOnce(meta);
  if (index === undefined || records === undefined) return;
  const { body, offsets } = records;
  for (let i = 0; i < meta.count; i++) {
    const timeUnixNano = index.timeUnixNano[i]!;
    const record = decoded(meta, i, () => {
      if (meta.encoding === 'otlp-protobuf') return wholeLog(index, i, decodeLogRecord(body, offsets, i));
      const from = offsets.offset[i] ?? 0;
      return decodeLogLine(body.subarray(from, from + (offsets.length[i] ?? 0)), {}, timeUnixNano);
    });
    yield { ...record, timeUnixNano, resource: { ...meta.resource, ...record.resource } };
  }
}

/** A log record whole again: a lean body has neither its ids nor its severity number. */
function wholeLog(index: LogIndex, i: number, lean: LogRecord): LogRecord {
  return {
    ...lean,
    severityNumber: lean.severityNumber || index.severityNumber[i]!,
    traceId: lean.traceId || hexOf(index.traceId, i, TRACE_ID_BYTES),
    spanId: lean.spanId || hexOf(index.spanId, i, SPAN_ID_BYTES),
  };
}

export interface SampleRow {
  series: SeriesInfo;
  timeUnixNano: bigint;
  value: number;
  exemplars: { timeUnixNano: bigint; value: number; traceId: Uint8Array; spanId: Uint8Array }[];
}

/** Samples of a block in order of arrival; exemplars come with the first sample of their series. */
export function* samplesOf(reader: BlockReader, meta: BlockMeta): Generator<SampleRow> {
  const columns = reader.samples(meta);
  const series = reader.seriesSet(meta)?.series;
  if (columns === undefined || series === undefined) return;
  const { exemplars } = columns;
  const bySeries = Map.groupBy(exemplars.value.keys(), (e) => exemplars.seriesIndex[e]!);
  for (let i = 0; i < meta.count; i++) {
    const at = columns.seriesIndex[i]!;
    const own = bySeries.get(at) ?? [];
    bySeries.delete(at);
    const info = series[at];
    if (info === undefined) throw new RangeError(`sample ${i} is of series ${at} of ${series.length}`);
    yield {
      series: info,
      timeUnixNano: columns.timeUnixNano[i]!,
      value: columns.value[i]!,
      exemplars: own.map((e) => ({
        timeUnixNano: exemplars.timeUnixNano[e]!,
        value: exemplars.value[e]!,
        traceId: exemplars.traceId.subarray(e * TRACE_ID_BYTES, (e + 1) * TRACE_ID_BYTES),
        spanId: exemplars.spanId.subarray(e * SPAN_ID_BYTES, (e + 1) * SPAN_ID_BYTES),
      })),
    };
  }
}

function hexOf(ids: Uint8Array, i: number, size: number): string {
  const hex = toHex(ids, i * size, size);
  return /^0*$/.test(hex) ? '' : hex;
}
