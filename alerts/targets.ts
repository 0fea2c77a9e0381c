/**
 * What the rules are made for. All of them read the same recorded series; they differ in how the increase of a counter over
 * exactly one window is asked for, and in how many rules a group may have.
 */
import { decimal, type Service, type WindowName, windows } from '../slo/index.ts';

export interface RuleTarget {
  readonly is: string;
  /** Increase of counters over a window: `sum` wraps the rates or increases of all their selectors. */
  readonly increase: 'widened' | 'anchored' | 'exact';
  /** It has no native histograms. */
  readonly classicOnly?: true;
  /** Rules that a group may have. */
  readonly maxRules?: number;
  /** Further keys of every group. */
  readonly group?: Readonly<Record<string, string>>;
}

export type RuleTargetName = 'prometheus' | 'prometheus-anchored' | 'thanos' | 'mimir' | 'victoriametrics';

export const ruleTargets: Readonly<Record<RuleTargetName, RuleTarget>> = {
  prometheus: { is: 'Prometheus 2.42 and newer', increase: 'widened' },
  'prometheus-anchored': {
    is: 'Prometheus 3 with --enable-feature=promql-extended-range-selectors',
    increase: 'anchored',
  },
  thanos: {
    is: 'Thanos Ruler',
    increase: 'widened',
    // A store that does not answer would look like a quiet hour.
    group: { partial_response_strategy: 'abort' },
  },
  // Source: ruler_max_rules_per_rule_group of Mimir, 20 by default. It is even: an objective's total and bad events come as two
  // rules side by side, the second reads the first, and both must be of one group.
  mimir: { is: 'the ruler of Mimir', increase: 'widened', maxRules: 20 },
  // MetricsQL takes the sample before the window into account and does not extrapolate.
  victoriametrics: { is: 'vmalert on VictoriaMetrics', increase: 'exact', classicOnly: true },
};

/**
 * The longest scrape interval the rules are exact for. A range one scrape longer than the window holds one
 * sample more, so that consecutive windows share their border and no event falls between them. Shorter
 * intervals stay unbiased.
 */
const scrapeSeconds = 30;

/** Events of the counters `selectors` over `window`, as `sum by (by)`; series of several selectors are united. */
export function increaseOf(
  selectors: readonly string[],
  by: readonly string[],
  window: WindowName,
  { increase }: RuleTarget,
): string {
  const each = selectors.map((selector) => {
    if (increase === 'widened') return `rate(${selector}[${widened(window)}])`;
    return `increase(${selector}[${window}]${increase === 'anchored' ? ' anchored' : ''})`;
  });
  const sum = `sum${grouping(by)}(${each.join(' or ')})`;
  return increase === 'widened' ? `${windows[window].seconds} * ${sum}` : sum;
}

/** Events by an expression with a placeholder for its range. */
export function eventsOf(
  { text, per }: { readonly text: string; readonly per: 'second' | 'window' },
  by: readonly string[],
  window: WindowName,
  placeholder: string,
  { increase }: RuleTarget,
): string {
  const { seconds } = windows[window];
  const range = increase === 'exact' ? window : widened(window);
  const sum = `sum${grouping(by)}(${text.replaceAll(placeholder, range)})`;
  if (per === 'second') return `${seconds} * ${sum}`;
  return increase === 'exact' ? sum : `${decimal(seconds / (seconds + scrapeSeconds))} * ${sum}`;
}

/** ` by (region) `, or nothing. */
export function grouping(by: readonly string[]): string {
  return by.length === 0 ? '' : ` by (${by.join(', ')}) `;
}

/** The range that `window` is read over from counters. */
export function widened(window: WindowName): string {
  return `${window}${scrapeSeconds}s`;
}

/** Why the objectives of a service cannot be evaluated by a target, as a sentence; undefined where they can. */
export function targetProblem({ slos }: Pick<Service, 'slos'>, target: RuleTarget): string | undefined {
  if (!target.classicOnly) return undefined;
  const native = slos.filter(({ sli }) => sli.kind === 'latency' && sli.histogram === 'native');
  if (native.length === 0) return undefined;
  const ids = native.map(({ id }) => id).join(', ');
  return `${target.is} has no native histograms, and ${ids} would count nothing: leave out "histogram", and keep a bucket at the threshold.`;
}
