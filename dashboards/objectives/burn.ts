import {
  badEvents,
  decimal,
  rule,
  ruleLabel,
  type Tier,
  tiers,
  totalEvents,
  type WindowName,
} from '../../slo/index.ts';
import { firingAlerts } from '../annotations.ts';
import type { ChartSpec, Query, RowSpec, ValueText } from '../model.ts';
import { budgetOf, type Chosen } from './chosen.ts';

/** How fast the budget burns, by tier: what each compares with its limit, and what came of it. */
export function burn(shown: Chosen): RowSpec {
  return {
    id: 300,
    title: 'Burn rate',
    panels: [verdicts(shown), ...tiers.map((tier) => chart(shown, tier))],
  };
}

function chart(shown: Chosen, tier: Tier): ChartSpec {
  const { id, severity, longWindow, shortWindow, factor, wilson } = tier;
  const bound: Query = {
    expr: `${shown.select(`${rule.wilsonLowerPrefix}${longWindow}`)} / ${budgetOf(shown)}`,
    legend: `at least over ${longWindow}${shown.legend}`,
  };
  const compared = wilson ? `what is certain of ${longWindow}` : longWindow;
  return {
    kind: 'timeseries',
    width: severity === 'page' ? 12 : 8,
    height: 8,
    title: `Burn rate of ${id}`,
    description: `Bad ratio divided by the error budget: at 1 the budget lasts exactly its window. A ${severity} needs more than ${decimal(factor)} over ${compared} and over ${shortWindow}. No line where no request came.`,
    unit: 'short',
    min: 0,
    limit: { value: factor, worse: 'above' },
    queries: [rate(shown, longWindow), rate(shown, shortWindow), ...(wilson ? [bound] : [])],
  };
}

function rate(shown: Chosen, window: WindowName): Query {
  const { select, legend } = shown;
  return {
    expr: `${select(badEvents(window))} / (${select(totalEvents(window))} > 0) / ${budgetOf(shown)}`,
    legend: `over ${window}${legend}`,
  };
}

/** What a tier has to say, as numbers that Prometheus can answer. */
const verdictTexts: readonly ValueText[] = [
  { value: 0, text: 'not measured', color: 'grey' },
  { value: 1, text: 'measured too short', color: 'grey' },
  { value: 2, text: 'too few requests', color: 'grey' },
  { value: 3, text: 'too few bad events', color: 'green' },
  { value: 4, text: 'not firing', color: 'green' },
  { value: 5, text: 'firing', color: 'red' },
];

function verdicts(shown: Chosen): ChartSpec {
  return {
    kind: 'stat',
    width: 24,
    height: 4,
    title: 'What each tier says',
    description:
      'Why a tier fires or does not. With too few requests it could not fire if all of them failed: group routes, probe, or widen the window.',
    unit: 'short',
    texts: verdictTexts,
    nothing: 'not measured',
    queries: tiers.map((tier) => ({ expr: verdict(shown, tier), legend: `${tier.id}${shown.legend}` })),
  };
}

/** The first reason that holds, in the order in which the tier asks its conditions. */
function verdict({ select, matchers, labels }: Chosen, tier: Tier): string {
  const { longWindow: long, shortWindow: short, minBadLong, minBadShort, minCoverage } = tier;
  const each = (expr: string) => `max by (${labels.join(', ')}) (${expr})`;
  const fewer = (series: (window: WindowName) => string) =>
    `round(${select(series(long))}) < ${minBadLong} or round(${select(series(short))}) < ${minBadShort}`;
  const onEach = `\nor on (${labels.join(', ')}) `;
  const firing = firingAlerts(...matchers, `${ruleLabel.tier}="${tier.id}"`);
  const reasons = [
    `5 * ${each(firing)}`,
    ...(minCoverage > 0
      ? [`1 + 0 * ${each(`${select(`${rule.coveragePrefix}${long}`)} < ${decimal(minCoverage)}`)}`]
      : []),
    `2 + 0 * ${each(fewer(totalEvents))}`,
    `3 + 0 * ${each(fewer(badEvents))}`,
    `4 + 0 * ${each(select(totalEvents(long)))}`,
  ];
  const objective = `max by (${ruleLabel.service}, ${ruleLabel.slo}) (${select(rule.objective)})`;
  return `${reasons.join(onEach)}\nor on (${ruleLabel.service}, ${ruleLabel.slo}) 0 * ${objective}`;
}
