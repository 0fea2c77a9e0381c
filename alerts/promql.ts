import {
  bucketMatcher,
  label,
  quote,
  type Route,
  ruleLabel,
  type Service,
  type Slo,
  serviceMetric,
  suffix,
} from '../slo/index.ts';

/** Joins matchers into `{a="b",…}`. */
export function matchers(...parts: readonly string[]): string {
  return `{${parts.join(',')}}`;
}

/** Matchers of the requests an objective speaks of. `job` selects the service, on all of its instances. */
function requestMatchers(service: Service, route: Route | undefined): string[] {
  const parts = [`${label.job}=${quote(service.name)}`];
  if (route) parts.push(`${label.route}=${quote(route.path)}`);
  if (route?.method) parts.push(`${label.method}=${quote(route.method)}`);
  return parts;
}

/** The counter of an objective's requests, narrowed by further matchers. */
export function requestCount(service: Service, slo: Slo, ...more: readonly string[]): string {
  const name = `${serviceMetric.requestDuration}${suffix.count}`;
  return `${name}${matchers(...requestMatchers(service, slo.route), ...more)}`;
}

/** The counter of an objective's requests that were answered within `thresholdSeconds`. */
export function requestBucket(service: Service, slo: Slo, thresholdSeconds: number): string {
  const name = `${serviceMetric.requestDuration}${suffix.bucket}`;
  return `${name}${matchers(...requestMatchers(service, slo.route), bucketMatcher(thresholdSeconds))}`;
}

/** Labels of every recorded series of an objective; equal on bad and total, so that the two join. */
export function sloLabels(service: Service, slo: Slo): Record<string, string> {
  return {
    [ruleLabel.service]: service.name,
    [ruleLabel.slo]: slo.id,
    [ruleLabel.sli]: slo.sli.kind,
    ...(slo.route ? { [ruleLabel.route]: slo.route.path } : {}),
    ...(slo.route?.method ? { [ruleLabel.method]: slo.route.method } : {}),
  };
}
