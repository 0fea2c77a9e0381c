/**
 * Unit tests for the rendered rules, in promtool's format. Each scenario feeds counters as a scrape would see
 * them; what must fire is computed from the scenario's own events by the burn-rate function, not from rules.
 */
import {
  decimal,
  errorBudget,
  evaluateBurn,
  label,
  quote,
  rule,
  ruleLabel,
  type Service,
  type Sli,
  type Slo,
  serviceMetric,
  suffix,
  type WindowCounts,
  type WindowName,
  windows,
} from '../slo/index.ts';
import { matchers, sloLabels } from './promql.ts';

export interface RuleTest {
  readonly name: string;
  readonly interval: string;
  readonly input_series: readonly { series: string; values: string }[];
  readonly promql_expr_test: readonly {
    expr: string;
    eval_time: string;
    exp_samples: readonly { labels: string; value: number }[];
  }[];
}

/** Seconds between samples. */
const step = 30;
const minute = 60;
const hour = 3_600;

/** A stretch of time on one route: good and bad requests per step; a bad one fails and is slow. */
interface Stretch {
  readonly seconds: number;
  readonly good: number;
  readonly bad: number;
}

interface Scenario {
  readonly name: string;
  readonly stretches: readonly Stretch[];
  /** When to look, in seconds from the start: multiples of 5 minutes, where the newest tile ends. */
  readonly times: readonly number[];
}

/** The tests of a service's rules. Long scenarios run on one objective of each kind, the outage on all. */
export function ruleTests(service: Service): readonly RuleTest[] {
  const first = new Map<Sli['kind'], Slo>();
  for (const slo of service.slos) if (!first.has(slo.sli.kind)) first.set(slo.sli.kind, slo);
  if (service.slos.length === 0) return [];
  return [
    ruleTest(service, service.slos, outage),
    ...[...first.values()].flatMap((slo) =>
      [slowBurn(slo), oneFailure, idleFailure, noTraffic].map((scenario) =>
        ruleTest(service, [slo], scenario),
      ),
    ),
  ];
}

const outage: Scenario = {
  name: 'an outage pages within five minutes, and recovery resets it',
  stretches: [
    { seconds: 30 * minute, good: 30, bad: 0 },
    { seconds: 10 * minute, good: 0, bad: 30 },
    { seconds: 50 * minute, good: 30, bad: 0 },
  ],
  times: [25, 35, 40, 50, 75].map((at) => at * minute),
};

/** Four times the budget: too slow to page, so much traffic that 400 bad events a day are certain. */
function slowBurn(slo: Slo): Scenario {
  const budget = errorBudget(slo.objective);
  const perStep = Math.ceil(100 / budget / ((24 * hour) / step));
  const bad = Math.min(4 * budget, 1) * perStep;
  return {
    name: 'a slow burn opens a ticket once half of the day is observed, and does not page',
    stretches: [{ seconds: 14 * hour, good: perStep - bad, bad }],
    times: [6 * hour, 13 * hour],
  };
}

const oneFailure: Scenario = {
  name: 'one failure on a healthy quiet route wakes nobody',
  stretches: [
    { seconds: 13 * hour, good: 0.5, bad: 0 },
    { seconds: step, good: 0, bad: 1 },
    { seconds: hour, good: 0.5, bad: 0 },
  ],
  times: [12 * hour, 13 * hour + 5 * minute, 13 * hour + 30 * minute],
};

const idleFailure: Scenario = {
  name: 'a route with one request in two hours, all failing, opens a ticket',
  stretches: Array.from({ length: 8 }, () => [
    { seconds: 2 * hour - step, good: 0, bad: 0 },
    { seconds: step, good: 0, bad: 1 },
  ]).flat(),
  times: [15 * hour + 45 * minute],
};

const noTraffic: Scenario = {
  name: 'no traffic is no verdict',
  stretches: [{ seconds: hour, good: 0, bad: 0 }],
  times: [50 * minute],
};

function ruleTest(service: Service, slos: readonly Slo[], scenario: Scenario): RuleTest {
  const ids = slos.map((slo) => slo.id).join('|');
  const firing = `ALERTS${matchers(`alertname=${quote(rule.alertName)}`, 'alertstate="firing"', `${ruleLabel.slo}=~${quote(ids)}`)}`;
  return {
    name: `${slos.length === 1 ? `${slos[0]!.id}: ` : ''}${scenario.name}`,
    interval: `${step}s`,
    input_series: inputSeries(service, slos, scenario.stretches),
    promql_expr_test: scenario.times.map((time) => ({
      expr: `count by (${ruleLabel.slo}, ${ruleLabel.tier}, ${ruleLabel.severity}) (${firing})`,
      eval_time: `${time / minute}m`,
      exp_samples: slos.flatMap((slo) => expected(service, slos, slo, scenario.stretches, time)),
    })),
  };
}

/** The tiers of one objective that must fire at `time`, from the scenario's events. */
function expected(
  service: Service,
  slos: readonly Slo[],
  slo: Slo,
  stretches: readonly Stretch[],
  time: number,
): { labels: string; value: number }[] {
  const scale = routesOf(slos).filter((route) => covers(slo, route)).length;
  const counts = Object.fromEntries(
    (Object.keys(windows) as WindowName[]).map((name) => [
      name,
      countsAt(stretches, time, windows[name].seconds, scale),
    ]),
  );
  return evaluateBurn(errorBudget(slo.objective), counts)
    .filter(({ verdict }) => verdict === 'firing')
    .map(({ tier }) => ({
      labels: matchers(
        `${ruleLabel.tier}=${quote(tier.id)}`,
        `${ruleLabel.severity}=${quote(tier.severity)}`,
        `${ruleLabel.slo}=${quote(sloLabels(service, slo)[ruleLabel.slo]!)}`,
      ),
      value: 1,
    }));
}

function countsAt(stretches: readonly Stretch[], time: number, seconds: number, scale: number): WindowCounts {
  let [start, good, bad] = [0, 0, 0];
  for (const stretch of stretches) {
    const end = start + stretch.seconds;
    const overlap = Math.max(0, Math.min(end, time) - Math.max(start, time - seconds));
    good += (scale * stretch.good * overlap) / step;
    bad += (scale * stretch.bad * overlap) / step;
    start = end;
  }
  return { bad, total: good + bad, coverage: Math.min(1, time / seconds) };
}

interface RouteSeries {
  readonly method: string;
  readonly path: string;
}

/** The routes that the objectives name, each with one method; `/` stands in where all speak of the service. */
function routesOf(slos: readonly Slo[]): readonly RouteSeries[] {
  const routes = new Map<string, RouteSeries>();
  for (const { route } of slos) {
    if (!route) continue;
    const series = { method: route.method ?? 'GET', path: route.path };
    routes.set(`${series.method} ${series.path}`, series);
  }
  return routes.size > 0 ? [...routes.values()] : [{ method: 'GET', path: '/' }];
}

function covers({ route }: Slo, series: RouteSeries): boolean {
  if (!route) return true;
  return route.path === series.path && (route.method === undefined || route.method === series.method);
}

/** Counters per route: good requests are 200 and quick, bad ones are 500 and in no bucket of a threshold. */
function inputSeries(service: Service, slos: readonly Slo[], stretches: readonly Stretch[]) {
  const thresholds = slos.flatMap(({ sli }) => (sli.kind === 'latency' ? [sli.thresholdSeconds] : []));
  const bounds = [...new Set(thresholds)].sort((a, b) => a - b);
  const good = values(stretches.map((s) => [s.seconds / step, s.good]));
  const bad = values(stretches.map((s) => [s.seconds / step, s.bad]));
  const none = values(stretches.map((s) => [s.seconds / step, 0]));
  return routesOf(slos).flatMap((route) => {
    const series = (code: string, end: string, ...more: string[]) =>
      `${serviceMetric.requestDuration}${end}${matchers(
        `${label.job}=${quote(service.name)}`,
        `${label.instance}="a:8081"`,
        `${label.method}=${quote(route.method)}`,
        `${label.route}=${quote(route.path)}`,
        `${label.statusCode}="${code}"`,
        ...more,
      )}`;
    const within = (bound: number) => `${label.bucketBound}="${decimal(bound)}"`;
    return [
      { series: series('200', suffix.count), values: good },
      { series: series('500', suffix.count), values: bad },
      ...bounds.map((bound) => ({ series: series('200', suffix.bucket, within(bound)), values: good })),
      ...bounds.map((bound) => ({ series: series('500', suffix.bucket, within(bound)), values: none })),
    ];
  });
}

/** A counter from 0 in promtool's notation, from [steps, increase per step]. `a+bxn` holds n + 1 samples. */
function values(parts: readonly (readonly [number, number])[]): string {
  let value = 0;
  const texts = ['0'];
  for (const [steps, increase] of parts) {
    texts.push(`${decimal(value + increase)}+${decimal(increase)}x${steps - 1}`);
    value += increase * steps;
  }
  return texts.join(' ');
}
