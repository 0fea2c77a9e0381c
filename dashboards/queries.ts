import { label, quote, type Route, type Service } from '../slo/index.ts';
import type { ChartSpec, Query, Unit } from './model.ts';

/** The range of every rate: Grafana widens it with the time range, never below four scrapes. */
export const interval = '[$__rate_interval]';

/** The variable that narrows the golden signals to some routes. */
export const routeVariable = 'route';

/** A selector of one service's series, narrowed by further matchers. */
export function select(metric: string, service: Service, ...more: readonly string[]): string {
  return `${metric}{${[`${label.job}=${quote(service.job ?? service.name)}`, ...more].join(',')}}`;
}

/** Matchers of one route's requests; without a method, of all that arrive there. */
export function ofRoute({ method, path }: Route): string[] {
  return [`${label.route}=${quote(path)}`, ...(method ? [`${label.method}=${quote(method)}`] : [])];
}

/** A line chart from 0 up, three to a row. */
export function line(title: string, unit: Unit, description: string, queries: readonly Query[]): ChartSpec {
  return { kind: 'timeseries', title, unit, description, queries, width: 8, height: 8, min: 0 };
}
