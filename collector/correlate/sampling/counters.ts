import { label, labelValue, scrapeMetric, serviceMetric, suffix } from '../../../slo/index.ts';
import type { Store, TimeRange } from '../../storage/store.ts';
import { boundOf, isError } from '../golden-signals.ts';
import { increments, LOOKBACK_NANO, readSeries, type SeriesData, zeroMoments } from '../series.ts';
import { type CohortAttribute, membersOf, type ProcessTimes, timesOf } from './processes.ts';

/** Requests of one route, counted whether stored or not. */
export interface RouteCount {
  method: string;
  route: string;
  requests: number;
  /** Answered with a 5xx, or not at all. */
  failed: number;
  /** Upper bounds in seconds, ascending, the last +Infinity. */
  bounds: readonly number[];
  /** Requests at most as long as each of the bounds. */
  cumulative: readonly number[];
}

/** What the service's SDK counted of the spans that were to be stored. */
export interface SpanCounts {
  /** Sampled spans that ended and left the queue, sent or dropped. */
  ended: number;
  /** Of those: dropped before they were sent, because the queue was full. */
  dropped: number;
  /** Of those: sent, and refused or lost on the way. */
  failed: number;
  /** Spans that could not be held until it was known whether their trace is kept; not among `ended`. */
  notHeld: number;
}

/** What the processes of one cohort counted, from the first scrape that counts to the last. */
export interface CohortCounters extends ProcessTimes {
  routes: RouteCount[];
  spans: SpanCounts | undefined;
}

const REQUESTS = `${serviceMetric.requestDuration}${suffix.bucket}`;
const { targetInfo, spansProcessed, spansExported, startTime } = serviceMetric;

/** Reads every series of a service that the report counts with. Throws as readSeries does. */
export function readCounters(
  store: Store,
  service: string,
  range: TimeRange,
  deps: { signal: AbortSignal },
): Promise<SeriesData[]> {
  const names = [REQUESTS, targetInfo, spansProcessed, spansExported, scrapeMetric.up, startTime];
  const wide = { ...range, fromUnixNano: range.fromUnixNano - LOOKBACK_NANO };
  return readSeries(
    store,
    [
      { label: '__name__', op: '=~', value: names.join('|') },
      { label: label.job, op: '=', value: service },
    ],
    wide,
    deps,
  );
}

/**
 * Counts what the processes of a cohort did within a range. A process is of the cohort while its `target_info` says
 * so; without an attribute all are. Undefined when no counter of the cohort grew or stood still within the range.
 */
export function countCohort(
  all: readonly SeriesData[],
  attribute: CohortAttribute | undefined,
  range: TimeRange,
): CohortCounters | undefined {
  const named = Map.groupBy(all, ({ info }) => info.name);
  const of = (name: string) => membersOf(named.get(name) ?? [], named.get(targetInfo) ?? [], attribute);
  const [requests, processed, exported] = [of(REQUESTS), of(spansProcessed), of(spansExported)];
  const counters = [...requests, ...processed, ...exported];
  const scrapes = [...(named.get(scrapeMetric.up) ?? []), ...(named.get(startTime) ?? [])];
  const zeros = zeroMoments(counters, scrapes);
  const times = timesOf(counters, zeros, range);
  if (times === undefined) return undefined;
  const grown = growthOf(counters, zeros, range);
  return {
    ...times,
    routes: routeCounts(requests, grown),
    spans: processed.length + exported.length > 0 ? spanCounts(processed, exported, grown) : undefined,
  };
}

function growthOf(
  counters: readonly SeriesData[],
  zeros: ReadonlyMap<string, bigint>,
  { fromUnixNano, toUnixNano }: TimeRange,
): Map<SeriesData, number> {
  const grown = increments(counters, zeros);
  return new Map(
    counters.map((data, i) => {
      const { time, value } = grown[i]!;
      const inside = value.filter((_, n) => time[n]! > fromUnixNano && time[n]! < toUnixNano);
      return [data, inside.reduce((sum, one) => sum + one, 0)];
    }),
  );
}

function routeCounts(series: readonly SeriesData[], grown: ReadonlyMap<SeriesData, number>): RouteCount[] {
  const groups = Map.groupBy(
    series,
    ({ info }) => `${info.labels[label.method]} ${info.labels[label.route]}`,
  );
  return [...groups.values()].map((members) => {
    const { labels } = members[0]!.info;
    const bounds = [...new Set(members.map(boundOf))].sort((a, b) => a - b);
    const total = (of: readonly SeriesData[]) => of.reduce((sum, data) => sum + grown.get(data)!, 0);
    const cumulative = bounds.map((bound) => total(members.filter((data) => boundOf(data) === bound)));
    const all = members.filter((data) => boundOf(data) === Number.POSITIVE_INFINITY);
    const failed = total(all.filter(({ info }) => isError(info.labels)));
    return {
      ...{ method: labels[label.method] ?? '', route: labels[label.route] ?? '' },
      ...{ requests: cumulative.at(-1) ?? 0, failed, bounds, cumulative },
    };
  });
}

function spanCounts(
  processed: readonly SeriesData[],
  exported: readonly SeriesData[],
  grown: ReadonlyMap<SeriesData, number>,
): SpanCounts {
  const total = (of: readonly SeriesData[], test: (labels: Record<string, string>) => boolean) =>
    of.reduce((sum, data) => sum + (test(data.info.labels) ? grown.get(data)! : 0), 0);
  const isHeld = (labels: Record<string, string>) =>
    labels[label.componentType] === labelValue.holdingProcessor;
  const isFault = (labels: Record<string, string>) => (labels[label.errorType] ?? '') !== '';
  const dropped = total(processed, (labels) => !isHeld(labels) && isFault(labels));
  const sent = total(processed, (labels) => !isHeld(labels) && !isFault(labels));
  const left = total(exported, () => true);
  return {
    ended: dropped + Math.max(sent, left),
    dropped,
    failed: total(exported, isFault),
    notHeld: total(processed, isHeld),
  };
}
