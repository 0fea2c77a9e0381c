import { decimal, label, type Service, type Slo, serviceMetric, suffix } from '../../slo/index.ts';
import type { Scenario, Stretch } from './scenario.ts';
import { type Feed, inputSeries, type Source, split } from './source.ts';
import { counter, histogram } from './values.ts';

/** Labels by which a failed or slow request differs from a good one: an objective by one of them is not fed. */
const telling: readonly string[] = [label.statusCode, label.errorType, label.bucketBound];

/**
 * Requests of every route that the objectives name. A good one is answered 200 and at once; a bad one fails with 500, is slow,
 * and ends with `errorType`.
 */
export function requestFeed(service: Service, slos: readonly Slo[], errorType?: string): Feed | undefined {
  const by = slos.length === 1 ? slos[0]!.by : [];
  if (by.some((name) => telling.includes(name))) return undefined;
  const common = { [label.job]: service.job ?? service.name, [label.instance]: 'a:8081' };
  const sources = routesOf(slos).flatMap(({ labels, healthy }) =>
    split({ ...common, ...labels }, by).map((source) => ({ ...source, healthy: healthy || source.healthy })),
  );
  return {
    slos,
    sources,
    series: (scenario) => sources.flatMap((source) => seriesOf(slos, source, scenario, errorType)),
  };
}

/**
 * The routes that the objectives name, each with one method; `/` stands in where all speak of the service. Of several routes that
 * count together the scenario happens to the first, so that one that is left out changes the ratio.
 */
function routesOf(slos: readonly Slo[]): readonly Source[] {
  const routes = new Map<string, Source>();
  for (const { routes: own } of slos) {
    for (const [index, { method = 'GET', path }] of own.entries()) {
      const healthy = index > 0 && (routes.get(`${method} ${path}`)?.healthy ?? true);
      routes.set(`${method} ${path}`, { labels: { [label.method]: method, [label.route]: path }, healthy });
    }
  }
  if (routes.size > 0) return [...routes.values()];
  return [{ labels: { [label.method]: 'GET', [label.route]: '/' }, healthy: false }];
}

/** True when the objective counts the requests of a source. */
export function covers({ routes }: Slo, { labels }: Source): boolean {
  if (routes.length === 0) return true;
  return routes.some(
    ({ path, method }) =>
      path === labels[label.route] && (method === undefined || method === labels[label.method]),
  );
}

function seriesOf(slos: readonly Slo[], source: Source, scenario: Scenario, errorType: string | undefined) {
  const good = (stretch: Stretch) => stretch.good + (source.healthy ? stretch.bad : 0);
  const bad = (stretch: Stretch) => (source.healthy ? 0 : stretch.bad);
  const late = scenario.lateErrors;
  const ok = { ...source.labels, [label.statusCode]: '200' };
  const failed = {
    ...source.labels,
    [label.statusCode]: '500',
    ...(errorType === undefined ? {} : { [label.errorType]: errorType }),
  };
  const { requestDuration } = serviceMetric;
  const [count, bucket] = [`${requestDuration}${suffix.count}`, `${requestDuration}${suffix.bucket}`];
  return [
    inputSeries(count, ok, counter(scenario, good)),
    inputSeries(count, failed, counter(scenario, bad, late)),
    ...thresholds(slos, 'classic').flatMap((bound) => {
      const within = { [label.bucketBound]: decimal(bound) };
      return [
        inputSeries(bucket, { ...ok, ...within }, counter(scenario, good)),
        inputSeries(
          bucket,
          { ...failed, ...within },
          counter(scenario, () => 0),
        ),
      ];
    }),
    ...thresholds(slos, 'native').map((bound) =>
      inputSeries(
        requestDuration,
        ok,
        histogram(scenario, bound, (stretch) => [good(stretch), bad(stretch)]),
      ),
    ),
  ];
}

/** The thresholds of the objectives about latency with this kind of histogram. */
function thresholds(slos: readonly Slo[], of: 'classic' | 'native'): readonly number[] {
  const all = slos.flatMap(({ sli }) =>
    sli.kind === 'latency' && sli.histogram === of ? [sli.thresholdSeconds] : [],
  );
  return [...new Set(all)].sort((a, b) => a - b);
}
