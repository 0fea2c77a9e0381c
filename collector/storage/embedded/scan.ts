/** All spans and log records of a time range, as columns that are cheap to read. */

import { StringColumnBuilder, stringAt } from '../../telemetry/columns.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { IdTable, wordsOf } from '../../telemetry/id-table.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { codePlace, messageTemplate } from '../../telemetry/template.ts';
import { attributeText } from '../attribute-text.ts';
import {
  DEFAULT_LIMITS,
  type LogTemplateColumns,
  type Page,
  type QueryOptions,
  type ScanQuery,
  type SpanColumns,
} from '../store.ts';
import { Budget } from './budget.ts';
import type { QueryContext } from './context.ts';
import { type LogRef, logPage } from './find-logs.ts';
import { pageRequest } from './page.ts';
import { matchSpans } from './span-filter.ts';
import { SpanRefs } from './span-refs.ts';
import { packIds, spanPage } from './trace.ts';
import { partOf } from './trace-part.ts';

/** Log records decoded between two looks at the clock. */
const DECODED_AT_ONCE = 128;

export async function queryScanSpans(
  context: QueryContext,
  query: ScanQuery,
  options: QueryOptions = {},
): Promise<Page<SpanColumns>> {
  checkPart(query);
  const budget = new Budget(options, context.deps);
  const request = pageRequest('scanSpans', query, options, DEFAULT_LIMITS.scanSpans, context.catalog.lastId);
  const refs = await collectSpans(context, query, request.lastBlock, budget);
  return spanPage(context, refs, request, 'index', budget);
}

function checkPart({ traces }: ScanQuery): void {
  if (traces === undefined) return;
  const { part, parts } = traces;
  if (Number.isSafeInteger(part) && Number.isSafeInteger(parts) && part >= 0 && part < parts) return;
  throw new CollectorError('bad-request', `Part ${part} of ${parts} is none of the parts 0 to ${parts - 1}.`);
}

async function collectSpans(
  { catalog, reader }: QueryContext,
  query: ScanQuery,
  lastMember: number,
  budget: Budget,
): Promise<SpanRefs> {
  const traces = new IdTable();
  const seen = new IdTable();
  const found = new SpanRefs(traces);
  for (const meta of catalog.select('traces', lastMember, query)) {
    await budget.pause();
    const matches = await matchSpans(reader, meta, query, lastMember, budget);
    const ids = matches && reader.traces(meta);
    if (matches === undefined || ids === undefined) continue;
    const { index, positions } = matches;
    const block = found.blocks.push({ meta, index }) - 1;
    const [trace, span] = [wordsOf(ids.ids), wordsOf(index.spanId)];
    const isPart = query.traces && partOf(query.traces, trace);
    for (let n = 0; n < positions.length; n++) {
      const i = positions[n]!;
      const t = ids.index === undefined ? i : ids.index[i]!;
      if (isPart && !isPart(t)) continue;
      const at = t * 4;
      const number = traces.add(trace[at]!, trace[at + 1]!, trace[at + 2]!, trace[at + 3]!);
      const before = seen.size;
      seen.add(number, 0, 0, 0, span[i * 2]!, span[i * 2 + 1]!);
      if (seen.size > before) found.push(block, i, number);
    }
  }
  return found;
}

export async function queryScanLogs(
  context: QueryContext,
  query: ScanQuery,
  options: QueryOptions = {},
): Promise<Page<LogTemplateColumns>> {
  checkPart(query);
  const budget = new Budget(options, context.deps);
  const request = pageRequest('scanLogs', query, options, DEFAULT_LIMITS.scanLogs, context.catalog.lastId);
  const { page, ...told } = await logPage(context, { ...query, order: 'oldest' }, request, budget);
  const columns = await templateColumns(context, page, budget);
  return { columns, count: columns.severityNumber.length, ...told };
}

async function templateColumns(
  context: QueryContext,
  page: readonly LogRef[],
  budget: Budget,
): Promise<LogTemplateColumns> {
  const [service, caller, template] = [
    new StringColumnBuilder(),
    new StringColumnBuilder(),
    new StringColumnBuilder(),
  ];
  const templates = new Map<string, string>();
  const rows = [];
  for (const ref of page) {
    if (rows.length % DECODED_AT_ONCE === DECODED_AT_ONCE - 1) await budget.pause();
    const index = context.reader.logs(ref.meta);
    if (index === undefined) continue;
    const { attributes, body } = context.reader.logDetail(ref.meta, ref.i);
    const text = attributeText(body);
    const place = codePlace(attributes, text);
    rows.push({ ...ref, index });
    service.push(stringAt(index.service, ref.i));
    caller.push(place);
    template.push(remembered(templates, place, text));
  }
  return {
    timeUnixNano: BigInt64Array.from(rows, (row) => row.time),
    severityNumber: Uint8Array.from(rows, ({ index, i }) => index.severityNumber[i]!),
    service: service.build(),
    traceId: packIds(rows, TRACE_ID_BYTES, ({ index, i }) =>
      index.traceId.subarray(i * TRACE_ID_BYTES, (i + 1) * TRACE_ID_BYTES),
    ),
    spanId: packIds(rows, SPAN_ID_BYTES, ({ index, i }) =>
      index.spanId.subarray(i * SPAN_ID_BYTES, (i + 1) * SPAN_ID_BYTES),
    ),
    caller: caller.build(),
    template: template.build(),
  };
}

/** The template of a message: found once for each caller, and for each text where there is none. */
function remembered(known: Map<string, string>, place: string, text: string): string {
  const key = place === '' ? `\u0000${text}` : place;
  let template = known.get(key);
  if (template === undefined) {
    template = messageTemplate(text);
    known.set(key, template);
  }
  return template;
}
