/** What must fire in a scenario: by its own events and the burn-rate function, never by rules. */
import {
  countsTime,
  errorBudget,
  evaluateBurn,
  quote,
  ruleLabel,
  type Slo,
  type Tier,
  type WindowName,
  windows,
} from '../../slo/index.ts';
import { matchers } from '../promql.ts';
import { covers } from './requests.ts';
import { countsAt, inSlices, type Scenario } from './scenario.ts';
import type { Feed, Labels } from './source.ts';

export interface Sample {
  readonly labels: string;
  readonly value: number;
}

/** By how much a count that is estimated from scraped counters may be off. */
const tolerance = 0.1;

/** One budget of an objective: the values of its `by`, and how many sources it counts. */
interface Budget {
  readonly slo: Slo;
  readonly labels: Labels;
  readonly told: number;
  readonly healthy: number;
}

/** The alerts that must fire at each time of the scenario; a time at which that hangs on an estimate is left out. */
export function expected(
  feed: Feed,
  scenario: Scenario,
): readonly { time: number; samples: readonly Sample[] }[] {
  const budgets = feed.slos.flatMap((slo) => budgetsOf(feed, slo));
  const tiersAt = judging(scenario);
  return scenario.times.flatMap((time) => {
    const all = budgets.map((budget) => ({ budget, tiers: tiersAt(budget, time) }));
    if (all.some(({ tiers }) => tiers === undefined)) return [];
    return {
      time,
      samples: all.flatMap(({ budget, tiers = [] }) => tiers.map((tier) => sampleOf(budget, tier))),
    };
  });
}

/** The tiers of a budget that fire; undefined where an estimate decides. Budgets of the same numbers are judged once. */
function judging(scenario: Scenario) {
  const slices = inSlices(scenario);
  const known = new Map<string, readonly Tier[] | undefined>();
  return (budget: Budget, time: number): readonly Tier[] | undefined => {
    const { slo, told, healthy } = budget;
    const ofTime = countsTime(slo.sli);
    const key = [time, told, healthy, slo.objective.ratio, slo.alerts, ofTime, missingIsBad(slo)].join();
    if (known.has(key)) return known.get(key);
    const at = (off: number) => firing(budget, ofTime ? slices : scenario, time, off);
    const [fewer, tiers, more] = [at(1 - tolerance), at(1), at(1 + tolerance)];
    const isClear = fewer.length === more.length && fewer.every((tier, n) => tier === more[n]);
    known.set(key, isClear ? tiers : undefined);
    return known.get(key);
  };
}

/** `off` is by what bad events are miscounted. */
function firing(
  { slo, ...sources }: Budget,
  { stretches }: Scenario,
  time: number,
  off: number,
): readonly Tier[] {
  const names = Object.keys(windows) as WindowName[];
  const counts = names.map((name) => {
    const exact = countsAt(stretches, time, name, sources, missingIsBad(slo));
    return [name, { ...exact, bad: Math.min(exact.bad * off, exact.total) }] as const;
  });
  return evaluateBurn(errorBudget(slo.objective), Object.fromEntries(counts))
    .filter(({ tier, verdict }) => verdict === 'firing' && [tier.severity, 'page'].includes(slo.alerts))
    .map(({ tier }) => tier);
}

function missingIsBad({ sli }: Slo): boolean {
  return 'missing' in sli && sli.missing === 'bad';
}

function budgetsOf({ sources }: Feed, slo: Slo): readonly Budget[] {
  const budgets = new Map<string, Budget>();
  for (const source of sources.filter((one) => covers(slo, one))) {
    const labels = Object.fromEntries(slo.by.map((name) => [name, source.labels[name] ?? '']));
    const key = JSON.stringify(labels);
    const { told, healthy } = budgets.get(key) ?? { told: 0, healthy: 0 };
    const counted = source.healthy ? { told, healthy: healthy + 1 } : { told: told + 1, healthy };
    budgets.set(key, { slo, labels, ...counted });
  }
  return [...budgets.values()];
}

function sampleOf({ slo, labels }: Budget, { id, severity }: Tier): Sample {
  const own = { [ruleLabel.tier]: id, [ruleLabel.severity]: severity, [ruleLabel.slo]: slo.id };
  const pairs = Object.entries({ ...own, ...labels }).map(([name, value]) => `${name}=${quote(value)}`);
  return { labels: matchers(...pairs), value: 1 };
}
