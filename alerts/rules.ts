/**
 * Slo -> Prometheus rules. Per objective only the counters are read, over 5m, 30m and 1h; every longer window
 * sums recorded increases, for all objectives of the service in one rule. Bad and total are summed apart and
 * divided last: a mean of ratios would weigh a quiet night like a busy day.
 */
import {
  badEvents,
  cadences,
  decimal,
  errorBudget,
  promDuration,
  quote,
  rule,
  ruleLabel,
  type Service,
  type Slo,
  type Tier,
  totalEvents,
  type WindowName,
  wilsonZ,
  windows,
  windowText,
} from '../slo/index.ts';
import { burnAlert } from './burn-alert.ts';
import { monthRules } from './month.ts';
import { badSeries, budgetOf, knownTo, serviceSelector, sloLabels, totalSeries } from './promql.ts';
import { countsOf } from './sli/table.ts';
import type { RuleTarget } from './targets.ts';

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface AlertingRule {
  readonly alert: string;
  readonly expr: string;
  /** How long the condition holds before somebody is called; at once when absent. */
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly (RecordingRule | AlertingRule)[];
}

/** The rule groups of a service, in the order in which their rules read each other. Empty without objectives. */
export function ruleGroups(service: Service, target: RuleTarget): readonly RuleGroup[] {
  if (service.slos.length === 0) return [];
  return cadences.map(({ name, seconds, windows: recorded, tiers: own }, index) => {
    const rules = [
      ...(index === 0 ? service.slos.flatMap((slo) => objectiveRules(service, slo)) : []),
      ...recorded.flatMap((window) => windowRules(service, window, target)),
      ...(index === cadences.length - 1 ? budgetRules(service) : []),
      ...evidenceRules(service, own),
      ...own.flatMap((tier) => burnAlert(service, tier) ?? []),
    ];
    return { name: `slo-${service.name}-${name}`, interval: promDuration(seconds), rules };
  });
}

/** Constants as series: alerts join them, so a removed or renamed objective ends with its constant. */
function objectiveRules(service: Service, slo: Slo): RecordingRule[] {
  const labels = { ...sloLabels(service, slo), [ruleLabel.owner]: slo.owner ?? service.owner };
  return [
    { record: rule.objective, expr: `vector(${decimal(slo.objective.ratio)})`, labels },
    { record: rule.errorBudget, expr: `vector(${decimal(errorBudget(slo.objective))})`, labels },
  ];
}

function windowRules(service: Service, window: WindowName, target: RuleTarget): RecordingRule[] {
  const shape: { readonly seconds: number; readonly tile?: WindowName } = windows[window];
  if (shape.tile) return sumRules(service, window, shape.tile, []);
  return service.slos.flatMap((slo) => counterRules(service, slo, window, target));
}

/** Total and bad events of one objective over a short window, from the counters. */
function counterRules(service: Service, slo: Slo, window: WindowName, target: RuleTarget): RecordingRule[] {
  const labels = sloLabels(service, slo);
  const total = totalEvents(window);
  const own = `${total}${serviceSelector(service, `${ruleLabel.slo}=${quote(slo.id)}`)}`;
  const counts = countsOf({ service, slo, sli: slo.sli, window, target, total: own });
  return [
    { record: total, expr: counts.total, labels },
    { record: badEvents(window), expr: counts.bad, labels },
  ];
}

/**
 * Total and bad events of all objectives over a long window. A subquery keeps the steps of the tile, which are
 * full hours for the longest windows: until the first of them, the sum over 2h is all there is.
 */
function sumRules(
  service: Service,
  window: string,
  tile: WindowName,
  more: readonly string[],
): RecordingRule[] {
  const selector = serviceSelector(service, ...more);
  const known = knownTo(service, ...more);
  const sum = (tiles: string, soFar: string) => {
    const all = `sum_over_time(${tiles}${selector}[${window}:${tile}])`;
    return tile === '1h' ? `(${all} or ${soFar}${selector})\nand ${known}` : `${all}\nand ${known}`;
  };
  return [
    { record: `${rule.totalSumPrefix}${window}`, expr: sum(totalEvents(tile), totalEvents('2h')) },
    { record: `${rule.badSumPrefix}${window}`, expr: sum(badEvents(tile), badEvents('2h')) },
  ];
}

/** Tiles of the bad count present / tiles due, over a long window. */
function coverageRule(
  service: Service,
  window: string,
  seconds: number,
  tile: WindowName,
  more: readonly string[],
) {
  const selector = serviceSelector(service, ...more);
  const due = Math.round(seconds / windows[tile].seconds);
  const present = `count_over_time(${rule.badIncreasePrefix}${tile}${selector}[${window}:${tile}])`;
  return {
    record: `${rule.coveragePrefix}${window}`,
    expr: `clamp_max(${present} / ${due}, 1)\nand ${knownTo(service, ...more)}`,
  };
}

/** Error budget left over each objective's own window; 1 where no event came. */
function budgetRules(service: Service): RecordingRule[] {
  const all = [...new Set(service.slos.map((slo) => windowText(slo.objective.window)))].sort(byLength);
  return all.flatMap((window) => {
    const members = service.slos.filter((slo) => windowText(slo.objective.window) === window);
    const more = all.length === 1 ? [] : [sloMatcher(members)];
    if (window === 'month') return monthRules(service, more);
    const selector = serviceSelector(service, ...more);
    const bad = `${rule.badSumPrefix}${window}${selector}`;
    const total = `${rule.totalSumPrefix}${window}${selector}`;
    const days = Number.parseInt(window, 10);
    // A window of some tier has its sums and its coverage already.
    const sums = Object.hasOwn(windows, window)
      ? []
      : [...sumRules(service, window, '1h', more), coverageRule(service, window, days * 86_400, '1h', more)];
    return [
      ...sums,
      {
        record: rule.budgetLeft,
        expr: `1 - ${bad} / (${total} > 0) / ${budgetOf(service, more)}\nor\n1 + 0 * ${total}`,
        labels: { [ruleLabel.window]: window },
      },
    ];
  });
}

function byLength(a: string, b: string): number {
  return (Number.parseInt(a, 10) || 100) - (Number.parseInt(b, 10) || 100);
}

function sloMatcher(slos: readonly Slo[]): string {
  return `${ruleLabel.slo}=~${quote(slos.map((slo) => slo.id).join('|'))}`;
}

/** Coverage and Wilson bounds that the tiers of a group compare with. */
function evidenceRules(service: Service, own: readonly Tier[]): RecordingRule[] {
  const unique = (names: readonly WindowName[]) => [...new Set(names)];
  const coverage = unique(own.filter((tier) => tier.minCoverage > 0).map((tier) => tier.longWindow));
  const bounds = unique(own.filter((tier) => tier.wilson).map((tier) => tier.longWindow));
  return [
    ...coverage.map((window) => {
      const shape: { readonly seconds: number; readonly tile?: WindowName } = windows[window];
      return coverageRule(service, window, shape.seconds, shape.tile ?? '5m', []);
    }),
    ...bounds.map((window) => wilsonRule(service, window)),
  ];
}

/** The rule form of `wilsonLower`. */
function wilsonRule(service: Service, window: WindowName): RecordingRule {
  const [bad, total] = [badSeries(service, window), totalSeries(service, window)];
  const z2 = wilsonZ * wilsonZ;
  const spread = `sqrt(${bad} * clamp_min(${total} - ${bad}, 0) / (${total} > 0) + ${decimal(z2 / 4)})`;
  return {
    record: `${rule.wilsonLowerPrefix}${window}`,
    expr: `(\n  ${bad} + ${decimal(z2 / 2)}\n  - ${decimal(wilsonZ)} * ${spread}\n)\n/ (${total} + ${decimal(z2)})`,
  };
}
