/** Log records by time, service, severity, trace, text, template and attributes. */
import type { LogIndex } from '../../telemetry/batch.ts';
import { StringColumnBuilder, stringAt } from '../../telemetry/columns.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { messageTemplate, templateWords } from '../../telemetry/template.ts';
import { attributeText } from '../attribute-text.ts';
import {
  DEFAULT_LIMITS,
  type FindLogsQuery,
  type LogColumns,
  type Page,
  type QueryOptions,
} from '../store.ts';
import type { BlockMeta } from './block.ts';
import { hashId, type IdHash } from './bloom.ts';
import { Budget } from './budget.ts';
import type { QueryContext } from './context.ts';
import { IdTable, wordsOf } from './id-table.ts';
import { LogSearch } from './log-search.ts';
import { Best, compareBigints, pageRequest } from './page.ts';
import type { Records } from './records.ts';
import { decoded, hasAttributes, logDetail } from './records.ts';
import { isOtherService, maskOf } from './span-filter.ts';
import { packIds } from './trace.ts';

/** One matching record; block and position tell records of the same time apart. */
interface LogRef {
  time: bigint;
  meta: BlockMeta;
  i: number;
}

/** Trace ids of one query, as a set and as hashes for the bloom filters. */
interface WantedTraces {
  ids: IdTable;
  hashes: IdHash[];
}

export async function queryFindLogs(
  context: QueryContext,
  query: FindLogsQuery,
  options: QueryOptions = {},
): Promise<Page<LogColumns>> {
  const budget = new Budget(options, context.deps);
  const request = pageRequest('findLogs', query, options, DEFAULT_LIMITS.findLogs, context.catalog.lastId);
  const sign = query.order === 'oldest' ? 1 : -1;
  const place = (time: bigint, block: number, i: number, ref: LogRef) =>
    sign * (compareBigints(ref.time, time) || ref.meta.id - block || ref.i - i);
  const best = new Best<LogRef>(request.limit, (a, b) => place(b.time, b.meta.id, b.i, a));
  const [time, block, i] = [
    BigInt(request.after?.[0] ?? 0),
    Number(request.after?.[1]),
    Number(request.after?.[2]),
  ];
  let matched = 0;
  let remaining = 0;
  for await (const ref of matchingLogs(context, query, request.lastBlock, budget)) {
    matched++;
    if (request.after !== undefined && place(time, block, i, ref) <= 0) continue;
    remaining++;
    best.push(ref);
  }
  const page = best.sorted();
  const last = page.at(-1);
  const columns = await logColumns(context, page, budget);
  return {
    columns,
    count: columns.severityNumber.length,
    matched,
    examined: budget.examined,
    ...(last && remaining > page.length
      ? { nextCursor: request.cursorAt([last.time.toString(), String(last.meta.id), String(last.i)]) }
      : {}),
  };
}

async function* matchingLogs(
  context: QueryContext,
  query: FindLogsQuery,
  lastBlock: number,
  budget: Budget,
): AsyncGenerator<LogRef> {
  const traces = wantedTraces(query.traceIds);
  for (const meta of context.catalog.select('logs', lastBlock, query)) {
    if (isOtherService(meta, query.service)) continue;
    if (traces && !context.reader.mayHoldTraces(meta, traces.hashes)) continue;
    await budget.pause();
    const index = context.reader.logs(meta);
    if (index === undefined) continue;
    budget.read(meta);
    const candidates = matchIndex(meta, index, query, traces?.ids);
    for (const i of await matchContent(context, meta, candidates, query, budget)) {
      yield { time: index.timeUnixNano[i]!, meta, i };
    }
  }
}

function wantedTraces(traceIds: readonly Uint8Array[] | undefined): WantedTraces | undefined {
  if (traceIds === undefined) return undefined;
  const wanted: WantedTraces = { ids: new IdTable(), hashes: [] };
  for (const traceId of traceIds) {
    if (traceId.length !== TRACE_ID_BYTES) {
      throw new CollectorError(
        'bad-request',
        `A trace id has ${TRACE_ID_BYTES} bytes, not ${traceId.length}.`,
      );
    }
    if (traceId.every((byte) => byte === 0)) continue;
    const words = wordsOf(traceId);
    wanted.ids.add(words[0]!, words[1]!, words[2]!, words[3]!);
    wanted.hashes.push(hashId(words, 0));
  }
  return wanted;
}

/** The conditions that the index columns answer. */
function matchIndex(
  meta: BlockMeta,
  index: LogIndex,
  query: FindLogsQuery,
  traces: IdTable | undefined,
): number[] {
  const { fromUnixNano, toUnixNano, service, minSeverityNumber = 0 } = query;
  const services = service === undefined ? undefined : maskOf(index.service, (entry) => entry === service);
  const words = wordsOf(index.traceId);
  const positions: number[] = [];
  for (let i = 0; i < meta.count; i++) {
    const time = index.timeUnixNano[i]!;
    if (time < fromUnixNano || time >= toUnixNano) continue;
    if (index.severityNumber[i]! < minSeverityNumber) continue;
    if (services !== undefined && services[index.service.index[i]!] !== 1) continue;
    const at = i * 4;
    if (traces && traces.find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!) === -1) continue;
    positions.push(i);
  }
  return positions;
}

/** The conditions that only the record's body answers. */
async function matchContent(
  context: QueryContext,
  meta: BlockMeta,
  candidates: number[],
  query: FindLogsQuery,
  budget: Budget,
): Promise<number[]> {
  const { attributes = [] } = query;
  const message = messageCondition(query);
  if (candidates.length === 0 || (message === undefined && attributes.length === 0)) return candidates;
  const records = context.reader.records(meta);
  const search = records && meta.stage === 'raw' ? new LogSearch(meta, records) : undefined;
  const mayHold = search?.attributesFinder(attributes);
  const undecided = search?.undecided(attributes) ?? attributes;
  const holds = message && bodyTest(meta, records, search, message);
  const matched: number[] = [];
  for (const [n, i] of candidates.entries()) {
    if (n % 64 === 63) await budget.pause();
    if (mayHold && !mayHold(i)) continue;
    if (holds && !holds(i)) continue;
    if (undecided.length > 0 && !hasAttributes(logDetail(meta, records, i), undecided)) continue;
    matched.push(i);
  }
  return matched;
}

/** What a query asks of a body: a test of its text, and texts that every such body contains, in either case. */
interface MessageCondition {
  holds(body: string): boolean;
  contained: string[];
}

function messageCondition(query: FindLogsQuery): MessageCondition | undefined {
  const text = query.text?.toLowerCase() ?? '';
  const template = query.template === undefined ? undefined : messageTemplate(query.template);
  if (text === '' && template === undefined) return undefined;
  return {
    holds: (body) =>
      body.toLowerCase().includes(text) && (template === undefined || messageTemplate(body) === template),
    contained: [text, ...(template === undefined ? [] : templateWords(template))],
  };
}

/** A test of the bodies of one block, asked in ascending order; the bytes of a raw block tell most of it. */
function bodyTest(
  meta: BlockMeta,
  records: Records | undefined,
  search: LogSearch | undefined,
  { holds, contained }: MessageCondition,
): (i: number) => boolean {
  if (search === undefined) return (i) => holds(attributeText(logDetail(meta, records, i).body));
  const mayHold = search.bodyFinder(contained);
  return (i) => mayHold(i) && decoded(meta, i, () => holds(search.text(i)));
}

async function logColumns(
  context: QueryContext,
  page: readonly LogRef[],
  budget: Budget,
): Promise<LogColumns> {
  const service = new StringColumnBuilder();
  const body = new StringColumnBuilder();
  const scope = new StringColumnBuilder();
  const rows = [];
  for (const ref of page) {
    if (rows.length % 64 === 63) await budget.pause();
    const index = context.reader.logs(ref.meta);
    if (index === undefined) continue;
    const detail = logDetail(ref.meta, context.reader.records(ref.meta), ref.i);
    rows.push({ ...ref, index, attributes: detail.attributes });
    service.push(stringAt(index.service, ref.i));
    body.push(attributeText(detail.body));
    scope.push(detail.scope);
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
    body: body.build(),
    scope: scope.build(),
    attributes: rows.map((row) => row.attributes),
  };
}
