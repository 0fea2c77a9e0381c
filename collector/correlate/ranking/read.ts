import type { Page, QueryOptions, Store, TimeRange } from '../../storage/store.ts';
import { release } from '../../telemetry/release.ts';
import { bounds } from '../series.ts';
import type { SystemRecords } from './records.ts';
import { RecordsBuilder } from './records-builder.ts';
import {
  ENOUGH_SLICES,
  GUARD_NANO,
  MOST_SLICES,
  type Side,
  SLICE_NANO,
  thinned,
  type Windows,
  windowsOf,
} from './windows.ts';

/** How much is read. */
interface ReadLimits {
  /** Spans that hang together in memory at a time: about 150 bytes each. */
  spansPerPart: number;
  /** Of more spans only a share of the traces is read. */
  maxSpans: number;
}

const LIMITS: ReadLimits = { spansPerPart: 60_000, maxSpans: 1_500_000 };
const PAGE = 100_000;

/**
 * What is so long before and after a part is read with it: without its beginning a request would look like another, and
 * without its end, or with a clock that is late, as if it had called nobody and written nothing.
 */
const MARGIN_NANO = 10_000_000_000n;

/** What was read of all there is. */
export interface ReadShare {
  /** Share of the traces, 0 to 1. */
  share: number;
  records: SystemRecords;
}

/**
 * Reads the requests of some stretches of time, none of which overlap, part by part, so that memory stays bounded; of
 * too many spans a share of the traces. The store works on the next page while one is taken.
 */
export async function readRecords(
  store: Store,
  ranges: readonly TimeRange[],
  sideOf: (ms: number) => Side,
  deps: { signal: AbortSignal },
  limits: Partial<ReadLimits> = {},
): Promise<ReadShare> {
  const { spansPerPart, maxSpans } = { ...LIMITS, ...limits };
  const density = await densityOf(store, ranges, deps);
  const spans = ranges.reduce((sum, range) => sum + density(range), 0);
  const parts = Math.max(1, Math.ceil(spans / maxSpans));
  const traces = parts === 1 ? {} : { traces: { part: 0, parts } };
  let within: TimeRange | undefined;
  const builder = new RecordsBuilder((ms) => (within && isWithin(ms, within) ? sideOf(ms) : -1));
  for (const pieces of partsOf(ranges, (range) => density(range) / parts, spansPerPart)) {
    const [first, last] = [pieces[0]!, pieces.at(-1)!];
    within = { fromUnixNano: first.fromUnixNano, toUnixNano: last.toUnixNano };
    const before = { fromUnixNano: first.fromUnixNano - MARGIN_NANO, toUnixNano: first.fromUnixNano };
    const after = { fromUnixNano: last.toUnixNano, toUnixNano: last.toUnixNano + MARGIN_NANO };
    const around = [before, ...pieces, after];
    const spanPages = around.map((range) => (o: QueryOptions) => store.scanSpans({ ...range, ...traces }, o));
    await everyPage(spanPages, deps, (page) => builder.spans(page));
    const logPages = around.map((range) => (o: QueryOptions) => store.scanLogs({ ...range, ...traces }, o));
    await everyPage(logPages, deps, (page) => builder.logs(page));
    builder.endPart();
  }
  return { share: 1 / parts, records: builder.build() };
}

function isWithin(ms: number, { fromUnixNano, toUnixNano }: TimeRange): boolean {
  return ms >= Number(fromUnixNano) / 1e6 && ms < Number(toUnixNano) / 1e6;
}

async function densityOf(
  store: Store,
  ranges: readonly TimeRange[],
  deps: { signal: AbortSignal },
): Promise<Density> {
  const [first] = ranges;
  if (!first) return () => 0;
  const from = ranges.reduce((a, { fromUnixNano }) => least(a, fromUnixNano), first.fromUnixNano);
  const to = ranges.reduce((a, { toUnixNano }) => most(a, toUnixNano), first.toUnixNano);
  return (await readDensity(store, { fromUnixNano: from, toUnixNano: to }, deps)).spansIn;
}

/** The ranges cut into pieces of a minute at most; those that touch together in parts of so many spans. */
function partsOf(
  ranges: readonly TimeRange[],
  spansIn: (range: TimeRange) => number,
  spansPerPart: number,
): TimeRange[][] {
  const parts: TimeRange[][] = [];
  let spans = 0;
  for (const piece of piecesOf(ranges, spansIn, spansPerPart)) {
    const part = parts.at(-1);
    spans += spansIn(piece);
    if (part && part.at(-1)!.toUnixNano === piece.fromUnixNano && spans <= spansPerPart) part.push(piece);
    else {
      parts.push([piece]);
      spans = spansIn(piece);
    }
  }
  return parts;
}

function piecesOf(
  ranges: readonly TimeRange[],
  spansIn: (range: TimeRange) => number,
  spansPerPiece: number,
): TimeRange[] {
  return ranges
    .toSorted((a, b) => (a.fromUnixNano < b.fromUnixNano ? -1 : 1))
    .flatMap((range) => {
      const { fromUnixNano, toUnixNano } = range;
      const minutes = Number(toUnixNano - fromUnixNano) / Number(SLICE_NANO);
      const count = BigInt(Math.max(1, Math.ceil(minutes), Math.ceil(spansIn(range) / spansPerPiece)));
      const at = (n: bigint) => fromUnixNano + ((toUnixNano - fromUnixNano) * n) / count;
      return Array.from({ length: Number(count) }, (_, n) => ({
        fromUnixNano: at(BigInt(n)),
        toUnixNano: at(BigInt(n) + 1n),
      }));
    });
}

/** How many spans a range holds, about. */
type Density = (range: TimeRange) => number;

/** The slices of a time in which spans began, and how many spans parts of it hold: those of the slices touched, by how far they are. */
async function readDensity(
  store: Store,
  { fromUnixNano, toUnixNano }: TimeRange,
  deps: { signal: AbortSignal },
): Promise<{ slices: bigint[]; spansIn: Density }> {
  const first = sliceOf(fromUnixNano);
  const query = { fromUnixNano: first, toUnixNano, stepNano: SLICE_NANO };
  const { columns } = await store.spanDensity(query, bounds(deps));
  const slices = Array.from(columns.bucketUnixNano);
  const counts = new Map(slices.map((slice, i) => [slice, columns.count[i]!]));
  const spansIn: Density = (range) => {
    let spans = 0;
    for (let at = sliceOf(range.fromUnixNano); at < range.toUnixNano; at += SLICE_NANO) {
      const shared = least(range.toUnixNano, at + SLICE_NANO) - most(range.fromUnixNano, at);
      spans += ((counts.get(at) ?? 0) * Number(shared)) / Number(SLICE_NANO);
    }
    return spans;
  };
  return { slices, spansIn };
}

const sliceOf = (at: bigint) => (at / SLICE_NANO) * SLICE_NANO;
const least = (a: bigint, b: bigint) => (a < b ? a : b);
const most = (a: bigint, b: bigint) => (a > b ? a : b);

/** Takes every page of some queries in order; the store works on the next one while a page is taken. A page lives no longer. */
async function everyPage<C extends object>(
  queries: readonly ((options: QueryOptions) => Promise<Page<C>>)[],
  deps: { signal: AbortSignal },
  take: (columns: C) => void,
): Promise<void> {
  const options = { ...bounds(deps), limit: PAGE };
  const ask = (query: (typeof queries)[number] | undefined, cursor?: string) => {
    const answer = query?.({ ...options, ...(cursor === undefined ? {} : { cursor }) });
    // Waited for below; until then a failure is nobody's.
    answer?.catch(() => undefined);
    return answer;
  };
  const takeOnce = (columns: C) => {
    take(columns);
    release(...Object.values(columns).filter((column) => ArrayBuffer.isView(column)));
  };
  let next = ask(queries[0]);
  for (let i = 0; i < queries.length; i++) {
    let page = await next!;
    while (page.nextCursor !== undefined) {
      deps.signal.throwIfAborted();
      takeOnce(page.columns);
      page = await ask(queries[i], page.nextCursor)!;
    }
    deps.signal.throwIfAborted();
    next = ask(queries[i + 1]);
    takeOnce(page.columns);
  }
}

/** How far back quiet time is looked for, step by step, until there is enough of it. */
const LOOKBACKS_NANO = [1n, 6n, 26n].map((hours) => hours * 3_600_000_000_000n);
/** So long after an incident quiet time is looked for where there is little before it. */
const AFTER_NANO = 1_800_000_000_000n;

/** The windows of an incident, as `windowsOf` cuts them, of the minutes that hold spans; without spans, of those since the first log line. */
export async function readWindows(
  store: Store,
  { onset, end, known, few }: { onset: bigint; end: bigint; known: readonly TimeRange[]; few?: number },
  deps: { signal: AbortSignal },
): Promise<Windows> {
  const { traces } = (await store.status()).signals;
  let windows: Windows | undefined;
  for (const lookback of LOOKBACKS_NANO) {
    const from = sliceOf(onset - lookback);
    const time = { fromUnixNano: from, toUnixNano: end + AFTER_NANO };
    const { slices, spansIn } = await readDensity(store, time, deps);
    windows = thinned(windowsOf(onset, end, slices, known, few), spansIn);
    const isAll = traces.oldestUnixNano === undefined || traces.oldestUnixNano >= from;
    if (windows.before >= ENOUGH_SLICES || isAll) break;
  }
  if (windows!.quiet.length > 0) return windows!;
  return windowsOf(onset, end, await minutesOfLogs(store, onset), known, few);
}

/** The minutes before an onset since when log lines are stored, half an hour at most: where no spans tell of minutes. */
async function minutesOfLogs(store: Store, onset: bigint): Promise<bigint[]> {
  const { oldestUnixNano } = (await store.status()).signals.logs;
  if (oldestUnixNano === undefined) return [];
  const earliest = onset - GUARD_NANO - BigInt(MOST_SLICES) * SLICE_NANO;
  const from = oldestUnixNano > earliest ? oldestUnixNano : earliest;
  const first = (from / SLICE_NANO + 1n) * SLICE_NANO;
  const minutes: bigint[] = [];
  for (let at = first; at < onset; at += SLICE_NANO) minutes.push(at);
  return minutes;
}
