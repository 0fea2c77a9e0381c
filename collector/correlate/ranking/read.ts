import type { Page, QueryOptions, Store, TimeRange } from '../../storage/store.ts';
import { bounds } from '../series.ts';
import type { SystemRecords } from './records.ts';
import { RecordsBuilder } from './records-builder.ts';
import { type Side, SLICE_NANO, type Windows, windowsOf } from './windows.ts';

/** Spans of this many at a time hang together in memory: about 30 MB. */
const SPANS_PER_PART = 250_000;
/** Spans that are read at most; of more, only a share of the traces is. */
const MAX_SPANS = 1_500_000;
const PAGE = 20_000;

/** What was read of all there is. */
export interface ReadShare {
  /** Share of the traces, 0 to 1. */
  share: number;
  records: SystemRecords;
}

/**
 * Reads the requests of some stretches of time, part of the traces by part, so that memory stays bounded; of too many
 * spans a share of the traces. Gives way to other work after each page.
 */
export async function readRecords(
  store: Store,
  ranges: readonly TimeRange[],
  sideOf: (ms: number) => Side,
  deps: { signal: AbortSignal },
): Promise<ReadShare> {
  const spans = await countSpans(store, ranges, deps);
  const parts = Math.max(1, Math.ceil(spans / SPANS_PER_PART));
  const read = Math.min(parts, Math.max(1, Math.floor(MAX_SPANS / SPANS_PER_PART)));
  const builder = new RecordsBuilder(sideOf);
  for (let part = 0; part < read; part++) {
    const traces = { part, parts };
    for (const range of ranges)
      await everyPage(
        (o) => store.scanSpans({ ...range, traces }, o),
        deps,
        (page) => builder.spans(page),
      );
    for (const range of ranges)
      await everyPage(
        (o) => store.scanLogs({ ...range, traces }, o),
        deps,
        (page) => builder.logs(page),
      );
    builder.endPart();
  }
  return { share: read / parts, records: builder.build() };
}

async function countSpans(
  store: Store,
  ranges: readonly TimeRange[],
  deps: { signal: AbortSignal },
): Promise<number> {
  let spans = 0;
  for (const range of ranges) {
    const page = await store.aggregate({ filter: range, groupBy: [], quantiles: [] }, bounds(deps));
    for (const count of page.columns.count) spans += count;
  }
  return spans;
}

async function everyPage<C>(
  ask: (options: QueryOptions) => Promise<Page<C>>,
  deps: { signal: AbortSignal },
  take: (columns: C) => void,
): Promise<void> {
  let cursor: string | undefined;
  do {
    deps.signal.throwIfAborted();
    const page = await ask({ ...bounds(deps), limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    take(page.columns);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/** How far back quiet time is looked for, step by step, until there is enough of it. */
const LOOKBACKS_NANO = [1n, 6n, 26n].map((hours) => hours * 3_600_000_000_000n);
const ENOUGH_SLICES = 12;
/** So long after an incident quiet time is looked for where there is little before it. */
const AFTER_NANO = 1_800_000_000_000n;

/** The windows of an incident, as `windowsOf` cuts them, of the minutes that hold spans. */
export async function readWindows(
  store: Store,
  { onset, end, known, few }: { onset: bigint; end: bigint; known: readonly TimeRange[]; few?: number },
  deps: { signal: AbortSignal },
): Promise<Windows> {
  let windows: Windows | undefined;
  for (const lookback of LOOKBACKS_NANO) {
    const from = ((onset - lookback) / SLICE_NANO) * SLICE_NANO;
    const filter = { fromUnixNano: from, toUnixNano: end + AFTER_NANO };
    const query = { filter, groupBy: [], quantiles: [], stepNano: SLICE_NANO };
    const page = await store.aggregate(query, bounds(deps));
    windows = windowsOf(onset, end, Array.from(page.columns.bucketUnixNano), known, few);
    if (windows.before >= ENOUGH_SLICES) break;
  }
  return windows!;
}
