import { label, resourceAttribute } from '../../../slo/index.ts';
import { prometheusLabel } from '../../formats/prometheus-names.ts';
import type { TimeRange } from '../../storage/store.ts';
import { instanceOf, type SeriesData } from '../series.ts';

/** A resource attribute that tells a cohort from the others. */
export interface CohortAttribute {
  key: string;
  value: string;
}

/** When the processes of a cohort were counted. */
export interface ProcessTimes {
  processes: number;
  /** From the first scrape that counts (exclusive) to the last. */
  window: TimeRange;
  /** Seconds between a process' scrapes, the median. */
  scrapeSeconds: number;
  /** Processes that were scraped no more before the window ended: what they did then is not counted. */
  ended: number;
}

/** The samples of series that were taken while their process was of the cohort. */
export function membersOf(
  series: readonly SeriesData[],
  infos: readonly SeriesData[],
  attribute: CohortAttribute | undefined,
): SeriesData[] {
  if (attribute === undefined) return [...series];
  const sightings = new Map<string, { at: bigint; member: boolean }[]>();
  for (const { info, time } of infos) {
    const member = attributeOf(info.labels, attribute.key) === attribute.value;
    const known = sightings.get(instanceOf(info)) ?? [];
    for (const at of time) known.push({ at, member });
    sightings.set(instanceOf(info), known);
  }
  for (const seen of sightings.values()) seen.sort((a, b) => (a.at < b.at ? -1 : 1));
  return series.flatMap((data) => {
    const seen = sightings.get(instanceOf(data.info));
    return seen === undefined ? [] : samplesWhile(data, seen);
  });
}

/** What a resource attribute is, by the labels of target_info; two of them are the labels of every series. */
function attributeOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  if (key === resourceAttribute.serviceName) return labels[label.job];
  const value = labels[prometheusLabel(key)];
  return key === resourceAttribute.serviceInstanceId ? (value ?? labels[label.instance]) : value;
}

function samplesWhile(
  { info, time, value }: SeriesData,
  seen: readonly { at: bigint; member: boolean }[],
): SeriesData[] {
  let next = 0;
  const kept = Array.from(time, (at) => {
    while (next + 1 < seen.length && seen[next + 1]!.at <= at) next++;
    return seen[next]!.member;
  });
  if (!kept.includes(true)) return [];
  return [{ info, time: time.filter((_, i) => kept[i]), value: value.filter((_, i) => kept[i]) }];
}

/** When each process was counted: the window of all together, how often they were scraped, how many ended in it. */
export function timesOf(
  counters: readonly SeriesData[],
  zeros: ReadonlyMap<string, bigint>,
  { fromUnixNano, toUnixNano }: TimeRange,
): ProcessTimes | undefined {
  const spans: { from: bigint; to: bigint; scrapes: number }[] = [];
  for (const [instance, members] of Map.groupBy(counters, ({ info }) => instanceOf(info))) {
    const zero = zeros.get(instance);
    const found = [...new Set(members.flatMap(({ time }) => [...time]))].sort((a, b) => (a < b ? -1 : 1));
    const times = zero === undefined ? found : [zero, ...found];
    const before = times.findLast((at) => at <= fromUnixNano);
    const inside = times.filter((at) => at > fromUnixNano && at < toUnixNano);
    const from = before ?? inside[0];
    const to = inside.at(-1);
    const scrapes = inside.length - (before === undefined ? 1 : 0);
    if (from !== undefined && to !== undefined && to > from) spans.push({ from, to, scrapes });
  }
  if (spans.length === 0) return undefined;
  const first = spans.reduce((least, { from }) => (from < least ? from : least), spans[0]!.from);
  const last = spans.reduce((most, { to }) => (to > most ? to : most), spans[0]!.to);
  const seconds = spans
    .map(({ from, to, scrapes }) => Number(to - from) / 1e9 / scrapes)
    .sort((a, b) => a - b);
  const scrapeSeconds = seconds[seconds.length >> 1]!;
  const gone = last - BigInt(Math.round(1.5 * scrapeSeconds * 1e9));
  return {
    processes: spans.length,
    window: { fromUnixNano: first, toUnixNano: last },
    scrapeSeconds,
    ended: spans.filter(({ to }) => to < gone).length,
  };
}
