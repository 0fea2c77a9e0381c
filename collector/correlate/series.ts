import { label } from '../../slo/index.ts';
import type { LabelMatcher, QueryOptions, Store, TimeRange } from '../storage/store.ts';
import { toHex } from '../telemetry/ids.ts';
import type { SeriesInfo } from '../telemetry/model.ts';

/** Samples that one reading of series may hold; a service of 10 routes scraped every 5 s fills it in 3 h. */
const MAX_SAMPLES = 2_000_000;
const PAGE_SAMPLES = 100_000;
/** A query that takes longer is given up; the evidence that needed it then says so. */
const QUERY_TIMEOUT_MS = 10_000;

/** How far before a range its counters are read, so that the first growth inside it is known: one slow scrape. */
export const LOOKBACK_NANO = 65_000_000_000n;

/** One series with its samples in order of time; staleness markers are left out. */
export interface SeriesData {
  info: SeriesInfo;
  time: bigint[];
  value: number[];
}

/** An exemplar that carries a trace id; ids as lower-case hex. */
export interface ExemplarRow {
  info: SeriesInfo;
  timeUnixNano: bigint;
  value: number;
  traceId: string;
  spanId: string;
}

/** By how much a counter grew between the sample before and this one. */
export interface Increment {
  timeUnixNano: bigint;
  /** Seconds since the sample before; 0 when that is not known (delta series, first sample). */
  seconds: number;
  value: number;
}

/** The bounds that every query of the evidence has. */
export function bounds(deps: { signal: AbortSignal }): QueryOptions {
  return { signal: deps.signal, timeoutMs: QUERY_TIMEOUT_MS };
}

/** The matchers for a series' name and exact labels; labels that are undefined are not asked for. */
export function matching(name: string, labels: Record<string, string | undefined> = {}): LabelMatcher[] {
  const exact = Object.entries(labels).flatMap(([key, value]) =>
    value === undefined ? [] : [{ label: key, op: '=' as const, value }],
  );
  return [{ label: '__name__', op: '=', value: name }, ...exact];
}

/** Reads the matching series of a range, page by page, up to a limit of samples. */
export async function readSeries(
  store: Store,
  matchers: LabelMatcher[],
  range: TimeRange,
  deps: { signal: AbortSignal },
): Promise<SeriesData[]> {
  const bySeries = new Map<string, SeriesData>();
  let read = 0;
  let cursor: string | undefined;
  do {
    const page = await store.series(
      { ...range, matchers, exemplars: false },
      { ...bounds(deps), limit: PAGE_SAMPLES, ...(cursor === undefined ? {} : { cursor }) },
    );
    const { series, seriesIndex, timeUnixNano, value } = page.columns;
    const targets = series.map((info) => seriesOf(bySeries, info));
    for (let i = 0; i < seriesIndex.length; i++) {
      if (Number.isNaN(value[i]!)) continue;
      const target = targets[seriesIndex[i]!]!;
      target.time.push(timeUnixNano[i]!);
      target.value.push(value[i]!);
    }
    read += seriesIndex.length;
    cursor = page.nextCursor;
  } while (cursor !== undefined && read < MAX_SAMPLES);
  return [...bySeries.values()].filter((data) => data.time.length > 0).map(inOrder);
}

/** Exemplars with a trace id of the matching series, oldest first. */
export async function readExemplars(
  store: Store,
  matchers: LabelMatcher[],
  range: TimeRange,
  deps: { signal: AbortSignal },
): Promise<ExemplarRow[]> {
  const page = await store.series(
    { ...range, matchers, exemplars: true },
    { ...bounds(deps), limit: PAGE_SAMPLES },
  );
  const { series, exemplars } = page.columns;
  const rows: ExemplarRow[] = [];
  for (let i = 0; i < exemplars.seriesIndex.length; i++) {
    const traceId = toHex(exemplars.traceId, i * 16, 16);
    const info = series[exemplars.seriesIndex[i]!];
    if (!info || /^0*$/.test(traceId)) continue;
    rows.push({
      info,
      timeUnixNano: exemplars.timeUnixNano[i]!,
      value: exemplars.value[i]!,
      traceId,
      spanId: toHex(exemplars.spanId, i * 8, 8),
    });
  }
  return rows.sort((a, b) => (a.timeUnixNano < b.timeUnixNano ? -1 : 1));
}

/** By how much counters grew inside a range, all series together, and the seconds of the one measured longest. */
export function growthIn(all: readonly SeriesData[], range: TimeRange): { value: number; seconds: number } {
  let value = 0;
  let seconds = 0;
  for (const grown of increments(all)) {
    const inside = grown.filter(
      (g) => g.timeUnixNano >= range.fromUnixNano && g.timeUnixNano < range.toUnixNano,
    );
    value += inside.reduce((sum, g) => sum + g.value, 0);
    seconds = Math.max(
      seconds,
      inside.reduce((sum, g) => sum + g.seconds, 0),
    );
  }
  return { value, seconds };
}

/** The growth per second at each sample, all series together. */
export function ratesOf(all: readonly SeriesData[]): { at: bigint; value: number }[] {
  const byTime = new Map<bigint, number>();
  for (const grown of increments(all)) {
    for (const { timeUnixNano, seconds, value } of grown) {
      if (seconds > 0) byTime.set(timeUnixNano, (byTime.get(timeUnixNano) ?? 0) + value / seconds);
    }
  }
  return [...byTime].map(([at, value]) => ({ at, value })).sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** A series' samples inside a range. */
export function valuesIn(data: SeriesData, range: TimeRange): number[] {
  return data.value.filter((_, i) => data.time[i]! >= range.fromUnixNano && data.time[i]! < range.toUnixNano);
}

/** Which process a series comes from. */
export function instanceOf(info: SeriesInfo): string {
  return `${info.labels[label.job] ?? ''}\u0000${info.labels[label.instance] ?? ''}`;
}

/**
 * The growth of counters, per series in the order given. A value below the one before is a restart: the counter began
 * at 0 again. A series that first shows up later than others of the same process also began at 0 (a new status code).
 * Source: https://prometheus.io/docs/prometheus/latest/querying/functions/#increase ; the second rule is ours.
 */
export function increments(all: readonly SeriesData[]): Increment[][] {
  const firstSeen = new Map<string, bigint>();
  for (const { info, time } of all) {
    const known = firstSeen.get(instanceOf(info));
    if (known === undefined || time[0]! < known) firstSeen.set(instanceOf(info), time[0]!);
  }
  return all.map((data) => growth(data, firstSeen.get(instanceOf(data.info))!));
}

function growth({ info, time, value }: SeriesData, firstSeen: bigint): Increment[] {
  if (info.temporality === 'delta') {
    return time.map((at, i) => ({ timeUnixNano: at, seconds: 0, value: value[i]! }));
  }
  const grown: Increment[] = [];
  if (time[0]! > firstSeen) grown.push({ timeUnixNano: time[0]!, seconds: 0, value: value[0]! });
  for (let i = 1; i < time.length; i++) {
    const before = value[i - 1]!;
    const now = value[i]!;
    grown.push({
      timeUnixNano: time[i]!,
      seconds: Number(time[i]! - time[i - 1]!) / 1e9,
      value: now >= before ? now - before : now,
    });
  }
  return grown;
}

function seriesOf(known: Map<string, SeriesData>, info: SeriesInfo): SeriesData {
  const key = `${info.name}\u0000${JSON.stringify(Object.entries(info.labels).sort())}`;
  let data = known.get(key);
  if (!data) {
    data = { info, time: [], value: [] };
    known.set(key, data);
  }
  return data;
}

/** Sorted by time, one sample per moment: pages and repeated sendings may overlap. */
function inOrder(data: SeriesData): SeriesData {
  const { time } = data;
  let sorted = true;
  for (let i = 1; i < time.length && sorted; i++) sorted = time[i - 1]! < time[i]!;
  if (sorted) return data;
  const order = [...time.keys()].sort((a, b) => (time[a]! < time[b]! ? -1 : time[a]! > time[b]! ? 1 : 0));
  const kept = order.filter((at, i) => i === 0 || time[at]! !== time[order[i - 1]!]!);
  return { info: data.info, time: kept.map((i) => time[i]!), value: kept.map((i) => data.value[i]!) };
}
