import type { Store, TimeRange } from '../storage/store.ts';
import { DETECTION } from './detection.ts';
import { clockTime, counted, duration, percent, rate, routeName } from './format.ts';
import {
  addPoints,
  type GoldenPoint,
  measurableStep,
  type RouteSignals,
  readGoldenSignals,
} from './golden-signals.ts';
import type { Incident } from './incident.ts';
import { readPools } from './pool.ts';
import { openIncidents } from './stored-incidents.ts';
import { LEAST_STEP_NANO } from './symptom.ts';

/** Points of a sparkline: one for every two or three pixels of its width. */
const POINTS = 60n;
/** Usual values come from this long before the range. */
const USUAL_NANO = 3_600_000_000_000n;

interface Sparkline {
  at: number[];
  value: (number | null)[];
}

interface GoldenSignals {
  perSecond: number | null;
  errorShare: number | null;
  p99Ms: number | null;
  usualP99Ms: number | null;
  traffic: Sparkline;
  errors: Sparkline;
  latency: Sparkline;
}

type HealthState = 'failing' | 'slow' | 'normal' | 'no data';
const WORST_FIRST: readonly HealthState[] = ['failing', 'slow', 'normal', 'no data'];

interface RouteHealth {
  method: string;
  route: string;
  state: HealthState;
  signals: GoldenSignals;
}

interface ServiceHealth {
  name: string;
  state: HealthState;
  source: 'metrics' | 'spans';
  signals: GoldenSignals;
  saturation?: { what: string; share: number; line: Sparkline };
  routes: RouteHealth[];
}

/** Golden signals of every service and route over a range, and the answer to who fails, since when, how badly. */
export interface ServicesHealth {
  fromUnixNano: string;
  toUnixNano: string;
  answer: string;
  matched: number;
  services: ServiceHealth[];
}

/** Reads the golden signals of a range, worst first; points in time as the API writes them. */
export async function goldenSignals(
  store: Store,
  range: TimeRange,
  deps: { signal: AbortSignal },
): Promise<ServicesHealth> {
  const measured = { atUnixNano: range.toUnixNano, least: LEAST_STEP_NANO, scrapes: 2 as const };
  const finest = await measurableStep(store, measured, deps);
  const even = (range.toUnixNano - range.fromUnixNano) / POINTS + 1n;
  const routes = await readGoldenSignals(store, { ...range, stepNano: even > finest ? even : finest }, deps);
  const past = { fromUnixNano: range.fromUnixNano - USUAL_NANO, toUnixNano: range.fromUnixNano };
  const usual = await readGoldenSignals(store, { ...past, stepNano: USUAL_NANO }, deps);
  const open = await openIncidents(store);
  const services: ServiceHealth[] = [];
  for (const [name, members] of Map.groupBy(routes, (route) => route.service)) {
    const health = serviceHealth(name, members, usual, open);
    const saturation = await saturationOf(store, name, range, deps);
    services.push(saturation ? { ...health, saturation } : health);
  }
  services.sort((a, b) => byState(a.state, b.state) || (a.name < b.name ? -1 : 1));
  return {
    fromUnixNano: String(range.fromUnixNano),
    toUnixNano: String(range.toUnixNano),
    answer: answerOf(services, open),
    matched: services.length,
    services,
  };
}

function byState(a: HealthState, b: HealthState): number {
  return WORST_FIRST.indexOf(a) - WORST_FIRST.indexOf(b);
}

function serviceHealth(
  name: string,
  members: readonly RouteSignals[],
  usual: readonly RouteSignals[],
  open: readonly Incident[],
): ServiceHealth {
  const routes = members.map((route) => {
    const same = (of: { service: string; method: string; route: string }) =>
      of.service === name && of.method === route.method && of.route === route.route;
    const incident = open.find(same);
    const before = usual.find(same)?.points[0]?.p99Ms ?? usualOf(incident);
    const signals = signalsOf(route.points, route.bounds, before);
    return { method: route.method, route: route.route, state: stateOf(signals, incident), signals };
  });
  routes.sort((a, b) => byState(a.state, b.state) || (b.signals.perSecond ?? 0) - (a.signals.perSecond ?? 0));
  const bounds = members[0]!.bounds;
  const alike = members.filter((route) => String(route.bounds) === String(bounds));
  const points = members[0]!.points.map((_, i) =>
    together(
      alike.map((route) => route.points[i]!),
      bounds,
    ),
  );
  const before = usual.filter((route) => route.service === name).map((route) => route.points[0]!);
  const signals = signalsOf(points, bounds, addPoints(before, bounds).p99Ms);
  const state = routes[0]?.state ?? 'no data';
  return { name, state, source: members[0]!.source, signals, routes };
}

/** The usual p99 as an incident knows it, when the hour before the range is not stored. */
function usualOf(incident: Incident | undefined): number | null {
  const value = incident?.findings.find((found) => found.kind === 'symptom')?.facts['p99BeforeMs'];
  return typeof value === 'number' ? value : null;
}

/** Points of several routes at one moment; they were measured in the same seconds. */
function together(points: readonly GoldenPoint[], bounds: readonly number[]): GoldenPoint {
  const sum = addPoints(points, bounds);
  return { ...sum, seconds: Math.max(0, ...points.map((point) => point.seconds)) };
}

function signalsOf(
  points: readonly GoldenPoint[],
  bounds: readonly number[],
  usualP99Ms: number | null,
): GoldenSignals {
  const all = addPoints(points, bounds);
  const line = (value: (point: GoldenPoint) => number | null): Sparkline => ({
    at: points.map((point) => Number(point.fromUnixNano / 1_000_000n)),
    value: points.map((point) => (point.seconds > 0 ? value(point) : null)),
  });
  const share = (point: GoldenPoint) => (point.requests > 0 ? point.errors / point.requests : null);
  return {
    perSecond: all.seconds > 0 ? all.requests / all.seconds : null,
    errorShare: share(all),
    p99Ms: all.p99Ms,
    usualP99Ms,
    traffic: line((point) => point.requests / point.seconds),
    errors: line(share),
    latency: line((point) => point.p99Ms),
  };
}

/** What an open incident says, else what the detector's thresholds say of the whole range. */
function stateOf(signals: GoldenSignals, incident: Incident | undefined): HealthState {
  const { perSecond, errorShare, p99Ms, usualP99Ms } = signals;
  if ((errorShare ?? 0) >= DETECTION.errorShare) return 'failing';
  if (incident) return incident.signal === 'errors' ? 'failing' : 'slow';
  if (perSecond === null || perSecond === 0) return 'no data';
  if (p99Ms === null || usualP99Ms === null) return 'normal';
  const slow = p99Ms >= DETECTION.ratio * usualP99Ms && p99Ms - usualP99Ms >= DETECTION.leastMs;
  return slow ? 'slow' : 'normal';
}

async function saturationOf(
  store: Store,
  service: string,
  range: TimeRange,
  deps: { signal: AbortSignal },
): Promise<ServiceHealth['saturation']> {
  const pools = await readPools(store, service, range, deps);
  const shares = pools.flatMap(({ system, used, max }) => {
    const limit = max?.value.at(-1) ?? 0;
    if (limit <= 0) return [];
    const value = Array.from(used.value, (count) => count / limit);
    const line = { at: Array.from(used.time, (at) => Number(at / 1_000_000n)), value };
    return [{ what: `${system} connection pool`, share: value.at(-1)!, line }];
  });
  return shares.sort((a, b) => b.share - a.share)[0];
}

/** Who fails, since when, how badly: one sentence. */
function answerOf(services: readonly ServiceHealth[], open: readonly Incident[]): string {
  const [incident, ...others] = open;
  const routes = services.flatMap((service) =>
    service.routes.map((route) => ({ ...route, service: service.name })),
  );
  if (incident) {
    const route = routes.find(
      (r) => r.service === incident.service && r.route === incident.route && r.method === incident.method,
    );
    const more = others.length === 0 ? '' : ` ${counted(others.length, 'more incident')} open.`;
    return `${incident.title}. Since ${clockTime(BigInt(incident.onsetUnixNano))}${route ? `: ${levels(route.signals)}` : ''}.${more}`;
  }
  const worst = routes
    .filter((route) => route.state === 'failing' || route.state === 'slow')
    .sort((a, b) => byState(a.state, b.state))[0];
  if (worst) {
    const is = worst.state === 'failing' ? 'fails' : 'is slow';
    return `${routeName(worst)} of ${worst.service} ${is}: ${levels(worst.signals)}.`;
  }
  const busy = routes.filter((route) => route.state !== 'no data');
  if (busy.length === 0) return 'No requests in this range.';
  const perSecond = services.reduce((sum, service) => sum + (service.signals.perSecond ?? 0), 0);
  return `All is normal: ${counted(busy.length, 'route')} of ${counted(services.length, 'service')}, ${rate(perSecond)} req/s.`;
}

function levels({ p99Ms, usualP99Ms, errorShare }: GoldenSignals): string {
  const usual = usualP99Ms === null ? '' : `, usually ${duration(usualP99Ms)}`;
  const latency = p99Ms === null ? [] : [`p99 ${duration(p99Ms)}${usual}`];
  const errors = errorShare === null ? [] : [`${percent(errorShare)} of requests fail`];
  return [...latency, ...errors].join(', ');
}
