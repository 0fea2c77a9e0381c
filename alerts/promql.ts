import { label, type Route, ruleLabel, type Service, type Slo, serviceMetric, suffix } from '../slo/index.ts';

/** A PromQL string literal. Source: https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals */
export function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** A number without the noise of binary arithmetic: 0.30000000000000004 is printed as 0.3. */
export function number(value: number): string {
  return String(Number(value.toPrecision(12)));
}

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

/**
 * Matcher of the bucket that ends at the threshold. Whole seconds are `1` in the text format, and `1.0` in
 * OpenMetrics and in Prometheus 3; both are meant.
 */
function boundMatcher(thresholdSeconds: number): string {
  const bound = number(thresholdSeconds);
  const whole = Number.isInteger(thresholdSeconds);
  return whole ? `${label.bucketBound}=~"${bound}(\\\\.0)?"` : `${label.bucketBound}="${bound}"`;
}

/** The counter of an objective's requests, narrowed by further matchers. */
export function requestCount(service: Service, slo: Slo, ...more: readonly string[]): string {
  const name = `${serviceMetric.requestDuration}${suffix.count}`;
  return `${name}${matchers(...requestMatchers(service, slo.route), ...more)}`;
}

/** The counter of an objective's requests that were answered within `thresholdSeconds`. */
export function requestBucket(service: Service, slo: Slo, thresholdSeconds: number): string {
  const name = `${serviceMetric.requestDuration}${suffix.bucket}`;
  return `${name}${matchers(...requestMatchers(service, slo.route), boundMatcher(thresholdSeconds))}`;
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
