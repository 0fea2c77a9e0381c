/** Pages of columns as rows of plain values, so that a test can compare them and walk over pages. */
import type {
  AggregateColumns,
  LogColumns,
  LogTemplateColumns,
  Page,
  QueryOptions,
  SeriesColumns,
  SpanColumns,
  TraceColumns,
} from '../../../collector/storage/store.ts';
import { type StringColumn, stringAt } from '../../../collector/telemetry/columns.ts';
import { toHex } from '../../../collector/telemetry/ids.ts';

const ids = (packed: Uint8Array, size: number): string[] =>
  Array.from({ length: packed.length / size }, (_, i) => toHex(packed, i * size, size));
const strings = (column: StringColumn): string[] => Array.from(column.index, (_, i) => stringAt(column, i));

/** Objects out of columns of equal length; throws when one of them is longer or shorter. */
function zip<C extends Record<string, ArrayLike<unknown>>>(
  columns: C,
): { [K in keyof C]: C[K] extends ArrayLike<infer V> ? V : never }[] {
  const lengths = new Set(Object.values(columns).map((column) => column.length));
  if (lengths.size !== 1) throw new Error(`columns of lengths ${[...lengths].join(', ')}`);
  const [length = 0] = lengths;
  return Array.from({ length }, (_, i) =>
    Object.fromEntries(Object.entries(columns).map(([key, column]) => [key, column[i]])),
  ) as { [K in keyof C]: C[K] extends ArrayLike<infer V> ? V : never }[];
}

export function spanRows(columns: SpanColumns) {
  return zip({
    traceId: ids(columns.traceId, 16),
    spanId: ids(columns.spanId, 8),
    parentSpanId: ids(columns.parentSpanId, 8),
    start: columns.startTimeUnixNano,
    duration: columns.durationNano,
    kind: columns.kind,
    status: columns.status,
    name: strings(columns.name),
    service: strings(columns.service),
    route: strings(columns.route),
    method: strings(columns.method),
    httpStatus: columns.httpStatus,
  });
}

export function traceRows(columns: TraceColumns) {
  return zip({
    traceId: ids(columns.traceId, 16),
    hitSpanId: ids(columns.hitSpanId, 8),
    hitStart: columns.hitStartTimeUnixNano,
    hitDuration: columns.hitDurationNano,
    hitStatus: columns.hitStatus,
    hitHttpStatus: columns.hitHttpStatus,
    hitName: strings(columns.hitName),
    hitService: strings(columns.hitService),
    hitRoute: strings(columns.hitRoute),
    hitMethod: strings(columns.hitMethod),
    rootName: strings(columns.rootName),
    rootService: strings(columns.rootService),
    start: columns.startTimeUnixNano,
    duration: columns.durationNano,
    spanCount: columns.spanCount,
    errorCount: columns.errorCount,
  });
}

export function logRows(columns: LogColumns) {
  return zip({
    time: columns.timeUnixNano,
    severityNumber: columns.severityNumber,
    service: strings(columns.service),
    traceId: ids(columns.traceId, 16),
    spanId: ids(columns.spanId, 8),
    body: strings(columns.body),
    scope: strings(columns.scope),
    attributes: columns.attributes,
  });
}

export function templateRows(columns: LogTemplateColumns) {
  return zip({
    time: columns.timeUnixNano,
    severityNumber: columns.severityNumber,
    service: strings(columns.service),
    traceId: ids(columns.traceId, 16),
    spanId: ids(columns.spanId, 8),
    caller: strings(columns.caller),
    template: strings(columns.template),
  });
}

export function sampleRows(columns: SeriesColumns) {
  const { series, seriesIndex, timeUnixNano, value } = columns;
  return zip({ series: Array.from(seriesIndex, (i) => series[i]!), time: timeUnixNano, value });
}

export function exemplarRows({ series, exemplars }: SeriesColumns) {
  return zip({
    series: Array.from(exemplars.seriesIndex, (i) => series[i]!),
    time: exemplars.timeUnixNano,
    value: exemplars.value,
    traceId: ids(exemplars.traceId, 16),
    spanId: ids(exemplars.spanId, 8),
  });
}

export function groupRows(columns: AggregateColumns) {
  return zip({
    bucket: columns.bucketUnixNano,
    keys: Array.from(columns.bucketUnixNano, (_, i) => columns.keys.map((key) => stringAt(key, i))),
    count: columns.count,
    errors: columns.errors,
    quantilesMs: Array.from(columns.bucketUnixNano, (_, i) => columns.quantilesMs.map((q) => q[i]!)),
  });
}

/** All pages of a query, one after the other; `between` runs behind the first of them. */
export async function walk<C, R>(
  ask: (options: QueryOptions) => Promise<Page<C>>,
  rows: (columns: C) => R[],
  limit: number,
  between: () => Promise<void> = async () => {},
): Promise<{ rows: R[]; matched: number[]; pages: Page<C>[] }> {
  const all: R[] = [];
  const pages: Page<C>[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask({ limit, ...(cursor === undefined ? {} : { cursor }) });
    const part = rows(page.columns);
    if (part.length !== page.count) throw new Error(`a page of ${part.length} records says ${page.count}`);
    if (part.length > limit) throw new Error(`a page of ${part.length} records where ${limit} were asked`);
    if (page.nextCursor !== undefined && part.length === 0)
      throw new Error('an empty page with a page behind it');
    all.push(...part);
    pages.push(page);
    if (pages.length === 1) await between();
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return { rows: all, matched: pages.map((page) => page.matched), pages };
}
