import {
  decimal,
  maySend,
  quote,
  rule,
  ruleLabel,
  type Service,
  type Tier,
  type WindowName,
} from '../slo/index.ts';
import { dashboardPath } from './links.ts';
import { badSeries, budgetOf, literal, serviceSelector, totalSeries } from './promql.ts';
import type { AlertingRule } from './rules.ts';

/**
 * One tier for all objectives of the service that may send it; the alert's value is the burn rate of the long window.
 * Undefined when none may.
 */
export function burnAlert(service: Service, tier: Tier): AlertingRule | undefined {
  const silent = service.slos.filter((slo) => !maySend(slo, tier.severity));
  if (silent.length === service.slos.length) return undefined;
  const not =
    silent.length === 0 ? [] : [`${ruleLabel.slo}!~${quote(silent.map((slo) => slo.id).join('|'))}`];
  const [long, short] = [tier.longWindow, tier.shortWindow];
  const ratio = (window: WindowName) =>
    `${badSeries(service, window, ...not)} / (${totalSeries(service, window)} > 0)`;
  const longRatio = tier.wilson
    ? `${rule.wilsonLowerPrefix}${long}${serviceSelector(service, ...not)}`
    : ratio(long);
  const burning = (value: string, take: readonly string[]) =>
    `${value} / ${budgetOf(service, [], take)} > ${decimal(tier.factor)}`;
  const coverage = `${rule.coveragePrefix}${long}${serviceSelector(service)}`;
  const conditions = [
    `round(${badSeries(service, long, ...not)}) >= ${tier.minBadLong}`,
    `round(${badSeries(service, short)}) >= ${tier.minBadShort}`,
    burning(ratio(short), []),
    ...(tier.minShortRatio > 0 ? [`${ratio(short)} >= ${decimal(tier.minShortRatio)}`] : []),
    ...(tier.minCoverage > 0 ? [`${coverage} >= ${decimal(tier.minCoverage)}`] : []),
  ];
  // The first side of the join gives value and labels: the burn rate, and who answers for the objective.
  const value = burning(longRatio, [ruleLabel.owner]);
  const same = `and ignoring (${ruleLabel.owner})`;
  return {
    alert: rule.alertName,
    expr: [value, ...conditions].join(`\n${same}\n`),
    labels: { [ruleLabel.tier]: tier.id, [ruleLabel.severity]: tier.severity },
    annotations: {
      summary: `${subject(service)}: the error budget of {{ $labels.slo }} burns {{ $value | printf "%.1f" }} times as fast as it may`,
      description: `Bad events in the last ${long} and still in the last ${short}; the limit is ${decimal(tier.factor)} times.`,
      runbook_url: runbookOf(service),
      ...(service.grafana === undefined ? {} : { dashboard_url: dashboardUrl(service) }),
    },
  };
}

/** What burns: the route, and the values of the labels that have a budget of their own. */
function subject(service: Service): string {
  const by = [...new Set(service.slos.flatMap((slo) => slo.by))].sort();
  const values = by.map((label) => `{{ with $labels.${label} }} ${label}={{ . }}{{ end }}`);
  const route = '{{ with $labels.method }} {{ . }}{{ end }}{{ with $labels.route }} {{ . }}{{ end }}';
  return `{{ $labels.service }}${route}${values.join('')}`;
}

/** The service's runbook, or that of the objective where it has its own. */
function runbookOf(service: Service): string {
  const own = service.slos.filter((slo) => slo.runbook !== undefined && slo.runbook !== service.runbook);
  if (own.length === 0) return literal(service.runbook);
  const cases = own.map(
    (slo, n) =>
      `{{ ${n === 0 ? 'if' : 'else if'} eq $labels.${ruleLabel.slo} "${slo.id}" }}${literal(slo.runbook!)}`,
  );
  return `${cases.join('')}{{ else }}${literal(service.runbook)}{{ end }}`;
}

function dashboardUrl(service: Service): string {
  return `${literal(service.grafana!)}${dashboardPath(service)}?var-slo={{ $labels.${ruleLabel.slo} | urlquery }}`;
}
