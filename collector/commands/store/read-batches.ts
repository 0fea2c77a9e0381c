/** What is imported, as batches: lines of OTLP/JSON, and rows of exported tables. */
import { parseLogsJson, parseMetricsJson, parseTracesJson } from '../../formats/otlp-json/parse-request.ts';
import { readStoredSeries } from '../../formats/otlp-json/series-request.ts';
import { logsCodec, tracesCodec } from '../../formats/otlp-protobuf/messages.ts';
import { scanLogs } from '../../formats/otlp-protobuf/scan-logs.ts';
import { scanTraces } from '../../formats/otlp-protobuf/scan-traces.ts';
import { toLogsMessage, toTracesMessage } from '../../formats/otlp-protobuf/to-messages.ts';
import { SampleBuilder } from '../../formats/sample-builder.ts';
import type { Batch } from '../../telemetry/batch.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { SeriesInfo, Signal } from '../../telemetry/model.ts';
import { logOfRow, type Row, sampleOfRow, spanOfRow } from './tables.ts';

const EMPTY_REQUEST = /^\s*\{\s*\}\s*$/;

/** The batches of one line: an ExportTraceServiceRequest, or one of logs or metrics. Throws `bad-data`. */
export function batchesOfLine(line: Uint8Array): Batch[] {
  const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  const readers: [key: string, read: (body: Uint8Array) => Batch][] = [
    ['"resourceSpans"', parseTracesJson],
    ['"resourceLogs"', parseLogsJson],
    ['"resourceMetrics"', (body) => readStoredSeries(body) ?? parseMetricsJson(body)],
  ];
  const named = readers.filter(([key]) => text.includes(key));
  if (named.length === 0) {
    // Not JSON at all is told with the place where it stops to be.
    parseTracesJson(line);
    if (EMPTY_REQUEST.test(text.toString())) return [];
    throw new CollectorError('bad-data', 'it holds no resourceSpans, resourceLogs or resourceMetrics');
  }
  return named.map(([, read]) => read(line)).filter((batch) => batch.count > 0);
}

/** The rows of one row group as a batch. Throws `bad-data`. */
export function batchOfRows(signal: Signal, rows: readonly Row[]): Batch {
  if (signal === 'traces') return scanTraces(tracesCodec.encode(toTracesMessage(rows.map(spanOfRow))));
  if (signal === 'logs') return scanLogs(logsCodec.encode(toLogsMessage(rows.map(logOfRow))));
  const builder = new SampleBuilder();
  const known = new Map<string, SeriesInfo>();
  for (const { series, timeUnixNano, value } of rows.map(sampleOfRow)) {
    const key = JSON.stringify(series);
    const same = known.get(key) ?? series;
    known.set(key, same);
    builder.add(same, timeUnixNano, value);
  }
  return builder.build();
}
