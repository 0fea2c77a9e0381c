/** Log records by time, service, severity, trace, text, template and attributes. */
import { logAttribute } from '../../../slo/index.ts';
import type { LogIndex } from '../../telemetry/batch.ts';
import { StringColumnBuilder, stringAt } from '../../telemetry/columns.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { IdTable, wordsOf } from '../../telemetry/id-table.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import type { Attributes } from '../../telemetry/model.ts';
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
import { LogSearch } from './log-search.ts';
import { Best, compareBigints, pageRequest } from './page.ts';
import { decoded, hasAttributes, type LogDetail, logDetail, type Records } from './records.ts';
import type { SealedLogs } from './sealed/logs-view.ts';
import { isOtherService, maskOf } from './span-filter.ts';
import { packIds } from './trace.ts';

/** One matching record; the raw block it arrived in and its position there tell records of the same time apart. */
interface LogRef {
  time: bigint;
  meta: BlockMeta;
  i: number;
  member: number;
  position: number;
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
  const place = (time: bigint, member: number, position: number, ref: LogRef) =>
    sign * (compareBigints(ref.time, time) || ref.member - member || ref.position - position);
  const best = new Best<LogRef>(request.limit, (a, b) => place(b.time, b.member, b.position, a));
  const [time, member, position] = [
    BigInt(request.after?.[0] ?? 0),
    Number(request.after?.[1]),
    Number(request.after?.[2]),
  ];
  let matched = 0;
  let remaining = 0;
  for await (const ref of matchingLogs(context, query, request.lastBlock, budget)) {
    matched++;
    if (request.after !== undefined && place(time, member, position, ref) <= 0) continue;
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
      ? { nextCursor: request.cursorAt([last.time.toString(), String(last.member), String(last.position)]) }
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
    if (!context.reader.mayHoldAttributes(meta, query.attributes ?? [])) continue;
    if (traces && !context.reader.mayHoldTraces(meta, traces.hashes)) continue;
    await budget.pause();
    const index = context.reader.logs(meta);
    if (index === undefined) continue;
    budget.read(meta);
    const count = context.reader.recordsUpTo(meta, lastBlock);
    const candidates = matchIndex(count, index, query, traces?.ids);
    const view = meta.stage === 'sealed' ? context.reader.sealedLogs(meta) : undefined;
    for (const i of await matchContent(context, meta, candidates, query, budget)) {
      const [member, position] = view ? [view.member(i), view.position(i)] : [meta.id, i];
      yield { time: index.timeUnixNano[i]!, meta, i, member, position };
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
  count: number,
  index: LogIndex,
  query: FindLogsQuery,
  traces: IdTable | undefined,
): number[] {
  const { fromUnixNano, toUnixNano, service, minSeverityNumber = 0 } = query;
  const services = service === undefined ? undefined : maskOf(index.service, (entry) => entry === service);
  const words = wordsOf(index.traceId);
  const positions: number[] = [];
  for (let i = 0; i < count; i++) {
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
  const view = meta.stage === 'sealed' ? context.reader.sealedLogs(meta) : undefined;
  if (view !== undefined) return matchSealed(view, candidates, attributes, message, budget);
  const records = context.reader.records(meta);
  const search = records && new LogSearch(meta, records);
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

/** The same for a sealed block, in which columns answer the attributes. */
async function matchSealed(
  view: SealedLogs,
  candidates: number[],
  attributes: readonly { key: string; value: string }[],
  message: MessageCondition | undefined,
  budget: Budget,
): Promise<number[]> {
  let left = candidates;
  for (const { key, value } of attributes) {
    await budget.pause();
    left = view.matchAttribute(key, value, left);
  }
  if (message === undefined) return left;
  const matched: number[] = [];
  for (const [n, i] of left.entries()) {
    if (n % 256 === 255) await budget.pause();
    if (message.holds(view.bodyText(i))) matched.push(i);
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
    const detail = context.reader.logDetail(ref.meta, ref.i);
    rows.push({ ...ref, index, attributes: shownAttributes(detail) });
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

/** The attributes of a record, and the stream that it was written to, which a whole block may share. */
function shownAttributes({ attributes, resource }: LogDetail): Attributes {
  const stream = resource[logAttribute.ioStream];
  return stream === undefined ? attributes : { [logAttribute.ioStream]: stream, ...attributes };
}
