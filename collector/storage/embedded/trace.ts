/** Spans of traces by id, and what findTraces tells of a trace as a whole. */
import type { SpanIndex } from '../../telemetry/batch.ts';
import { StringColumnBuilder, stringAt } from '../../telemetry/columns.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { fromHex, SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../../telemetry/ids.ts';
import { DEFAULT_LIMITS, type Page, type QueryOptions, type SpanColumns, type TraceQuery } from '../store.ts';
import type { BlockMeta } from './block.ts';
import { hashId } from './bloom.ts';
import { Budget } from './budget.ts';
import type { QueryContext } from './context.ts';
import { IdTable, wordsOf } from './id-table.ts';
import { compareBigints, pageRequest } from './page.ts';
import { spanDetail } from './records.ts';

/** One stored span: a position in a decoded block. */
export interface SpanRef {
  meta: BlockMeta;
  index: SpanIndex;
  i: number;
}

/** Ids of one trace query; more would be a scan in disguise. */
const MAX_TRACE_IDS = 10_000;

export async function queryTrace(
  context: QueryContext,
  query: TraceQuery,
  options: QueryOptions = {},
): Promise<Page<SpanColumns>> {
  const { catalog, deps } = context;
  const budget = new Budget(options, deps);
  const request = pageRequest('trace', query, options, DEFAULT_LIMITS.trace, catalog.lastId);
  const spans = await collectTraces(context, query.traceIds, request.lastBlock, budget);
  spans.sort(compareSpans);
  const from = request.after === undefined ? 0 : firstBehind(spans, request.after);
  const page = spans.slice(from, from + request.limit);
  const last = page.at(-1);
  return {
    columns: await spanColumns(context, page, query.detail, budget),
    count: page.length,
    matched: spans.length,
    examined: budget.examined,
    ...(last && from + page.length < spans.length ? { nextCursor: request.cursorAt(sortKey(last)) } : {}),
  };
}

/** All stored spans of the traces, duplicates once (the one stored first); zero ids find nothing. */
export async function collectTraces(
  context: QueryContext,
  traceIds: readonly Uint8Array[],
  lastBlock: number,
  budget: Budget,
): Promise<SpanRef[]> {
  const wanted = new IdTable();
  const hashes = [];
  if (traceIds.length > MAX_TRACE_IDS) {
    throw new CollectorError(
      'bad-request',
      `${traceIds.length} trace ids are more than ${MAX_TRACE_IDS}; ask in parts.`,
    );
  }
  for (const traceId of traceIds) {
    if (traceId.length !== TRACE_ID_BYTES) {
      throw new CollectorError(
        'bad-request',
        `A trace id has ${TRACE_ID_BYTES} bytes, not ${traceId.length}.`,
      );
    }
    if (traceId.every((byte) => byte === 0)) continue;
    const words = wordsOf(traceId);
    wanted.add(words[0]!, words[1]!, words[2]!, words[3]!);
    hashes.push(hashId(words, 0));
  }
  const found: SpanRef[] = [];
  const seen = new IdTable();
  for (const meta of context.catalog.select('traces', lastBlock)) {
    if (!context.reader.mayHoldTraces(meta, hashes)) continue;
    await budget.pause();
    const index = context.reader.spans(meta);
    if (index === undefined) continue;
    budget.read(meta);
    collectFromBlock(meta, index, wanted, seen, found);
  }
  return found;
}

function collectFromBlock(
  meta: BlockMeta,
  index: SpanIndex,
  wanted: IdTable,
  seen: IdTable,
  found: SpanRef[],
): void {
  const trace = wordsOf(index.traceId);
  const span = wordsOf(index.spanId);
  for (let i = 0; i < meta.count; i++) {
    const at = i * 4;
    if (wanted.find(trace[at]!, trace[at + 1]!, trace[at + 2]!, trace[at + 3]!) === -1) continue;
    const before = seen.size;
    seen.add(trace[at]!, trace[at + 1]!, trace[at + 2]!, trace[at + 3]!, span[i * 2]!, span[i * 2 + 1]!);
    if (seen.size > before) found.push({ meta, index, i });
  }
}

export function traceIdOf({ index, i }: SpanRef): Uint8Array {
  return index.traceId.subarray(i * TRACE_ID_BYTES, (i + 1) * TRACE_ID_BYTES);
}

export function spanIdOf({ index, i }: SpanRef): Uint8Array {
  return index.spanId.subarray(i * SPAN_ID_BYTES, (i + 1) * SPAN_ID_BYTES);
}

/** By start, then trace id, then span id: a total order, because the ids name a span. */
function compareSpans(a: SpanRef, b: SpanRef): number {
  return (
    compareBigints(a.index.startTimeUnixNano[a.i]!, b.index.startTimeUnixNano[b.i]!) ||
    Buffer.compare(traceIdOf(a), traceIdOf(b)) ||
    Buffer.compare(spanIdOf(a), spanIdOf(b))
  );
}

function sortKey(ref: SpanRef): string[] {
  return [ref.index.startTimeUnixNano[ref.i]!.toString(), toHex(traceIdOf(ref)), toHex(spanIdOf(ref))];
}

/** Position of the first span behind the key. */
function firstBehind(sorted: readonly SpanRef[], key: readonly string[]): number {
  const start = BigInt(key[0] ?? 0);
  const traceId = fromHex(key[1] ?? '', TRACE_ID_BYTES) ?? new Uint8Array(0);
  const spanId = fromHex(key[2] ?? '', SPAN_ID_BYTES) ?? new Uint8Array(0);
  const position = sorted.findIndex(
    (ref) =>
      (compareBigints(ref.index.startTimeUnixNano[ref.i]!, start) ||
        Buffer.compare(traceIdOf(ref), traceId) ||
        Buffer.compare(spanIdOf(ref), spanId)) > 0,
  );
  return position === -1 ? sorted.length : position;
}

async function spanColumns(
  context: QueryContext,
  spans: readonly SpanRef[],
  detail: TraceQuery['detail'],
  budget: Budget,
): Promise<SpanColumns> {
  const text = (of: (ref: SpanRef) => string) => {
    const column = new StringColumnBuilder();
    for (const ref of spans) column.push(of(ref));
    return column.build();
  };
  return {
    traceId: packIds(spans, TRACE_ID_BYTES, traceIdOf),
    spanId: packIds(spans, SPAN_ID_BYTES, spanIdOf),
    parentSpanId: packIds(spans, SPAN_ID_BYTES, ({ index, i }) =>
      index.parentSpanId.subarray(i * SPAN_ID_BYTES, (i + 1) * SPAN_ID_BYTES),
    ),
    startTimeUnixNano: BigInt64Array.from(spans, ({ index, i }) => index.startTimeUnixNano[i]!),
    durationNano: BigInt64Array.from(spans, ({ index, i }) => index.durationNano[i]!),
    kind: Uint8Array.from(spans, ({ index, i }) => index.kind[i]!),
    status: Uint8Array.from(spans, ({ index, i }) => index.status[i]!),
    name: text(({ index, i }) => stringAt(index.name, i)),
    service: text(({ index, i }) => stringAt(index.service, i)),
    route: text(({ index, i }) => stringAt(index.route, i)),
    method: text(({ index, i }) => stringAt(index.method, i)),
    httpStatus: Uint16Array.from(spans, ({ index, i }) => index.httpStatus[i]!),
    ...(detail === 'index' ? {} : await detailColumns(context, spans, detail, budget)),
  };
}

async function detailColumns(
  context: QueryContext,
  spans: readonly SpanRef[],
  detail: 'attributes' | 'full',
  budget: Budget,
): Promise<Pick<SpanColumns, 'attributes' | 'resource' | 'events' | 'statusMessage' | 'traceState'>> {
  const details = [];
  for (const { meta, i } of spans) {
    if (details.length % 64 === 63) await budget.pause();
    details.push(spanDetail(meta, context.reader.records(meta), i));
  }
  const attributes = details.map((one) => one.attributes);
  if (detail === 'attributes') return { attributes };
  const statusMessage = new StringColumnBuilder();
  const traceState = new StringColumnBuilder();
  for (const one of details) {
    statusMessage.push(one.statusMessage);
    traceState.push(one.traceState);
  }
  return {
    attributes,
    resource: details.map((one) => one.resource),
    events: details.map((one) => one.events),
    statusMessage: statusMessage.build(),
    traceState: traceState.build(),
  };
}

/** The ids of many records behind one another. */
export function packIds<T>(
  records: readonly T[],
  bytes: number,
  idOf: (record: T) => Uint8Array,
): Uint8Array {
  const packed = new Uint8Array(records.length * bytes);
  for (const [n, record] of records.entries()) packed.set(idOf(record), n * bytes);
  return packed;
}
