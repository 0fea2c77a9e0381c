/** Traces found by what one of their spans is like. */
import { fromHex, TRACE_ID_BYTES, toHex } from '../../telemetry/ids.ts';
import { number64 } from '../../telemetry/words.ts';
import {
  DEFAULT_LIMITS,
  type FindTracesQuery,
  type Page,
  type QueryOptions,
  type TraceColumns,
} from '../store.ts';
import { Budget } from './budget.ts';
import type { QueryContext } from './context.ts';
import { Best, compareBigints, type PageRequest, pageRequest } from './page.ts';
import { matchSpans } from './span-filter.ts';
import { SpanRefs } from './span-refs.ts';
import { collectTraces, packIds, wantedTraces } from './trace.ts';
import { TraceHits } from './trace-hits.ts';
import { type Summary, summarise } from './trace-summary.ts';

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
  const settled = hits.settle();
  const { page, more } = choosePage(hits, settled, query.order, request);
  const columns = await traceColumns(context, hits, page, request.lastBlock, budget);
  const last = page.at(-1);
  return {
    columns,
    count: columns.hitStatus.length,
    matched: settled.length,
    examined: budget.examined,
    ...(more && last !== undefined
      ? {
          nextCursor: request.cursorAt([
            bigintAt(rankOf(hits, query.order), last).toString(),
            toHex(hits.traceId(last)),
          ]),
        }
      : {}),
  };
}

async function findHits(
  { catalog, reader }: QueryContext,
  { filter, order }: FindTracesQuery,
  lastMember: number,
  budget: Budget,
): Promise<TraceHits> {
  const hits = new TraceHits(reader, order === 'slowest');
  for (const meta of catalog.select('traces', lastMember, filter)) {
    await budget.pause();
    const matches = await matchSpans(reader, meta, filter, lastMember, budget);
    const traces = matches && reader.traces(meta);
    if (matches !== undefined && traces !== undefined) hits.add(meta, matches, traces);
  }
  return hits;
}

/** What the order is by, as words: the hit's start or the hit's duration, the greater first. */
function rankOf(hits: TraceHits, order: FindTracesQuery['order']): Uint32Array {
  return order === 'newest' ? hits.start : hits.duration;
}

function bigintAt(words: Uint32Array, n: number): bigint {
  return new BigInt64Array(words.buffer, n * 8, 1)[0]!;
}

/** Hits on the page, in order; ties by trace id. */
function choosePage(
  hits: TraceHits,
  settled: Uint32Array,
  order: FindTracesQuery['order'],
  request: PageRequest,
): { page: number[]; more: boolean } {
  const rank = rankOf(hits, order);
  const best = new Best<number>(
    request.limit,
    (a, b) =>
      compareBigints(bigintAt(rank, b), bigintAt(rank, a)) ||
      Buffer.compare(hits.traceId(a), hits.traceId(b)),
  );
  const after = request.after && {
    rank: BigInt(request.after[0] ?? 0),
    traceId: fromHex(request.after[1] ?? '', TRACE_ID_BYTES) ?? new Uint8Array(0),
  };
  const afterKey = after === undefined ? Number.POSITIVE_INFINITY : Number(after.rank);
  let remaining = 0;
  for (const { block, found } of newestFirst(hits, settled)) {
    const worst = best.sorted().length < request.limit ? undefined : best.sorted().at(-1);
    // The block's spans all began before those of the page: they stand behind it, and need not be read.
    if (
      order === 'newest' &&
      worst !== undefined &&
      hits.blocks[block]!.maxUnixNano < bigintAt(rank, worst)
    ) {
      remaining += found.length;
      continue;
    }
    hits.readStarts(block);
    for (const hit of found) {
      const key = number64(rank, hit);
      if (key > afterKey) continue;
      if (after !== undefined && key === afterKey) {
        const behind =
          compareBigints(after.rank, bigintAt(rank, hit)) || Buffer.compare(hits.traceId(hit), after.traceId);
        if (behind <= 0) continue;
      }
      remaining++;
      // Most are surely worse than what is chosen already: a look at the rounded rank spares the exact comparison.
      if (best.worst === undefined || key >= number64(rank, best.worst)) best.push(hit);
    }
  }
  const page = best.sorted();
  return { page: [...page], more: remaining > page.length };
}

/** The hits by their block, the one with the newest span first. */
function newestFirst(hits: TraceHits, settled: Uint32Array): { block: number; found: number[] }[] {
  const byBlock = new Map<number, number[]>();
  for (let n = 0; n < settled.length; n++) {
    const block = hits.block[settled[n]!]!;
    const found = byBlock.get(block);
    if (found === undefined) byBlock.set(block, [settled[n]!]);
    else found.push(settled[n]!);
  }
  return Array.from(byBlock, ([block, found]) => ({ block, found })).sort((a, b) =>
    compareBigints(hits.blocks[b.block]!.maxUnixNano, hits.blocks[a.block]!.maxUnixNano),
  );
}

async function traceColumns(
  context: QueryContext,
  hits: TraceHits,
  page: readonly number[],
  lastMember: number,
  budget: Budget,
): Promise<TraceColumns> {
  const wanted = wantedTraces(page.map((hit) => hits.traceId(hit)));
  const spans = await collectTraces(context, wanted, lastMember, budget);
  const summaries = summarise(spans, page.length);
  const rows: { traceId: Uint8Array; hit: number; summary: Summary }[] = [];
  const found = new SpanRefs(wanted.ids);
  for (const [n, hit] of page.entries()) {
    const meta = hits.blocks[hits.block[hit]!]!;
    const index = context.reader.spans(meta);
    const summary = summaries[n];
    if (index === undefined || summary === undefined) continue;
    found.push(found.blocks.push({ meta, index }) - 1, hits.position[hit]!, n);
    rows.push({ traceId: hits.traceId(hit), hit, summary });
  }
  const all = Uint32Array.from({ length: found.length }, (_, n) => n);
  const roots = Uint32Array.from(rows, ({ summary }) => summary.root);
  const { length } = rows;
  return {
    traceId: packIds(rows, TRACE_ID_BYTES, (row) => row.traceId),
    hitSpanId: found.ids(all, 'spanId'),
    hitStartTimeUnixNano: BigInt64Array.from(rows, ({ hit }) => bigintAt(hits.start, hit)),
    hitDurationNano: found.fill(new BigInt64Array(length), all, (index) => index.durationNano),
    hitStatus: found.fill(new Uint8Array(length), all, (index) => index.status),
    hitHttpStatus: found.fill(new Uint16Array(length), all, (index) => index.httpStatus),
    hitName: found.strings(all, 'name'),
    hitService: found.strings(all, 'service'),
    hitRoute: found.strings(all, 'route'),
    hitMethod: found.strings(all, 'method'),
    rootName: spans.strings(roots, 'name'),
    rootService: spans.strings(roots, 'service'),
    startTimeUnixNano: BigInt64Array.from(rows, ({ summary }) => summary.start),
    durationNano: BigInt64Array.from(rows, ({ summary }) => summary.end - summary.start),
    spanCount: Uint32Array.from(rows, ({ summary }) => summary.spans),
    errorCount: Uint32Array.from(rows, ({ summary }) => summary.errors),
  };
}
