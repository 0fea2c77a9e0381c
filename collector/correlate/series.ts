import { label, scrapeMetric, serviceMetric } from '../../slo/index.ts';
import type { LabelMatcher, QueryOptions, SeriesColumns, Store, TimeRange } from '../storage/store.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { toHex } from '../telemetry/ids.ts';
import type { SeriesInfo } from '../telemetry/model.ts';

/** Samples that one reading of series may hold: an hour of 25 services with 280 series each, scraped every 5 s. */
const MAX_SAMPLES = 5_000_000;
/** Exemplars come with a query's first page, whatever its samples; few of those are wanted with them. */
const EXEMPLAR_PAGE = 100_000;
/** A query that takes longer is given up; the evidence that needed it then says so. */
const QUERY_TIMEOUT_MS = 10_000;

/** How far before a range its counters are read, so that the first growth inside it is known: one slow scrape. */
export const LOOKBACK_NANO = 65_000_000_000n;

/** One series with its samples in order of time; staleness markers are left out. */
export interface SeriesData {
  info: SeriesInfo;
  time: BigInt64Array;
  value: Float64Array;
}

/** An exemplar that carries a trace id; ids as lower-case hex. */
export interface ExemplarRow {
  info: SeriesInfo;
  timeUnixNano: bigint;
  value: number;
  traceId: string;
  spanId: string;
}

/** By how much a counter grew: entry i between the sample before and the one at `time[i]`. */
export interface Growth {
  time: BigInt64Array;
  /** Seconds since the sample before; 0 when that is not known (delta series, first sample). */
  seconds: Float64Array;
  value: Float64Array;
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

/**
 * Reads the matching series of a range in one query: every further page would run the whole of it again. Throws
 * `bad-request` when they hold more samples than one reading may; a part of the series would be a wrong answer.
 */
export async function readSeries(
  store: Store,
  matchers: LabelMatcher[],
  range: TimeRange,
  deps: { signal: AbortSignal },
): Promise<SeriesData[]> {
  const query = { ...range, matchers, exemplars: false };
  const page = await store.series(query, { ...bounds(deps), limit: MAX_SAMPLES });
  if (page.nextCursor !== undefined) {
    throw new CollectorError(
      'bad-request',
      `The metrics of this range are ${page.matched} samples, ${MAX_SAMPLES} are read at once; ask for a shorter range or for one service.`,
    );
  }
  return seriesOf(page.columns);
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
    { ...bounds(deps), limit: EXEMPLAR_PAGE },
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
  let longest = 0;
  for (const grown of increments(all)) {
    let seconds = 0;
    for (let i = 0; i < grown.time.length; i++) {
      if (!inside(grown.time[i]!, range)) continue;
      value += grown.value[i]!;
      seconds += grown.seconds[i]!;
    }
    longest = Math.max(longest, seconds);
  }
  return { value, seconds: longest };
}

/** The growth per second at each sample, all series together. */
export function ratesOf(all: readonly SeriesData[]): { at: bigint; value: number }[] {
  const byTime = new Map<bigint, number>();
  for (const { time, seconds, value } of increments(all)) {
    for (let i = 0; i < time.length; i++) {
      if (seconds[i]! > 0) byTime.set(time[i]!, (byTime.get(time[i]!) ?? 0) + value[i]! / seconds[i]!);
    }
  }
  return [...byTime].map(([at, value]) => ({ at, value })).sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** A series' samples inside a range. */
export function valuesIn(data: SeriesData, range: TimeRange): number[] {
  return Array.from(data.value.filter((_, i) => inside(data.time[i]!, range)));
}

function inside(at: bigint, { fromUnixNano, toUnixNano }: TimeRange): boolean {
  return at >= fromUnixNano && at < toUnixNano;
}

/** Which process a series comes from. */
export function instanceOf(info: SeriesInfo): string {
  return `${info.labels[label.job] ?? ''}\u0000${info.labels[label.instance] ?? ''}`;
}

/**
 * Since when the counters of a process stood at 0 although no sample says so, by `instanceOf`. Two things prove it: an
 * answered scrape before the first sample (a client library tells no series before the first request), or a process
 * that started after its target was first scraped (scrapes failed until it answered). Of a process that was running
 * before anyone looked, nothing is known. `scrapes` holds the series `up` and `process_start_time_seconds`.
 */
export function zeroMoments(
  counters: readonly SeriesData[],
  scrapes: readonly SeriesData[],
): Map<string, bigint> {
  const of = (name: string) =>
    new Map(scrapes.filter(({ info }) => info.name === name).map((data) => [instanceOf(data.info), data]));
  const [ups, starts] = [of(scrapeMetric.up), of(serviceMetric.startTime)];
  const zeros = new Map<string, bigint>();
  for (const [instance, first] of firstSamples(counters)) {
    const up = ups.get(instance);
    if (!up) continue;
    const answered = up.time.findLast((at, i) => at < first && up.value[i] === 1);
    const seconds = starts.get(instance)?.value[0] ?? 0;
    const started = BigInt(Math.round(seconds * 1000)) * 1_000_000n;
    if (answered !== undefined) zeros.set(instance, answered);
    else if (started >= up.time[0]! && started < first) zeros.set(instance, started);
  }
  return zeros;
}

function firstSamples(all: readonly SeriesData[]): Map<string, bigint> {
  const first = new Map<string, bigint>();
  for (const { info, time } of all) {
    const known = first.get(instanceOf(info));
    if (known === undefined || time[0]! < known) first.set(instanceOf(info), time[0]!);
  }
  return first;
}

/**
 * The growth of counters, per series in the order given. A value below the one before is a restart: the counter began
 * at 0 again. A series that first shows up later than others of the same process also began at 0 (a new status code),
 * and so did all of a process that has a moment in `zeros`.
 * Source: https://prometheus.io/docs/prometheus/latest/querying/functions/#increase ; the other rules are ours.
 */
export function increments(
  all: readonly SeriesData[],
  zeros: ReadonlyMap<string, bigint> = new Map(),
): Growth[] {
  const first = firstSamples(all);
  return all.map((data) => {
    const instance = instanceOf(data.info);
    return growth(data, first.get(instance)!, zeros.get(instance));
  });
}

function growth({ info, time, value }: SeriesData, firstSeen: bigint, zero: bigint | undefined): Growth {
  if (info.temporality === 'delta') return { time, seconds: new Float64Array(time.length), value };
  const late = time[0]! > firstSeen;
  const skipped = late || zero !== undefined ? 0 : 1;
  const grown = new Float64Array(time.length);
  const seconds = new Float64Array(time.length);
  grown[0] = value[0]!;
  seconds[0] = late || zero === undefined ? 0 : Number(time[0]! - zero) / 1e9;
  for (let i = 1; i < time.length; i++) {
    const [before, now] = [value[i - 1]!, value[i]!];
    grown[i] = now >= before ? now - before : now;
    seconds[i] = Number(time[i]! - time[i - 1]!) / 1e9;
  }
  return { time: time.subarray(skipped), seconds: seconds.subarray(skipped), value: grown.subarray(skipped) };
}

/** Views of an answer's columns, which come by series and time; copies only where staleness markers are left out. */
function seriesOf({ series, seriesIndex, timeUnixNano, value }: SeriesColumns): SeriesData[] {
  const all: SeriesData[] = [];
  for (let from = 0, to = 0; from < seriesIndex.length; from = to) {
    while (to < seriesIndex.length && seriesIndex[to] === seriesIndex[from]) to++;
    const data = { time: timeUnixNano.subarray(from, to), value: value.subarray(from, to) };
    const told = data.value.some(Number.isNaN) ? withoutGaps(data) : data;
    if (told.time.length > 0) all.push({ info: series[seriesIndex[from]!]!, ...told });
  }
  return all;
}

function withoutGaps({ time, value }: Omit<SeriesData, 'info'>): Omit<SeriesData, 'info'> {
  return {
    time: time.filter((_, i) => !Number.isNaN(value[i]!)),
    value: value.filter((number) => !Number.isNaN(number)),
  };
}
