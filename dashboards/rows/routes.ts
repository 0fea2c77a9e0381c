import {
  bucketMatcher,
  label,
  type Route,
  routeText,
  type Service,
  type Slo,
  serviceMetric,
  suffix,
} from '../../slo/index.ts';
import { tracesLink } from '../links.ts';
import type { ChartSpec, RowSpec } from '../model.ts';
import { interval, line, ofRoute, select } from '../queries.ts';

/** Where the ids of these rows begin, and how many each has for itself and its panels. */
const firstId = 10_000;
const idsPerRow = 10;
/** Keeps ids below 2^31. */
const idSlots = 200_000_000;

/** A collapsed row for each route that has an objective, in the order of slo.json. */
export function routes(service: Service): RowSpec[] {
  const taken = new Set<number>();
  return [...byRoute(service.slos)].map(([name, slos]) => {
    let slot = hash(name) % idSlots;
    while (taken.has(slot)) slot += 1;
    taken.add(slot);
    return routeRow(service, name, slos, firstId + slot * idsPerRow);
  });
}

/** Objectives by what their route is called: `GET /orders/{id}`. */
function byRoute(slos: readonly Slo[]): ReadonlyMap<string, readonly Slo[]> {
  const found = new Map<string, Slo[]>();
  for (const slo of slos) {
    // One that several routes share is no row of a route.
    if (slo.routes.length !== 1) continue;
    const name = routeText(slo.routes[0]!);
    found.set(name, [...(found.get(name) ?? []), slo]);
  }
  return found;
}

function routeRow(service: Service, name: string, slos: readonly Slo[], id: number): RowSpec {
  const route = slos[0]!.routes[0]!;
  const requests = (...more: string[]) =>
    select(`${serviceMetric.requestDuration}${suffix.count}`, service, ...ofRoute(route), ...more);
  const by = (what: string, ...more: string[]) => `sum by (${what}) (rate(${requests(...more)}${interval}))`;
  return {
    id,
    title: name,
    collapsed: true,
    panels: [
      line(`${name}: traffic by code`, 'reqps', 'Requests per second by answer, all instances together.', [
        { expr: by(label.statusCode), legend: `{{${label.statusCode}}}` },
      ]),
      line(`${name}: errors by kind`, 'reqps', 'Requests per second that failed, or whose client left.', [
        { expr: by(label.errorType, `${label.errorType}!=""`), legend: `{{${label.errorType}}}` },
      ]),
      ...latency(service, name, route, slos),
    ].map((panel) => ({ ...panel, width: 12, links: [tracesLink(service, route.path)] })),
  };
}

function latency(service: Service, name: string, route: Route, slos: readonly Slo[]): ChartSpec[] {
  const buckets = (...more: string[]) =>
    `rate(${select(`${serviceMetric.requestDuration}${suffix.bucket}`, service, ...ofRoute(route), ...more)}${interval})`;
  const count = select(`${serviceMetric.requestDuration}${suffix.count}`, service, ...ofRoute(route));
  const promised = slos.flatMap(({ sli, objective }) =>
    sli.kind === 'latency' ? [{ threshold: sli.thresholdSeconds, ratio: objective.ratio }] : [],
  );
  const [first] = promised;
  const quantile = (q: number) => `histogram_quantile(${q}, sum by (${label.bucketBound}) (${buckets()}))`;
  const times = line(
    `${name}: latency`,
    's',
    `Half and 99 % of the requests were answered within this time. ${first ? `The dashed line is the objective's threshold, ${duration(first.threshold)}. ` : ''}Points are exemplars: each leads to its trace.`,
    [
      { expr: quantile(0.5), legend: 'p50' },
      { expr: quantile(0.99), legend: 'p99', exemplars: true },
    ],
  );
  if (!first) return [times];
  const share = line(
    `${name}: share within threshold`,
    'percentunit',
    'Share of the requests answered in time, counted and not estimated. The dashed line is the objective.',
    promised.map(({ threshold }) => ({
      expr: `sum(${buckets(bucketMatcher(threshold))}) / (sum(rate(${count}${interval})) > 0)`,
      legend: `within ${duration(threshold)}`,
    })),
  );
  return [
    { ...times, limit: { value: first.threshold, worse: 'above' } },
    { ...share, max: 1, limit: { value: first.ratio, worse: 'below' } },
  ];
}

function duration(seconds: number): string {
  return seconds < 1 ? `${Number((seconds * 1_000).toPrecision(6))} ms` : `${seconds} s`;
}

/** 32-bit FNV-1a: the same number for the same name, wherever it stands. Source: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}
