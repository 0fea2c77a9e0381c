/**
 * Slo -> Prometheus rules. Per objective only the counters are read, over 5m, 30m and 1h; every longer window
 * sums recorded increases, for all objectives of the service in one rule. Bad and total are summed apart and
 * divided last: a mean of ratios would weigh a quiet night like a busy day.
 */
import {
  badEvents,
  decimal,
  errorBudget,
  label,
  quote,
  rule,
  ruleLabel,
  type Service,
  type Slo,
  type Tier,
  tiers,
  totalEvents,
  type WindowName,
  wilsonZ,
  windows,
} from '../slo/index.ts';
import { matchers, requestBucket, requestCount, sloLabels } from './promql.ts';

interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface AlertingRule {
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

/**
 * The longest scrape interval the rules are exact for. A range one scrape longer than the window holds one
 * sample more, so that consecutive windows share their border and no event falls between them. Shorter
 * intervals stay unbiased.
 */
const scrapeSeconds = 30;

/**
 * Which windows and tiers are evaluated how often: a fast page needs fresh counters, a ticket does not.
 * No interval exceeds 5m, the lookback of instant selectors, or recorded series would vanish between
 * evaluations.
 */
const cadences: readonly { name: string; interval: string; windows: readonly WindowName[] }[] = [
  { name: 'fast', interval: '30s', windows: ['5m', '1h'] },
  { name: 'medium', interval: '1m', windows: ['30m', '6h'] },
  { name: 'slow', interval: '5m', windows: ['2h', '1d', '3d'] },
];

/** The rule groups of a service, in the order in which their rules read each other. Empty without objectives. */
export function ruleGroups(service: Service): readonly RuleGroup[] {
  if (service.slos.length === 0) return [];
  return cadences.map((cadence, index) => {
    const here = new Set(cadences.slice(0, index + 1).flatMap((c) => c.windows));
    const before = new Set(cadences.slice(0, index).flatMap((c) => c.windows));
    const ready = (known: ReadonlySet<WindowName>) => (tier: Tier) =>
      known.has(tier.longWindow) && known.has(tier.shortWindow);
    const own = tiers.filter((tier) => ready(here)(tier) && !ready(before)(tier));
    const rules = [
      ...(index === 0 ? service.slos.flatMap((slo) => objectiveRules(service, slo)) : []),
      ...cadence.windows.flatMap((window) => windowRules(service, window)),
      ...(index === cadences.length - 1 ? budgetRules(service) : []),
      ...evidenceRules(service, own),
      ...own.map((tier) => alertRule(service, tier)),
    ];
    return { name: `slo-${service.name}-${cadence.name}`, interval: cadence.interval, rules };
  });
}

/** Constants as series: alerts join them, so a removed or renamed objective ends with its constant. */
function objectiveRules(service: Service, slo: Slo): RecordingRule[] {
  const labels = sloLabels(service, slo);
  return [
    { record: rule.objective, expr: `vector(${decimal(slo.objective.ratio)})`, labels },
    { record: rule.errorBudget, expr: `vector(${decimal(errorBudget(slo.objective))})`, labels },
  ];
}

function windowRules(service: Service, window: WindowName): RecordingRule[] {
  const shape: { readonly seconds: number; readonly tile?: WindowName } = windows[window];
  if (shape.tile) return sumRules(service, window, shape.tile, []);
  return service.slos.flatMap((slo) => counterRules(service, slo, window));
}

/** Total and bad events of one objective over a short window, from the counters. */
function counterRules(service: Service, slo: Slo, window: WindowName): RecordingRule[] {
  const { seconds } = windows[window];
  const increase = (counter: string) => `${seconds} * sum(rate(${counter}[${window}${scrapeSeconds}s]))`;
  const labels = sloLabels(service, slo);
  const [total, bad] = [totalEvents(window), badEvents(window)];
  const own = serviceSelector(service, `${ruleLabel.slo}=${quote(slo.id)}`);
  const all = increase(requestCount(service, slo));
  if (slo.sli.kind === 'availability') {
    // Without any 5xx series there are 0 bad events. `on ()` joins the label-less sum with the labelled total.
    const failed = increase(requestCount(service, slo, `${label.statusCode}=~"5.."`));
    return [
      { record: total, expr: all, labels },
      { record: bad, expr: `${failed}\nor on ()\n0 * ${total}${own}`, labels },
    ];
  }
  // A missing bucket is a missing measurement, not a perfect one: total ends with it, and coverage tells.
  const good = increase(requestBucket(service, slo, slo.sli.thresholdSeconds));
  return [
    { record: total, expr: `${all}\nand on ()\n${good}`, labels },
    { record: bad, expr: `clamp_min(\n  ${total}${own}\n  - on ()\n  ${good},\n  0\n)`, labels },
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
  const known = `${rule.errorBudget}${selector}`;
  const sum = (tiles: string, soFar: string) => {
    const all = `sum_over_time(${tiles}${selector}[${window}:${tile}])`;
    return tile === '1h' ? `(${all} or ${soFar}${selector})\nand\n${known}` : `${all}\nand\n${known}`;
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
    expr: `clamp_max(${present} / ${due}, 1)\nand\n${rule.errorBudget}${selector}`,
  };
}

/** Error budget left over each objective's own window; 1 where no request came. */
function budgetRules(service: Service): RecordingRule[] {
  const days = [...new Set(service.slos.map((slo) => slo.objective.windowDays))].sort((a, b) => a - b);
  return days.flatMap((day) => {
    const window = `${day}d`;
    const members = service.slos.filter((slo) => slo.objective.windowDays === day).map((slo) => slo.id);
    const more = days.length === 1 ? [] : [`${ruleLabel.slo}=~${quote(members.join('|'))}`];
    const selector = serviceSelector(service, ...more);
    const bad = `${rule.badSumPrefix}${window}${selector}`;
    const total = `${rule.totalSumPrefix}${window}${selector}`;
    // A window of some tier has its sums and its coverage already.
    const sums = Object.hasOwn(windows, window)
      ? []
      : [...sumRules(service, window, '1h', more), coverageRule(service, window, day * 86_400, '1h', more)];
    return [
      ...sums,
      {
        record: rule.budgetLeft,
        expr: `1 - ${bad} / (${total} > 0) / ${rule.errorBudget}${selector}\nor\n1 + 0 * ${total}`,
        labels: { [ruleLabel.window]: window },
      },
    ];
  });
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

function badSeries(service: Service, window: WindowName): string {
  return `${badEvents(window)}${serviceSelector(service)}`;
}

function totalSeries(service: Service, window: WindowName): string {
  return `${totalEvents(window)}${serviceSelector(service)}`;
}

/** Selects recorded series; not those of the service's own metrics, which carry `job`. */
function serviceSelector(service: Service, ...more: readonly string[]): string {
  return matchers(`${ruleLabel.service}=${quote(service.name)}`, ...more);
}

/** One tier for all objectives of the service; the alert's value is the burn rate of the long window. */
function alertRule(service: Service, tier: Tier): AlertingRule {
  const selector = serviceSelector(service);
  const [long, short] = [tier.longWindow, tier.shortWindow];
  const ratio = (window: WindowName) =>
    `${badSeries(service, window)} / (${totalSeries(service, window)} > 0)`;
  const longRatio = tier.wilson ? `${rule.wilsonLowerPrefix}${long}${selector}` : ratio(long);
  const burning = (value: string) => `${value} / ${rule.errorBudget}${selector} > ${decimal(tier.factor)}`;
  const conditions = [
    burning(longRatio),
    burning(ratio(short)),
    `round(${badSeries(service, long)}) >= ${tier.minBadLong}`,
    `round(${badSeries(service, short)}) >= ${tier.minBadShort}`,
    ...(tier.minShortRatio > 0 ? [`${ratio(short)} >= ${decimal(tier.minShortRatio)}`] : []),
    ...(tier.minCoverage > 0
      ? [`${rule.coveragePrefix}${long}${selector} >= ${decimal(tier.minCoverage)}`]
      : []),
  ];
  return {
    alert: rule.alertName,
    expr: conditions.join('\nand\n'),
    labels: {
      [ruleLabel.tier]: tier.id,
      [ruleLabel.severity]: tier.severity,
      [ruleLabel.owner]: literal(service.owner),
    },
    annotations: {
      summary:
        '{{ $labels.service }}{{ with $labels.method }} {{ . }}{{ end }}{{ with $labels.route }} {{ . }}{{ end }}: ' +
        'the error budget of {{ $labels.slo }} burns {{ $value | printf "%.1f" }} times as fast as it may',
      description: `Bad events in the last ${long} and still in the last ${short}; the limit is ${decimal(tier.factor)} times.`,
      runbook_url: literal(service.runbook),
    },
  };
}

/** Text that the alert's template engine shall print as it is. */
function literal(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}
