/** Traces found by what one of their spans is like. */
import { StringColumnBuilder, stringAt } from '../../telemetry/columns.ts';
import { fromHex, SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../../telemetry/ids.ts';
import { SPAN_STATUSES } from '../../telemetry/model.ts';
import {
  DEFAULT_LIMITS,
  type FindTracesQuery,
  type Page,
  type QueryOptions,
  type TraceColumns,
} from '../store.ts';
import type { BlockMeta } from './block.ts';
import { Budget } from './budget.ts';
import type { QueryContext } from './context.ts';
import { IdTable, wordsOf } from './id-table.ts';
import { Best, compareBigints, type PageRequest, pageRequest } from './page.ts';
import { isOtherService, matchSpans } from './span-filter.ts';
import { collectTraces, packIds, type SpanRef, spanIdOf, traceIdOf } from './trace.ts';

const ERROR = SPAN_STATUSES.indexOf('error');

/** The first matching span of every matching trace, in columns: a search may match every trace there is. */
class Hits {
  readonly traces = new IdTable();
  start = new BigInt64Array(64);
  duration = new BigInt64Array(64);
  #spanId = new Uint8Array(64 * SPAN_ID_BYTES);
  readonly block: BlockMeta[] = [];
  readonly position: number[] = [];

  /** Takes the span as its trace's hit unless the trace has an earlier one. */
  offer(trace: number, ref: SpanRef): void {
    const start = ref.index.startTimeUnixNano[ref.i]!;
    if (trace < this.block.length) {
      const order = compareBigints(start, this.start[trace]!);
      if (order > 0 || (order === 0 && Buffer.compare(spanIdOf(ref), this.spanId(trace)) >= 0)) return;
    } else if (trace >= this.start.length) this.#grow();
    this.start[trace] = start;
    this.duration[trace] = ref.index.durationNano[ref.i]!;
    this.#spanId.set(spanIdOf(ref), trace * SPAN_ID_BYTES);
    this.block[trace] = ref.meta;
    this.position[trace] = ref.i;
  }

  spanId(trace: number): Uint8Array {
    return this.#spanId.subarray(trace * SPAN_ID_BYTES, (trace + 1) * SPAN_ID_BYTES);
  }

  #grow(): void {
    const { start, duration } = this;
    this.start = new BigInt64Array(start.length * 2);
    this.start.set(start);
    this.duration = new BigInt64Array(duration.length * 2);
    this.duration.set(duration);
    const spanId = this.#spanId;
    this.#spanId = new Uint8Array(spanId.length * 2);
    this.#spanId.set(spanId);
  }
}

export async function queryFindTraces(
  context: QueryContext,
  query: FindTracesQuery,
  options: QueryOptions = {},
): Promise<Page<TraceColumns>> {
  const budget = new Budget(options, context.deps);
  const request = pageRequest(
    'findTraces',
    query,
    options,
    DEFAULT_LIMITS.findTraces,
    context.catalog.lastId,
  );
  const hits = await findHits(context, query, request.lastBlock, budget);
  const { page, more } = choosePage(hits, query.order, request);
  const columns = await traceColumns(context, hits, page, request.lastBlock, budget);
  const last = page.at(-1);
  return {
    columns,
    count: columns.hitStatus.length,
    matched: hits.traces.size,
    examined: budget.examined,
    ...(more && last !== undefined
      ? {
          nextCursor: request.cursorAt([
            rankOf(hits, query.order)[last]!.toString(),
            toHex(hits.traces.traceId(last)),
          ]),
        }
      : {}),
  };
}

async function findHits(
  context: QueryContext,
  { filter }: FindTracesQuery,
  lastBlock: number,
  budget: Budget,
): Promise<Hits> {
  const hits = new Hits();
  for (const meta of context.catalog.select('traces', lastBlock, filter)) {
    if (isOtherService(meta, filter.service)) continue;
    await budget.pause();
    const index = context.reader.spans(meta);
    if (index === undefined) continue;
    budget.read(meta);
    const words = wordsOf(index.traceId);
    for (const i of await matchSpans(meta, index, filter, context.reader, budget)) {
      const [a, b, c, d] = [words[i * 4]!, words[i * 4 + 1]!, words[i * 4 + 2]!, words[i * 4 + 3]!];
      if ((a | b | c | d) !== 0) hits.offer(hits.traces.add(a, b, c, d), { meta, index, i });
    }
  }
  return hits;
}

/** What the order is by: the hit's start or the hit's duration, the greater first. */
function rankOf(hits: Hits, order: FindTracesQuery['order']): BigInt64Array {
  return order === 'newest' ? hits.start : hits.duration;
}

/** Numbers of the traces on the page, in order; ties by trace id. */
function choosePage(
  hits: Hits,
  order: FindTracesQuery['order'],
  request: PageRequest,
): { page: number[]; more: boolean } {
  const rank = rankOf(hits, order);
  const best = new Best<number>(
    request.limit,
    (a, b) =>
      compareBigints(rank[b]!, rank[a]!) || Buffer.compare(hits.traces.traceId(a), hits.traces.traceId(b)),
  );
  const after = request.after && {
    rank: BigInt(request.after[0] ?? 0),
    traceId: fromHex(request.after[1] ?? '', TRACE_ID_BYTES) ?? new Uint8Array(0),
  };
  let remaining = 0;
  for (let trace = 0; trace < hits.traces.size; trace++) {
    if (after !== undefined) {
      const behind =
        compareBigints(after.rank, rank[trace]!) || Buffer.compare(hits.traces.traceId(trace), after.traceId);
      if (behind <= 0) continue;
    }
    remaining++;
    best.push(trace);
  }
  const page = best.sorted();
  return { page, more: remaining > page.length };
}

async function traceColumns(
  context: QueryContext,
  hits: Hits,
  page: readonly number[],
  lastBlock: number,
  budget: Budget,
): Promise<TraceColumns> {
  const traceIds = page.map((trace) => hits.traces.traceId(trace));
  const summaries = summarise(await collectTraces(context, traceIds, lastBlock, budget));
  const rows = page.flatMap((trace) => {
    const traceId = hits.traces.traceId(trace);
    const summary = summaries.get(toHex(traceId));
    const meta = hits.block[trace]!;
    const index = context.reader.spans(meta);
    return summary && index ? [{ traceId, summary, hit: { meta, index, i: hits.position[trace]! } }] : [];
  });
  const text = (of: (row: (typeof rows)[number]) => string) => {
    const column = new StringColumnBuilder();
    for (const row of rows) column.push(of(row));
    return column.build();
  };
  return {
    traceId: packIds(rows, TRACE_ID_BYTES, (row) => row.traceId),
    hitSpanId: packIds(rows, SPAN_ID_BYTES, (row) => spanIdOf(row.hit)),
    hitStartTimeUnixNano: BigInt64Array.from(rows, ({ hit }) => hit.index.startTimeUnixNano[hit.i]!),
    hitDurationNano: BigInt64Array.from(rows, ({ hit }) => hit.index.durationNano[hit.i]!),
    hitStatus: Uint8Array.from(rows, ({ hit }) => hit.index.status[hit.i]!),
    hitHttpStatus: Uint16Array.from(rows, ({ hit }) => hit.index.httpStatus[hit.i]!),
    hitName: text(({ hit }) => stringAt(hit.index.name, hit.i)),
    hitService: text(({ hit }) => stringAt(hit.index.service, hit.i)),
    hitRoute: text(({ hit }) => stringAt(hit.index.route, hit.i)),
    hitMethod: text(({ hit }) => stringAt(hit.index.method, hit.i)),
    rootName: text(({ summary }) => stringAt(summary.root.index.name, summary.root.i)),
    rootService: text(({ summary }) => stringAt(summary.root.index.service, summary.root.i)),
    startTimeUnixNano: BigInt64Array.from(rows, ({ summary }) => summary.start),
    durationNano: BigInt64Array.from(rows, ({ summary }) => summary.end - summary.start),
    spanCount: Uint32Array.from(rows, ({ summary }) => summary.spans),
    errorCount: Uint32Array.from(rows, ({ summary }) => summary.errors),
  };
}

interface Summary {
  start: bigint;
  end: bigint;
  spans: number;
  errors: number;
  root: SpanRef;
}

/** What a trace is as a whole, by its id in hex. */
function summarise(spans: readonly SpanRef[]): Map<string, Summary> {
  const summaries = new Map<string, Summary>();
  for (const [traceId, members] of Map.groupBy(spans, (ref) => toHex(traceIdOf(ref)))) {
    let start = members[0]!.index.startTimeUnixNano[members[0]!.i]!;
    let end = start;
    let errors = 0;
    for (const { index, i } of members) {
      const began = index.startTimeUnixNano[i]!;
      const ended = began + index.durationNano[i]!;
      if (began < start) start = began;
      if (ended > end) end = ended;
      if (index.status[i] === ERROR) errors++;
    }
    summaries.set(traceId, { start, end, spans: members.length, errors, root: rootOf(members) });
  }
  return summaries;
}

/** The span without a stored parent that began first; in a circle of parents, the span that began first. */
function rootOf(members: readonly SpanRef[]): SpanRef {
  const ids = new Set(members.map((ref) => toHex(spanIdOf(ref))));
  const isTop = ({ index, i }: SpanRef) =>
    !ids.has(toHex(index.parentSpanId, i * SPAN_ID_BYTES, SPAN_ID_BYTES));
  const tops = members.filter(isTop);
  return (tops.length > 0 ? tops : members).reduce((first, ref) => {
    const order =
      compareBigints(ref.index.startTimeUnixNano[ref.i]!, first.index.startTimeUnixNano[first.i]!) ||
      Buffer.compare(spanIdOf(ref), spanIdOf(first));
    return order < 0 ? ref : first;
  });
}
