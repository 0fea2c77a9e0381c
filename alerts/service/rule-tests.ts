/**
 * Unit tests of a service's own alerts, in promtool's format: what a scrape sees minute by minute, and which alerts fire
 * at the end of it. In all other scenarios than its own an alert must be silent.
 */
import { label, labelValue, quote, type Service, scrapeMetric, serviceMetric } from '../../slo/index.ts';
import { matchers } from '../promql.ts';
import type { RuleTest } from '../rule-tests.ts';
import { poolName, poolsOf } from './rules.ts';

const minutes = 40;
const end = `${minutes}m`;

/** Values of one series: promtool's notation, of a value a minute. */
const always = (value: number): string => `${value}x${minutes}`;
const growing = (perMinute: number): string => `0+${perMinute}x${minutes}`;

type Series = Readonly<Record<string, string>>;

interface Scenario {
  readonly name: string;
  /** What differs from a service that is well. */
  readonly series: Series;
  readonly firing: readonly string[];
}

/** One test for each scenario, and one of a service that nobody scrapes. */
export function serviceTests(service: Service, clients: readonly string[] = []): readonly RuleTest[] {
  const of = (metric: string, ...more: readonly string[]) =>
    `${metric}${matchers(
      `${label.job}=${quote(service.job ?? service.name)}`,
      `${label.instance}="a:8081"`,
      ...more,
    )}`;
  const well = { ...healthy(of), ...healthyPools(of, clients) };
  return [
    ...[...scenarios(of), ...poolScenarios(of, clients)].map(({ name, series, firing }) =>
      testOf(name, { ...well, ...series }, firing),
    ),
    testOf('a service that nobody scrapes is told once', {}, ['NotScraped']),
  ];
}

type Of = (metric: string, ...more: readonly string[]) => string;

const used = `${label.poolState}=${quote(labelValue.poolUsed)}`;
const failed = `${label.errorType}="rejected"`;

function healthy(of: Of): Series {
  return {
    [of(scrapeMetric.up)]: always(1),
    [of(serviceMetric.goroutines)]: always(40),
    [of(serviceMetric.heapInuse)]: always(50e6),
    [of(serviceMetric.goMemoryLimit)]: always(100e6),
    [of(serviceMetric.cpuSeconds)]: growing(30),
    [of(serviceMetric.maxProcs)]: always(2),
    [of(serviceMetric.gcCpuSeconds)]: growing(1),
    [of(serviceMetric.goCpuSeconds)]: growing(120),
    [of(serviceMetric.openFds)]: always(20),
    [of(serviceMetric.maxFds)]: always(100),
    [of(serviceMetric.spansProcessed, failed)]: always(0),
    [of(serviceMetric.spansExported, failed)]: always(0),
    [of(serviceMetric.startTime)]: always(0),
  };
}

function scenarios(of: Of): readonly Scenario[] {
  const one = (name: string, metric: string, values: string, firing: readonly string[]): Scenario => ({
    name,
    series: { [metric]: values },
    firing,
  });
  return [
    { name: 'a service that is well calls nobody', series: {}, firing: [] },
    one(
      'an only instance that does not answer is a service that is not scraped',
      of(scrapeMetric.up),
      always(0),
      ['NotScraped', 'InstanceNotScraped'],
    ),
    one('six thousand goroutines are a ticket', of(serviceMetric.goroutines), always(6_000), ['Goroutines']),
    one('a heap near its limit is a ticket', of(serviceMetric.heapInuse), always(95e6), ['Memory']),
    one('processors in full use are a ticket', of(serviceMetric.cpuSeconds), growing(118), ['Cpu']),
    one('much garbage collection is a ticket', of(serviceMetric.gcCpuSeconds), growing(40), [
      'GarbageCollection',
    ]),
    one('few descriptors left are a ticket', of(serviceMetric.openFds), always(90), ['FileDescriptors']),
    one('spans that are refused are a ticket', of(serviceMetric.spansExported, failed), growing(60), [
      'SpansLost',
    ]),
    one('a service that starts again and again is a ticket', of(serviceMetric.startTime), growing(1), [
      'Restarts',
    ]),
  ];
}

function healthyPools(of: Of, clients: readonly string[]): Series {
  const pools = poolsOf(clients).flatMap(([, pool]) => [
    [of(pool.connections, used), always(3)],
    [of(pool.maxConnections), always(10)],
  ]);
  return Object.fromEntries(pools);
}

function poolScenarios(of: Of, clients: readonly string[]): readonly Scenario[] {
  return poolsOf(clients).map(([system, pool]) => ({
    name: `a pool of connections to ${system} in full use is a ticket`,
    series: { [of(pool.connections, used)]: always(10) },
    firing: [`${poolName(system)}Pool`],
  }));
}

function testOf(name: string, series: Series, firing: readonly string[]): RuleTest {
  return {
    name,
    interval: '1m',
    input_series: Object.entries(series).map(([of, values]) => ({ series: of, values })),
    promql_expr_test: [
      {
        expr: 'count by (alertname) (ALERTS{alertstate="firing",alertname=~"Service.*"})',
        eval_time: end,
        exp_samples: firing.map((alert) => ({ labels: `{alertname="Service${alert}"}`, value: 1 })),
      },
    ],
  };
}
