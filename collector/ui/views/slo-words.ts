/** What the console says of objectives. No DOM. */
import type { HealthState, SloHead, SloState } from '../../api/types.ts';
import { formatDuration, formatMoment, formatObjective, nanoToMs } from '../format.ts';
import { NO_TRACE_FILTER, type Range, type Route } from '../router.ts';

type Said = Pick<
  SloHead,
  'id' | 'service' | 'labels' | 'kind' | 'routes' | 'objective' | 'thresholdSeconds' | 'window'
>;

/** What an objective speaks of: `GET /orders/{id}`, the first of several, or its own name; and its group. */
export function subjectOf({ id, routes, labels }: Said): string {
  const [first, ...others] = routes.map(({ method, route }) => `${method} ${route}`.trim());
  const what = first === undefined ? id : others.length === 0 ? first : `${first} and ${others.length} more`;
  const group = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return group.length === 0 ? what : `${what} (${group.join(', ')})`;
}

/** What it promises: `availability 99.9 %`, `latency 99 % < 300 ms`. */
export function promiseOf({ kind, objective, thresholdSeconds }: Said): string {
  const within = thresholdSeconds === undefined ? '' : ` < ${formatDuration(thresholdSeconds * 1000)}`;
  return `${kind} ${formatObjective(objective)}${within}`;
}

/** `30 days`, or `the month`. */
export function windowOf({ window }: Said): string {
  return window === 'month' ? 'the month' : `${window.replace('d', '')} days`;
}

const GOOD: Readonly<Record<string, string>> = {
  availability: 'Good: answered with a status below 500.',
  errors: 'Good: answered without the named kinds of errors.',
  saturation: 'Good: each 30 s in which the gauge is at most at its limit.',
  custom: 'Good and bad events are those of its own expressions.',
};

/** What counts as good. */
export function goodOf({ kind, thresholdSeconds = 0 }: Said): string {
  const within = formatDuration(thresholdSeconds * 1000);
  if (kind === 'latency') return `Good: answered within ${within}.`;
  if (kind === 'freshness') return `Good: each 30 s in which the last renewal is at most ${within} old.`;
  return GOOD[kind] ?? '';
}

const MARKS: Readonly<Record<SloState, HealthState>> = {
  paging: 'failing',
  ticket: 'slow',
  ok: 'normal',
  'too few requests': 'no data',
  'not observed': 'no data',
};

/** The mark of a state, and its word: since when where somebody is called. */
export function markOf(
  { state, call }: Pick<SloHead, 'state' | 'call'>,
  nowMs: number,
): { mark: HealthState; says: string } {
  const since = call ? ` since ${formatMoment(nanoToMs(call.sinceUnixNano), nowMs, 'minute')}` : '';
  return { mark: MARKS[state], says: `${state}${since}` };
}

/** Below this share of the budget a bar asks for a look. */
const lowBelow = 0.4;

/** How a bar of what is left is drawn: its width in per cent, and the tone of its fill. */
export function barOf(left: number | null): { width: number; tone: 'b' | 'w' | 'e' } {
  if (left === null) return { width: 0, tone: 'b' };
  if (left <= 0) return { width: 100, tone: 'e' };
  return { width: Math.min(left, 1) * 100, tone: left < lowBelow ? 'w' : 'b' };
}

/** Where the traces of an objective's bad requests are listed, per route; none where it does not speak of requests. */
export function badTraces(slo: Said, range: Range): { name: string; to: Route }[] {
  if (slo.kind !== 'availability' && slo.kind !== 'latency' && slo.kind !== 'errors') return [];
  const minMs = slo.kind === 'latency' ? Math.ceil((slo.thresholdSeconds ?? 0) * 1000) : 0;
  const filter = { ...NO_TRACE_FILTER, service: slo.service, errors: slo.kind !== 'latency', minMs };
  const routes = slo.routes.map(({ method, route }) => `${method} ${route}`.trim());
  const all = routes.length === 0 ? [''] : routes.slice(0, 5);
  return all.map((route) => ({
    name: route === '' ? slo.service : route,
    to: { view: 'traces', range, filter: { ...filter, route } },
  }));
}

/** The address of an objective's view. */
export function sloRoute(
  { service, id, labels }: Pick<SloHead, 'service' | 'id' | 'labels'>,
  range: Range,
): Route {
  const group = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return { view: 'slo', range, service, id, group: group.join(',') };
}
