/**
 * Slo -> the series that it counts, as data: the rules write PromQL of them, and a replay picks the same series out of an
 * export or out of the collector's store.
 */
import { label, serviceMetric, suffix } from './conventions.ts';
import { groupedBy } from './grouped-by.ts';
import { bucketBounds, quote } from './promql.ts';
import type { Route, Service, Slo } from './slo.ts';

export interface Matcher {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** Series of one metric that match all matchers. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** Selectors of the requests that an objective speaks of; no series is in two of them. */
function requests(service: Service, slo: Slo, metric: string, more: readonly Matcher[] = []): Selector[] {
  const job: Matcher = { label: label.job, op: '=', value: service.job ?? service.name };
  if (slo.routes.length === 0) return [{ metric, matchers: [job, ...more] }];
  const byMethod = groupedBy(slo.routes, ({ method }) => method);
  return [...byMethod].map(([method, routes]) => ({
    metric,
    matchers: [
      job,
      oneOf(
        label.route,
        routes.map(({ path }: Route) => path),
      ),
      ...(method ? [{ label: label.method, op: '=', value: method } as const] : []),
      ...more,
    ],
  }));
}

/** The counters of an objective's requests, narrowed by further matchers. */
export function requestCounts(service: Service, slo: Slo, ...more: readonly Matcher[]): readonly Selector[] {
  return requests(service, slo, `${serviceMetric.requestDuration}${suffix.count}`, more);
}

/** The counters of an objective's requests that were answered within `thresholdSeconds`. */
export function requestBuckets(service: Service, slo: Slo, thresholdSeconds: number): readonly Selector[] {
  const metric = `${serviceMetric.requestDuration}${suffix.bucket}`;
  return requests(service, slo, metric, [oneOf(label.bucketBound, bucketBounds(thresholdSeconds))]);
}

/** The native histograms of an objective's requests. */
export function requestHistograms(service: Service, slo: Slo): readonly Selector[] {
  return requests(service, slo, serviceMetric.requestDuration);
}

/** Answers that failed: with a code of 500 or more. */
export const failedAnswers: Matcher = { label: label.statusCode, op: '=~', value: '5..' };

/** Answers with one of these values of `error_type`. */
export function withErrors(errorTypes: readonly string[]): Matcher {
  return oneOf(label.errorType, errorTypes);
}

/** Matches exactly these values. */
export function oneOf(name: string, values: readonly string[]): Matcher {
  if (values.length === 1) return { label: name, op: '=', value: values[0]! };
  return { label: name, op: '=~', value: values.map(escapeRegex).join('|') };
}

/** Escapes what RE2 would read as more than itself. */
function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** A selector in PromQL. */
export function selectorText({ metric, matchers }: Selector): string {
  return `${metric}{${matchers.map(({ label: name, op, value }) => `${name}${op}${quote(value)}`).join(',')}}`;
}

/**
 * A test of a selector's labels: what Prometheus matches, as a function. A label that is absent is empty; regular expressions
 * are anchored.
 */
export function matcherOf({ matchers }: Selector): (labels: Readonly<Record<string, string>>) => boolean {
  const tests = matchers.map(({ label: name, op, value }) => {
    const regex = op === '=~' || op === '!~' ? new RegExp(`^(?:${value})$`, 's') : undefined;
    const wanted = op === '=' || op === '=~';
    return (labels: Readonly<Record<string, string>>) => {
      const given = labels[name] ?? '';
      return (regex ? regex.test(given) : given === value) === wanted;
    };
  });
  return (labels) => tests.every((test) => test(labels));
}
