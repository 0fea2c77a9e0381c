/**
 * Unit tests for the rendered rules, in promtool's format. Each scenario feeds series as a scrape would see
 * them; what must fire is computed from the scenario's own events by the burn-rate function, not from rules.
 */
import { decimal, quote, rule, ruleLabel, type Service, type Slo } from '../slo/index.ts';
import { matchers } from './promql.ts';
import { expected, type Sample } from './tests/expected.ts';
import { feedOf, outageFeeds } from './tests/feeds.ts';
import { type Scenario, step } from './tests/scenario.ts';
import { longScenarios, outage } from './tests/scenarios.ts';
import type { Feed, InputSeries } from './tests/source.ts';

export interface RuleTest {
  readonly name: string;
  readonly interval: string;
  readonly input_series: readonly InputSeries[];
  readonly promql_expr_test: readonly {
    expr: string;
    eval_time: string;
    exp_samples: readonly Sample[];
  }[];
}

/**
 * The tests of a service's rules: the outage on all objectives that can be fed, long scenarios on one objective of each kind.
 * An objective by a free expression is not tested: no series are known that it would count.
 */
export function ruleTests(service: Service): readonly RuleTest[] {
  const kinds = new Map<string, Feed>();
  for (const slo of service.slos) {
    const feed = kinds.has(kindOf(slo)) ? undefined : feedOf(service, slo);
    if (feed) kinds.set(kindOf(slo), feed);
  }
  return [
    ...outageFeeds(service).map((feed) => ruleTest(feed, outage)),
    ...[...kinds.values()].flatMap((feed) =>
      longScenarios(feed.slos[0]!).map((scenario) => ruleTest(feed, scenario)),
    ),
  ];
}

/** Objectives of one kind are counted by rules of one shape. */
function kindOf({ sli }: Slo): string {
  if (sli.kind === 'latency') return `${sli.kind} ${sli.histogram}`;
  if (sli.kind === 'custom') return `${sli.kind} ${Object.keys(sli.events).join(' ')}`;
  return 'missing' in sli ? `${sli.kind} ${sli.missing}` : sli.kind;
}

function ruleTest(feed: Feed, scenario: Scenario): RuleTest {
  const { slos } = feed;
  const ids = slos.map((slo) => slo.id).join('|');
  const firing = `ALERTS${matchers(`alertname=${quote(rule.alertName)}`, 'alertstate="firing"', `${ruleLabel.slo}=~${quote(ids)}`)}`;
  const by = [ruleLabel.slo, ruleLabel.tier, ruleLabel.severity, ...(slos.length === 1 ? slos[0]!.by : [])];
  return {
    name: `${slos.length === 1 ? `${slos[0]!.id}: ` : ''}${scenario.name}`,
    interval: `${step}s`,
    input_series: feed.series(scenario),
    promql_expr_test: expected(feed, scenario).map(({ time, samples }) => ({
      expr: `count by (${by.join(', ')}) (${firing})`,
      eval_time: `${decimal(time / 60)}m`,
      exp_samples: samples,
    })),
  };
}
