/** Requests of a side from scraped histograms, where labels tell which samples are the side's. */
import { label, resourceAttribute, scrapeMetric, serviceMetric, suffix } from '../../../slo/index.ts';
import { prometheusLabel } from '../../formats/prometheus-names.ts';
import type { Store } from '../../storage/store.ts';
import { boundOf, isError } from '../golden-signals.ts';
import type { EvidenceDeps } from '../incident.ts';
import {
  increments,
  instanceOf,
  LOOKBACK_NANO,
  matching,
  readSeries,
  type SeriesData,
  zeroMoments,
} from '../series.ts';
import type { CompareQuestion, Condition, Side } from './comparison.ts';
import { emptyTraffic, type RouteTraffic, sliceNano } from './route-traffic.ts';

const BUCKETS = `${serviceMetric.requestDuration}${suffix.bucket}`;
const INFO: readonly string[] = [serviceMetric.targetInfo, serviceMetric.buildInfo];

/**
 * Routes of one side with a request in it, from metrics. A condition is met by a label of the series itself, or by
 * target_info or the build info of the same instance at the time of the sample: an address may have run one version
 * and then another. Nothing for a condition that no label tells, such as an attribute of single requests.
 */
export async function readMetricTraffic(
  question: CompareQuestion,
  side: Side,
  store: Store,
  deps: EvidenceDeps,
): Promise<RouteTraffic[]> {
  const { fromUnixNano, toUnixNano } = side.range;
  const names = [BUCKETS, scrapeMetric.up, serviceMetric.startTime, ...INFO].join('|');
  const [, ...job] = matching(BUCKETS, { [label.job]: question.service });
  const matchers = [{ label: '__name__', op: '=~' as const, value: names }, ...job];
  const range = { fromUnixNano: fromUnixNano - LOOKBACK_NANO, toUnixNano };
  const all = await readSeries(store, matchers, range, deps);
  const wanted = ({ labels }: SeriesData['info']) =>
    (question.route === undefined || labels[label.route] === question.route) &&
    (question.method === undefined || labels[label.method] === question.method);
  const buckets = all.filter(({ info }) => info.name === BUCKETS && wanted(info));
  // Dividing bigints of every sample is not cheap.
  const width = Number(sliceNano(side.range));
  const grown = increments(buckets, zeroMoments(buckets, all));
  const infos = Map.groupBy(
    all.filter(({ info }) => INFO.includes(info.name)),
    ({ info }) => instanceOf(info),
  );
  const routes = new Map<string, RouteTraffic & { counts: Map<number, number> }>();
  buckets.forEach((data, i) => {
    const isOurs = membership(data, infos.get(instanceOf(data.info)) ?? [], side.conditions);
    if (isOurs === undefined) return;
    const { time, value } = grown[i]!;
    for (let n = 0; n < time.length; n++) {
      const at = time[n]!;
      if (at < fromUnixNano || at >= toUnixNano || value[n] === 0 || !isOurs(at)) continue;
      count(routes, data, value[n]!, Math.floor(Number(at - fromUnixNano) / width));
    }
  });
  return [...routes.values()].filter(({ requests }) => requests > 0).map(withBounds);
}

/** Tells for a time whether the series' sample is the side's; undefined when it never is. */
function membership(
  { info }: SeriesData,
  infos: readonly SeriesData[],
  conditions: readonly Condition[],
): ((at: bigint) => boolean) | undefined {
  const tests: ((at: bigint) => boolean)[] = [];
  for (const { key, value } of conditions) {
    const own = key === resourceAttribute.serviceName ? label.job : prometheusLabel(key);
    if (info.labels[own] !== undefined) {
      if (info.labels[own] !== value) return undefined;
      continue;
    }
    const telling = infos.flatMap((data) => {
      const told = data.info.labels[labelIn(data.info.name, key)];
      return told === undefined ? [] : [{ time: data.time, holds: told === value }];
    });
    if (!telling.some(({ holds }) => holds)) return undefined;
    tests.push(latest(telling));
  }
  return (at) => tests.every((test) => test(at));
}

/** The label of an info metric in which an attribute stands. */
function labelIn(metric: string, key: string): string {
  const isVersion = metric === serviceMetric.buildInfo && key === resourceAttribute.serviceVersion;
  return isVersion ? label.version : prometheusLabel(key);
}

/** What the newest sample of the infos at or before a time says; false when it is too old. */
function latest(infos: readonly { time: BigInt64Array; holds: boolean }[]): (at: bigint) => boolean {
  const samples = infos
    .flatMap(({ time, holds }) => Array.from(time, (at) => ({ at, holds })))
    .sort((x, y) => (x.at === y.at ? Number(x.holds) - Number(y.holds) : x.at < y.at ? -1 : 1));
  return (at) => {
    let [low, high] = [0, samples.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (samples[middle]!.at <= at) low = middle + 1;
      else high = middle;
    }
    const last = samples[low - 1];
    return last?.holds === true && at - last.at <= LOOKBACK_NANO;
  };
}

function count(
  routes: Map<string, RouteTraffic & { counts: Map<number, number> }>,
  data: SeriesData,
  value: number,
  slice: number,
): void {
  const { labels } = data.info;
  const [service = '', method = '', route = ''] = [label.job, label.method, label.route].map(
    (l) => labels[l],
  );
  const key = [service, method, route].join('\u0000');
  const traffic = routes.get(key) ?? {
    ...emptyTraffic(service, method, route, 'metrics'),
    counts: new Map(),
  };
  routes.set(key, traffic);
  const bound = boundOf(data);
  traffic.counts.set(bound, (traffic.counts.get(bound) ?? 0) + value);
  if (bound !== Number.POSITIVE_INFINITY) return;
  traffic.requests += value;
  traffic.groups.push({ weight: 1, n: value, failed: isError(labels) ? value : 0, slice });
}

function withBounds({ counts, ...traffic }: RouteTraffic & { counts: Map<number, number> }): RouteTraffic {
  const bounds = [...counts.keys()].sort((x, y) => x - y);
  return { ...traffic, bounds, cumulative: bounds.map((bound) => counts.get(bound)!) };
}
