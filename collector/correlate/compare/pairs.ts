/** Routes of both sides, from scraped metrics or from stored spans. */
import type { SpanFilter, Store } from '../../storage/store.ts';
import { SPAN_KINDS } from '../../telemetry/model.ts';
import type { EvidenceDeps, Subject } from '../incident.ts';
import type { CompareQuestion, Side } from './comparison.ts';
import { readMetricTraffic } from './metric-traffic.ts';
import type { RouteTraffic } from './route-traffic.ts';
import { readSpanTraffic } from './span-traffic.ts';

/** Routes that get lines of their own: those with the most requests. */
const MAX_ROUTES = 30;
const SERVER = SPAN_KINDS.indexOf('server');

/** A route, on both sides where it is stored there; never metrics against spans. */
export interface RoutePair {
  service: string;
  method: string;
  route: string;
  a: RouteTraffic | undefined;
  b: RouteTraffic | undefined;
}

/** The filter of a side's requests. */
export function sideFilter(question: CompareQuestion, side: Side): SpanFilter {
  const { service, method, route } = question;
  return {
    ...side.range,
    kind: SERVER,
    ...(service === undefined ? {} : { service }),
    ...(method === undefined ? {} : { method }),
    ...(route === undefined ? {} : { route }),
    ...(side.conditions.length === 0 ? {} : { attributes: [...side.conditions] }),
  };
}

/** Routes of both sides from stored spans, most requests first. */
export async function readSpanPairs(
  question: CompareQuestion,
  store: Store,
  deps: EvidenceDeps,
): Promise<RoutePair[]> {
  const a = await readSpanTraffic(sideFilter(question, question.a), store, deps);
  const b = await readSpanTraffic(sideFilter(question, question.b), store, deps);
  return paired(a, b);
}

/**
 * Routes of both sides, most requests first: from metrics for services whose metrics tell both sides, because they count
 * every request; else those of `spans`.
 */
export async function readPairs(
  question: CompareQuestion,
  spans: readonly RoutePair[],
  store: Store,
  deps: EvidenceDeps,
): Promise<RoutePair[]> {
  const a = await readMetricTraffic(question, question.a, store, deps);
  const b = await readMetricTraffic(question, question.b, store, deps);
  const measured = new Set(
    a.filter(({ service }) => b.some((other) => other.service === service)).map(({ service }) => service),
  );
  const [metricA, metricB] = [a, b].map((side) => side.filter(({ service }) => measured.has(service)));
  const others = spans.filter(({ service }) => !measured.has(service));
  return [...paired(metricA!, metricB!), ...others].sort(byRequests);
}

/** The routes that are told one by one, and how many are not. */
export function routesOf(pairs: readonly RoutePair[]): { told: RoutePair[]; left: number } {
  return { told: pairs.slice(0, MAX_ROUTES), left: Math.max(0, pairs.length - MAX_ROUTES) };
}

/** What a route is called in findings. */
export function subjectOf({ service, method, route }: RoutePair): Subject {
  return { service, route, ...(method === '' ? {} : { method }) };
}

function paired(a: readonly RouteTraffic[], b: readonly RouteTraffic[]): RoutePair[] {
  const key = ({ service, method, route }: RouteTraffic) => [service, method, route].join('\u0000');
  const pairs = new Map<string, RoutePair>();
  for (const [name, side] of [['a', a] as const, ['b', b] as const]) {
    for (const traffic of side) {
      const { service, method, route } = traffic;
      const pair = pairs.get(key(traffic)) ?? { service, method, route, a: undefined, b: undefined };
      pair[name] = traffic;
      pairs.set(key(traffic), pair);
    }
  }
  return [...pairs.values()].sort(byRequests);
}

function byRequests(x: RoutePair, y: RoutePair): number {
  const requests = ({ a, b }: RoutePair) => (a?.requests ?? 0) + (b?.requests ?? 0);
  const name = ({ service, method, route }: RoutePair) => [service, route, method].join('\u0000');
  return requests(y) - requests(x) || (name(x) < name(y) ? -1 : 1);
}
