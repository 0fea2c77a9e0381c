/** Plain spans and log lines as the columns that a store answers a scan with. */
import type { LogTemplateColumns, SpanColumns } from '../../collector/storage/store.ts';
import { type StringColumn, StringColumnBuilder } from '../../collector/telemetry/columns.ts';
import { codePlace, messageTemplate } from '../../collector/telemetry/template.ts';
import { id, type PlainLog, type PlainSpan } from './telemetry.ts';

/** Spans as the store answers a scan. */
export function spanColumns(spans: readonly PlainSpan[]): SpanColumns {
  return {
    traceId: id(spans.map(({ traceId }) => traceId).join('')),
    spanId: id(spans.map(({ spanId }) => spanId).join('')),
    parentSpanId: id(spans.map(({ parentSpanId }) => parentSpanId || '00'.repeat(8)).join('')),
    startTimeUnixNano: BigInt64Array.from(spans, ({ start }) => start),
    durationNano: BigInt64Array.from(spans, ({ duration }) => duration),
    kind: Uint8Array.from(spans, ({ kind = 0 }) => kind),
    status: Uint8Array.from(spans, ({ status = 0 }) => status),
    name: strings(spans, ({ name }) => name),
    service: strings(spans, ({ service }) => service),
    route: strings(spans, ({ route = '' }) => route),
    method: strings(spans, ({ method = '' }) => method),
    httpStatus: new Uint16Array(spans.length),
  };
}

/** Log lines as the store answers a scan. */
export function logColumns(logs: readonly PlainLog[]): LogTemplateColumns {
  return {
    timeUnixNano: BigInt64Array.from(logs, ({ time }) => time),
    severityNumber: Uint8Array.from(logs, ({ severityNumber }) => severityNumber),
    service: strings(logs, ({ service }) => service),
    traceId: id(logs.map(({ traceId }) => traceId ?? '00'.repeat(16)).join('')),
    spanId: id(logs.map(({ spanId }) => spanId ?? '00'.repeat(8)).join('')),
    caller: strings(logs, ({ attributes = {}, body }) => codePlace(attributes, body)),
    template: strings(logs, ({ body }) => messageTemplate(body)),
  };
}

function strings<R>(records: readonly R[], textOf: (record: R) => string): StringColumn {
  const column = new StringColumnBuilder();
  for (const record of records) column.push(textOf(record));
  return column.build();
}
