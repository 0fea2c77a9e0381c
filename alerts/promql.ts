import {
  badEvents,
  label,
  quote,
  routeText,
  rule,
  ruleLabel,
  type Service,
  type Slo,
  totalEvents,
  type WindowName,
} from '../slo/index.ts';

/** Joins matchers into `{a="b",…}`. */
export function matchers(...parts: readonly string[]): string {
  return `{${parts.join(',')}}`;
}

/** Selects recorded series; not those of the service's own metrics, which carry `job`. */
export function serviceSelector(service: Service, ...more: readonly string[]): string {
  return matchers(`${ruleLabel.service}=${quote(service.name)}`, ...more);
}

/** Selects the service's own series, on all of its instances. */
export function jobSelector(service: Service, ...more: readonly string[]): string {
  return matchers(`${label.job}=${quote(service.job ?? service.name)}`, ...more);
}

export function badSeries(service: Service, window: WindowName, ...more: readonly string[]): string {
  return `${badEvents(window)}${serviceSelector(service, ...more)}`;
}

export function totalSeries(service: Service, window: WindowName, ...more: readonly string[]): string {
  return `${totalEvents(window)}${serviceSelector(service, ...more)}`;
}

/** What the constants of an objective are joined by: series by further labels have them in common. */
const objectiveLabels = `on (${ruleLabel.service}, ${ruleLabel.slo})`;

/** The right side of `and`: only objectives that still exist. */
export function knownTo(service: Service, ...more: readonly string[]): string {
  return `${objectiveLabels}\n${rule.errorBudget}${serviceSelector(service, ...more)}`;
}

/** The right side of `/`: each objective's error budget; `take` names labels of the budget that the result has too. */
export function budgetOf(
  service: Service,
  more: readonly string[] = [],
  take: readonly string[] = [],
): string {
  const budget = `${rule.errorBudget}${serviceSelector(service, ...more)}`;
  return `${objectiveLabels} group_left (${take.join(', ')}) ${budget}`;
}

/** Labels of every recorded series of an objective; equal on bad and total, so that the two join. */
export function sloLabels(service: Service, slo: Slo): Record<string, string> {
  const [route, ...others] = slo.routes;
  return {
    [ruleLabel.service]: service.name,
    [ruleLabel.slo]: slo.id,
    [ruleLabel.sli]: slo.sli.kind,
    ...(route ? { [ruleLabel.route]: [route, ...others].map(nameIn(others.length)).join(', ') } : {}),
    ...(route?.method && others.length === 0 ? { [ruleLabel.method]: route.method } : {}),
  };
}

/** A route alone is named by its path, its method is a label of its own; among others by both. */
function nameIn(others: number) {
  return (route: Slo['routes'][number]) => (others === 0 ? route.path : routeText(route));
}

/** Text that the alert's template engine shall print as it is. */
export function literal(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}');
}
