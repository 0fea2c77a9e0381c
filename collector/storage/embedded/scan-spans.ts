/** All spans of a time range, index columns only. */
import { IdTable, wordsOf } from '../../telemetry/id-table.ts';
import { DEFAULT_LIMITS, type Page, type QueryOptions, type ScanQuery, type SpanColumns } from '../store.ts';
import { Budget } from './budget.ts';
import type { QueryContext } from './context.ts';
import { pageRequest } from './page.ts';
import { matchSpans } from './span-filter.ts';
import { SpanRefs } from './span-refs.ts';
import { spanPage } from './trace.ts';
import { checkPart, partOf } from './trace-part.ts';

export async function queryScanSpans(
  context: QueryContext,
  query: ScanQuery,
  options: QueryOptions = {},
): Promise<Page<SpanColumns>> {
  checkPart(query);
  const budget = new Budget(options, context.deps);
  const request = pageRequest('scanSpans', query, options, DEFAULT_LIMITS.scanSpans, context.catalog.lastId);
  const refs = await collectSpans(context, query, request.lastBlock, budget);
  const page = await spanPage(context, refs, request, 'index', budget);
  refs.release();
  return page;
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
  seen.release();
  return found;
}
