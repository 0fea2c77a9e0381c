import type { Store } from '../storage/store.ts';
import { NANOS_PER_SECOND } from '../telemetry/clock.ts';
import {
  addPoints,
  type GoldenDeps,
  type GoldenPoint,
  longerThan,
  measurableStep,
  pooledP99Ms,
  type RouteSignals,
  readGoldenSignals,
  sampleOf,
} from './golden-signals.ts';
import type { EvidenceDeps } from './incident.ts';
import { fisherExact, median, robustZ } from './stats.ts';
import { LEAST_STEP_NANO } from './symptom.ts';

/** When a golden signal counts as broken; every number with its reason. */
export const DETECTION = {
  /** Windows in a row that must be bad: one slow window is the weather, and its p99 rests on few requests. */
  confirm: 2,
  /** Quiet data before anything can be called unusual; a newcomer's first fault may come after two minutes. */
  quietSeconds: 60,
  /** How far back the usual level is taken from: it changes over the day, and this stays in memory. */
  historySeconds: 1800,
  /** Robust spreads; with the floor of a tenth of the median this is a p99 of at least 1.6 times the usual. */
  z: 6,
  /**
   * Or this part of the requests is slower than the usual p99, and by as many spreads more than usual: where single slow
   * requests make the p99 of every window another one, no p99 lies six spreads above, whatever becomes of all requests.
   */
  bodyShare: 0.2,
  /** Where fewer are slow, their p99 must be this many times the usual: a stall of a shared machine doubles it for a minute. */
  tailRatio: 3,
  /** And at least this factor, and this much: below the histogram's finest bucket a quantile is interpolation. */
  ratio: 1.5,
  leastMs: 10,
  /** Requests slower than the usual p99, or failed, must be more than chance makes of that many looks. */
  p: 1e-4,
  /**
   * Part of the requests that must be slower than the usual p99, of which a hundredth always is: with little history
   * that p99 is known to a factor only, and a busy neighbour moves it; a grown one is trusted with less.
   */
  slowShare: { young: 0.2, grown: 0.05, grownSeconds: 600 },
  /** Requests in the confirming windows; the p99 of fewer is their maximum. */
  requests: 20,
  /** Error share above the usual: a hundredth is ten times the budget of an objective of 99.9 %. */
  errorShare: 0.01,
  /** Back to normal below half of the way up, for this long; retries and pools recover in waves. */
  closeSeconds: 120,
  /** Without requests for this long there is nothing to watch: the symptom ends. */
  silentSeconds: 900,
  /** Spans are sent every 5 s by default (OTEL_BSP_SCHEDULE_DELAY); a window is read once, after that. */
  graceSeconds: 5,
  /** Routes that are watched; more are ids in disguise. */
  routes: 2000,
} as const;

/** Windows read at once: the history of many services is more than one reading of series may hold. */
const PART_STEPS = 60n;

type SignalName = 'latency' | 'errors';

/** One broken golden signal of one route, as long as it lasts. */
export interface Symptom {
  service: string;
  method: string;
  route: string;
  signal: SignalName;
  onsetUnixNano: bigint;
  /** End of the newest bad window. */
  lastBadUnixNano: bigint;
  /** First moment of the quiet time it was compared with. */
  quietFromUnixNano: bigint;
  /** Share of requests that are slow or failed: the larger, the worse. */
  score: number;
}

interface Active {
  symptom: Symptom;
  usual: Usual;
}

interface Usual {
  total: GoldenPoint;
  p99s: number[];
  windows: readonly GoldenPoint[];
  /** The p99 of all requests of the windows, once it was asked for. */
  p99Ms?: number | null;
}

interface Watched {
  signals: Omit<RouteSignals, 'points'>;
  points: { point: GoldenPoint; bad: boolean }[];
  active: Partial<Record<SignalName, Active>>;
}

/** What is carried from step to step. */
export interface DetectorState {
  stepNano: bigint;
  /** Start of the first window that was not looked at. */
  nextUnixNano: bigint;
  /** When the step was last measured. */
  measuredUnixNano: bigint;
  routes: Map<string, Watched>;
}

/**
 * Looks at the windows that closed since the last step; the first time, at the history from `sinceUnixNano` on.
 * Answers the new state and every symptom that lasts; reads only.
 */
export async function detect(
  store: Store,
  deps: EvidenceDeps & Pick<GoldenDeps, 'weights' | 'recent'>,
  before?: DetectorState,
  sinceUnixNano?: bigint,
): Promise<{ state: DetectorState; symptoms: Symptom[] }> {
  const now = deps.clock();
  const state = await currentState(store, deps, now, before, sinceUnixNano);
  const settled = now - BigInt(DETECTION.graceSeconds) * NANOS_PER_SECOND;
  const toUnixNano = (settled / state.stepNano) * state.stepNano;
  const part = state.stepNano * PART_STEPS;
  while (toUnixNano > state.nextUnixNano) {
    const fromUnixNano = state.nextUnixNano;
    // What is counted in memory is asked for apart from the history before it.
    const known = roundUp(deps.recent?.sinceUnixNano ?? fromUnixNano, state.stepNano);
    const limit = known > fromUnixNano && known < toUnixNano ? known : toUnixNano;
    const end = limit - fromUnixNano > part ? fromUnixNano + part : limit;
    const query = { fromUnixNano, toUnixNano: end, stepNano: state.stepNano };
    for (const signals of await readGoldenSignals(store, query, deps)) advance(state, signals);
    state.nextUnixNano = end;
  }
  for (const watched of state.routes.values()) endSilent(watched, now);
  const symptoms = [...state.routes.values()].flatMap(({ active }) =>
    Object.values(active).map((a) => a.symptom),
  );
  return { state, symptoms };
}

/** The state to go on from: fresh when there is none, scrapes come at another pace, or the clock was set back. */
async function currentState(
  store: Store,
  deps: EvidenceDeps,
  now: bigint,
  known: DetectorState | undefined,
  sinceUnixNano: bigint | undefined,
): Promise<DetectorState> {
  const minute = 60n * NANOS_PER_SECOND;
  // After a clock was set back, what was learned lies in the future: waiting for it would be blindness.
  const before = known && known.nextUnixNano <= now + known.stepNano ? known : undefined;
  if (before && now - before.measuredUnixNano < minute) return { ...before, routes: new Map(before.routes) };
  const query = { atUnixNano: now, least: LEAST_STEP_NANO, scrapes: 2 as const };
  const stepNano = await measurableStep(store, query, deps);
  if (before && stepNano === before.stepNano)
    return { ...before, measuredUnixNano: now, routes: new Map(before.routes) };
  const history = now - BigInt(DETECTION.historySeconds) * NANOS_PER_SECOND;
  const from = sinceUnixNano !== undefined && sinceUnixNano < history ? sinceUnixNano : history;
  return { stepNano, nextUnixNano: (from / stepNano) * stepNano, measuredUnixNano: now, routes: new Map() };
}

function roundUp(time: bigint, step: bigint): bigint {
  return ((time + step - 1n) / step) * step;
}

function advance(state: DetectorState, signals: RouteSignals): void {
  const key = [signals.service, signals.method, signals.route].join('\u0000');
  if (!state.routes.has(key) && state.routes.size >= DETECTION.routes) return;
  const { points, ...about } = signals;
  const known = state.routes.get(key);
  const watched: Watched = {
    signals: about,
    points: [...(known?.points ?? [])],
    active: { ...known?.active },
  };
  state.routes.set(key, watched);
  for (const point of points) {
    if (point.requests > 0) look(watched, point, state.stepNano);
  }
}

/** Takes in one window of a route: opens, extends or ends its symptoms. */
function look(watched: Watched, point: GoldenPoint, stepNano: bigint): void {
  const oldest = point.fromUnixNano - BigInt(DETECTION.historySeconds) * NANOS_PER_SECOND;
  watched.points = watched.points.filter((seen) => seen.point.fromUnixNano >= oldest);
  const entry = { point, bad: false };
  watched.points.push(entry);
  for (const name of ['latency', 'errors'] as const) {
    const active = watched.active[name];
    if (active) extend(watched, name, active, entry, stepNano);
    else open(watched, name, stepNano);
  }
}

function open(watched: Watched, name: SignalName, stepNano: bigint): void {
  const recent = watched.points.slice(-DETECTION.confirm);
  const usual = usualOf(watched, watched.points.slice(0, -DETECTION.confirm));
  if (recent.length < DETECTION.confirm || !usual) return;
  if (!recent.every(({ point }) => isBad(name, watched.signals, point, usual, 1))) return;
  if (
    !isSure(
      name,
      watched.signals,
      recent.map(({ point }) => point),
      usual,
    )
  )
    return;
  const first = recent[0]!.point.fromUnixNano;
  for (const entry of recent) entry.bad = true;
  const { service, method, route } = watched.signals;
  const symptom: Symptom = {
    ...{ service, method, route, signal: name, onsetUnixNano: first },
    lastBadUnixNano: recent.at(-1)!.point.fromUnixNano + stepNano,
    quietFromUnixNano: usual.total.fromUnixNano,
    score: badShare(
      name,
      watched.signals,
      addPoints(
        recent.map(({ point }) => point),
        watched.signals.bounds,
      ),
      usual,
    ),
  };
  watched.active[name] = { symptom, usual };
}

function extend(
  watched: Watched,
  name: SignalName,
  active: Active,
  entry: { point: GoldenPoint; bad: boolean },
  stepNano: bigint,
): void {
  const { point } = entry;
  if (isBad(name, watched.signals, point, active.usual, 0.5)) {
    entry.bad = true;
    const score = Math.max(active.symptom.score, badShare(name, watched.signals, point, active.usual));
    active.symptom = { ...active.symptom, lastBadUnixNano: point.fromUnixNano + stepNano, score };
  } else if (
    point.fromUnixNano + stepNano - active.symptom.lastBadUnixNano >=
    seconds(DETECTION.closeSeconds)
  ) {
    delete watched.active[name];
  }
}

function endSilent(watched: Watched, now: bigint): void {
  const last = watched.points.at(-1)?.point.fromUnixNano ?? 0n;
  if (now - last > seconds(DETECTION.silentSeconds)) watched.active = {};
}

function seconds(value: number): bigint {
  return BigInt(value) * NANOS_PER_SECOND;
}

/** The usual level of a route, when enough quiet windows are known. */
function usualOf(
  { signals }: Watched,
  seen: readonly { point: GoldenPoint; bad: boolean }[],
): Usual | undefined {
  const quiet = seen.filter(({ bad }) => !bad).map(({ point }) => point);
  const total = addPoints(quiet, signals.bounds);
  if (total.seconds < DETECTION.quietSeconds || sampleOf(total).requests < DETECTION.requests)
    return undefined;
  return { total, p99s: quiet.flatMap((point) => point.p99Ms ?? []), windows: quiet };
}

/** Is a window beyond the thresholds, each lowered to the given part of its distance from the usual? */
function isBad(
  name: SignalName,
  signals: Watched['signals'],
  point: GoldenPoint,
  usual: Usual,
  part: number,
): boolean {
  if (name === 'errors') {
    const before = usual.total.errors / usual.total.requests;
    const more = point.errors / point.requests - before;
    return more >= DETECTION.errorShare * part && more >= before * part;
  }
  const middle = median(usual.p99s);
  const p99 = point.p99Ms ?? 0;
  const isMore =
    p99 >= middle * (1 + (DETECTION.ratio - 1) * part) && p99 - middle >= DETECTION.leastMs * part;
  if (!isMore) return false;
  if (robustZ(p99, usual.p99s, DETECTION.leastMs / DETECTION.z) >= DETECTION.z * part) return true;
  return isBodySlow(signals, point, usual, part);
}

/** Is it not the slowest requests alone that became slower? */
function isBodySlow(signals: Watched['signals'], point: GoldenPoint, usual: Usual, part: number): boolean {
  const { bodyShare, z } = DETECTION;
  const share = badShare('latency', signals, point, usual);
  if (share < bodyShare * part) return false;
  const before = usual.windows.map((window) => badShare('latency', signals, window, usual));
  return robustZ(share, before, bodyShare / z) >= z * part;
}

/** Do the requests themselves, not only a quantile of few, differ from the usual? */
function isSure(
  name: SignalName,
  signals: Watched['signals'],
  recent: readonly GoldenPoint[],
  usual: Usual,
): boolean {
  const now = addPoints(recent, signals.bounds);
  if (sampleOf(now).requests < DETECTION.requests) return false;
  const { young, grown, grownSeconds } = DETECTION.slowShare;
  const least = usual.total.seconds < grownSeconds ? young : grown;
  // Each window for itself: the tail of one bad moment must not confirm it.
  const lasts = recent.every((point) => {
    const share = badShare(name, signals, point, usual);
    return share >= least && (share >= DETECTION.bodyShare || isTailFar(point, usual));
  });
  if (name === 'latency' && !lasts) return false;
  const [hits, before] = [now, usual.total].map((point) =>
    name === 'errors' ? sampleOf(point).errors : slowSample(signals, point, usual),
  );
  return fisherExact(hits!, sampleOf(now).requests, before!, sampleOf(usual.total).requests) < DETECTION.p;
}

function isTailFar({ p99Ms }: GoldenPoint, { p99s }: Usual): boolean {
  return (p99Ms ?? 0) >= DETECTION.tailRatio * median(p99s);
}

/** Slow requests as a test may count them: sampled ones are no more evidence than were stored. */
function slowSample(signals: Watched['signals'], point: GoldenPoint, usual: Usual): number {
  const stored = badCount('latency', signals, point, usual) / point.weight;
  return Math.min(Math.round(stored), sampleOf(point).requests);
}

function badCount(
  name: SignalName,
  { bounds }: Watched['signals'],
  point: GoldenPoint,
  usual: Usual,
): number {
  if (name === 'errors') return Math.min(Math.round(point.errors), Math.round(point.requests));
  usual.p99Ms ??= pooledP99Ms(usual.total);
  return longerThan(point, bounds, usual.p99Ms ?? 0);
}

function badShare(name: SignalName, signals: Watched['signals'], point: GoldenPoint, usual: Usual): number {
  return badCount(name, signals, point, usual) / Math.max(1, point.requests);
}
