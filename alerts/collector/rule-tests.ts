/**
 * Unit tests of the collector's rules, in promtool's format: what a scrape sees minute by minute, and which alerts fire
 * at the end of it. In all other scenarios than its own an alert must be silent.
 */
import {
  collectorAlias,
  collectorJob,
  collectorLabel,
  collectorMetric,
  label,
  scrapeMetric,
  suffix,
} from '../../slo/index.ts';
import type { RuleTest } from '../rule-tests.ts';

const MINUTES = 40;
const END = `${MINUTES}m`;

/** Values of one series: promtool's notation, of a value a minute. */
const always = (value: number): string => `${value}x${MINUTES}`;
const growing = (perMinute: number): string => `0+${perMinute}x${MINUTES}`;

type Labels = Readonly<Record<string, string>>;
const OTLP = { [collectorLabel.receiver]: 'otlp', [collectorLabel.transport]: 'http' };
const STORE = { [collectorLabel.exporter]: 'store' };

function series(name: string, labels: Labels = {}): string {
  const all = { [label.job]: collectorJob, [label.instance]: 'collector:4319', ...labels };
  const parts = Object.entries(all).map(([key, value]) => `${key}="${value}"`);
  return `${name}{${parts.join(',')}}`;
}

const up = series(scrapeMetric.up);
const accepted = series(`${collectorMetric.acceptedSpans}_total`, OTLP);
const refused = series(`${collectorMetric.refusedSpans}_total`, OTLP);
const refusedLogs = series(`${collectorMetric.refusedLogRecords}_total`, OTLP);
const failed = series(`${collectorMetric.exporterSendFailedLogRecords}_total`, STORE);
const dropped = series(`${collectorMetric.dropped}_total`, {
  [collectorLabel.processor]: 'limit',
  [collectorLabel.signal]: 'logs',
  [collectorLabel.reason]: 'record-too-large',
});
const size = series(collectorMetric.storageBytes);
const limit = series(collectorMetric.storageLimit);
const retention = series(collectorMetric.retention);
const oldest = series(collectorMetric.oldestTime, { [collectorLabel.signal]: 'logs' });
const evicted = series(`${collectorMetric.evicted}_total`, {
  [collectorLabel.signal]: 'logs',
  [collectorLabel.reason]: 'size',
  [collectorLabel.service]: 'shop',
});
const quick = series(`${collectorMetric.ackDuration}${suffix.bucket}`, {
  ...STORE,
  [label.bucketBound]: '0.005',
});
const slow = series(`${collectorMetric.ackDuration}${suffix.bucket}`, { ...STORE, [label.bucketBound]: '5' });
const any = series(`${collectorMetric.ackDuration}${suffix.bucket}`, {
  ...STORE,
  [label.bucketBound]: '+Inf',
});
const queue = series(collectorMetric.exporterQueueSize, { [collectorLabel.dataType]: 'logs', ...STORE });

/** A collector that is well: in tests the time begins at 0, and so does what it keeps. */
const healthy: Readonly<Record<string, string>> = {
  [up]: always(1),
  [accepted]: growing(600),
  [refused]: always(0),
  [size]: always(50),
  [limit]: always(100),
  [retention]: always(86_400),
  [oldest]: always(0),
  [quick]: growing(60),
  [slow]: growing(60),
  [any]: growing(60),
  [queue]: always(1),
};

interface Scenario {
  readonly name: string;
  /** What differs from a collector that is well. */
  readonly series: Readonly<Record<string, string>>;
  readonly firing: readonly string[];
}

const scenarios: readonly Scenario[] = [
  { name: 'a collector that is well calls nobody', series: {}, firing: [] },
  { name: 'one that does not answer is down', series: { [up]: always(0) }, firing: ['Down'] },
  {
    name: 'some refusals are a ticket',
    series: { [refusedLogs]: growing(30) },
    firing: ['RefusesSome'],
  },
  {
    name: 'refusing most of what comes is a page, too',
    series: { [refused]: growing(1800) },
    firing: ['RefusesMost', 'RefusesSome'],
  },
  { name: 'records that are lost are told once', series: { [dropped]: growing(2) }, firing: ['Drops'] },
  { name: 'a store that cannot write is a page', series: { [failed]: growing(5) }, firing: ['StoreFails'] },
  {
    name: 'a store that is full before its time is a ticket',
    series: { [size]: always(95) },
    firing: ['StoreNearlyFull'],
  },
  {
    name: 'a store that is full and reaches its retention is as it should be',
    series: { [size]: always(99), [retention]: always(1200), [evicted]: growing(100) },
    firing: [],
  },
  {
    name: 'evicting what is younger than the retention is a ticket',
    series: { [size]: always(99), [evicted]: growing(100) },
    firing: ['EvictsEarly'],
  },
  {
    name: 'acknowledgements that take seconds are a ticket',
    series: { [quick]: growing(30) },
    firing: ['AcknowledgesSlowly'],
  },
  { name: 'a queue that stays is a ticket', series: { [queue]: always(500) }, firing: ['QueueStays'] },
];

/** One test for each scenario, and one for the older name of the refusals. */
export function collectorTests(): readonly RuleTest[] {
  return [...scenarios.map(testOf), absence, alias];
}

function testOf({ name, series: changed, firing }: Scenario): RuleTest {
  return {
    name,
    interval: '1m',
    input_series: Object.entries({ ...healthy, ...changed }).map(([of, values]) => ({ series: of, values })),
    promql_expr_test: [expectFiring(firing)],
  };
}

function expectFiring(firing: readonly string[]): RuleTest['promql_expr_test'][number] {
  return {
    expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
    eval_time: END,
    exp_samples: firing.map((name) => ({ labels: `{alertname="Collector${name}"}`, value: 1 })),
  };
}

const absence: RuleTest = {
  name: 'one that nobody scrapes any more is down',
  interval: '1m',
  input_series: [],
  promql_expr_test: [expectFiring(['Down'])],
};

const alias: RuleTest = {
  name: 'refused spans answer under their older name, too',
  interval: '1m',
  input_series: [{ series: refused, values: growing(3) }],
  promql_expr_test: [
    {
      expr: collectorAlias.refusedSpans,
      eval_time: '10m',
      exp_samples: [{ labels: series(collectorAlias.refusedSpans, OTLP), value: 30 }],
    },
  ],
};
