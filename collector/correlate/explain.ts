import { nearest } from '../../slo/index.ts';
import type { Store, TimeRange } from '../storage/store.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { type Asked, explain, incidentId } from './engine.ts';
import { MOST_RANGE_NANO } from './explain-question.ts';
import { clockTime, conditionsText, counted, routeName } from './format.ts';
import type { AttributeCondition, EvidenceDeps, Incident } from './incident.ts';
import type { Ranking } from './ranking/rank.ts';
import { rankServices } from './ranking/ranking.ts';
import { searchOnset } from './ranking/search-onset.ts';
import { without } from './ranking/windows.ts';
import { timesOfOthers } from './suspects.ts';
import { unroutedIncident } from './unrouted.ts';
import { endOf, worstRoute } from './worst-route.ts';

/** What somebody wants explained; what is absent is looked for. */
export interface ExplainQuestion {
  /** Time in which it happened. */
  range: TimeRange;
  /** When it began. */
  onsetUnixNano?: bigint;
  service?: string;
  method?: string;
  route?: string;
  signal?: 'latency' | 'errors';
  /** About requests with these attributes alone: it is taken to begin where the range does, unless the onset is given. */
  where?: readonly AttributeCondition[];
}

/** An explanation, and how its onset was found. */
export interface Explanation {
  incident: Incident;
  onset: { unixNano: string; found: 'given' | 'searched'; about: string };
}

const GUARD_NANO = 60_000_000_000n;

/**
 * Explains a time on demand: when it began (unless told), in which service, and along the route that changed most.
 * Throws `bad-request` for a range of more than a day, `nothing-changed` where no onset is given and none is found, or
 * no route changed for the requests that are asked about.
 */
export async function explainRange(
  question: ExplainQuestion,
  store: Store,
  deps: EvidenceDeps,
): Promise<Explanation> {
  const { range } = question;
  if (range.toUnixNano - range.fromUnixNano > MOST_RANGE_NANO)
    throw new CollectorError('bad-request', 'A day is explained at most; ask for a shorter range.');
  const began = await onsetOf(question, store, deps);
  const onset = BigInt(began.unixNano);
  const known = await timesOfOthers(store, question.onsetUnixNano ?? -1n);
  const ranking = await rankServices(store, { onset, end: range.toUnixNano, known }, deps);
  const { asked, routes } = await askedOf(question, ranking, known, store, deps);
  const incident =
    asked.route === ''
      ? unroutedIncident(asked, ranking, routes, deps)
      : await explain(asked, store, { ...deps, rank: async () => ranking });
  return { incident: onDemand(incident, asked), onset: began };
}

/** When it began: as it is told, else where the strongest change is. */
async function onsetOf(
  { range, onsetUnixNano, where }: ExplainQuestion,
  store: Store,
  deps: EvidenceDeps,
): Promise<Explanation['onset']> {
  const given = onsetUnixNano ?? (where?.length ? range.fromUnixNano : undefined);
  if (given !== undefined) return { unixNano: String(given), found: 'given', about: '' };
  const change = await searchOnset(range, await timesOfOthers(store, -1n), store, deps);
  if (change) {
    const about = `${change.service}: ${change.about}`;
    return { unixNano: String(change.onsetUnixNano), found: 'searched', about };
  }
  throw new CollectorError(
    'nothing-changed',
    'Nothing changed in this range that could be told from quiet time before it; name the moment with `at`, or ask for a longer range.',
  );
}

/** What is explained on demand is over, says what it is about, and what it could not take into account. */
function onDemand(incident: Incident, asked: Asked): Incident {
  const { where = [], incident: looked } = asked;
  const over = {
    ...({ state: 'closed', openedBy: 'question' } as const),
    closedUnixNano: String(looked.toUnixNano),
  };
  if (where.length === 0) return { ...incident, ...over };
  const which = conditionsText(where);
  const told = `Services are ranked by all requests of that time, not by those with ${which} alone.`;
  // The same route without the condition is another incident.
  const id = incidentId({ ...asked, route: `${asked.route} ${which}` });
  return { ...incident, ...over, id, where, lacked: [...(incident.lacked ?? []), told] };
}

/** The route to look along: the one that is asked about, else the one that changed most, first in the first suspect. */
async function askedOf(
  question: ExplainQuestion,
  ranking: Ranking,
  known: readonly TimeRange[],
  store: Store,
  deps: EvidenceDeps,
): Promise<{ asked: Asked; routes: number }> {
  const { service, route, method, where = [], range } = question;
  const { incident: compared, quiet } = ranking.windows;
  const onset = compared.fromUnixNano;
  const baseline = quietBefore(onset, quiet, known);
  const whole = { fromUnixNano: onset, toUnixNano: latest(range.toUnixNano, compared.toUnixNano) };
  const [first] = ranking.suspects;
  const worstIn = (incident: TimeRange) =>
    worstRoute(question, { incident, baseline }, first?.service, store, deps);
  const early = await worstIn(compared);
  // What is told to begin early may become bad later.
  const { worst, routes } = early.worst ? early : await worstIn(whole);
  const rest = { ...(where.length > 0 ? { where } : {}), onsetUnixNano: onset, baseline };
  if (worst) {
    const toUnixNano = await endOf(worst, question, { baseline, incident: whole }, store, deps);
    const end = latest(toUnixNano, early.worst ? compared.toUnixNano : 0n);
    return { asked: { ...worst, ...rest, incident: { ...whole, toUnixNano: end } }, routes };
  }
  const errors = first?.evidence[0]?.family === 'failures' || first?.evidence[0]?.family === 'logs';
  const signal = question.signal ?? (errors ? 'errors' : 'latency');
  const symptom = { method: method ?? '', signal };
  if (service !== undefined && route !== undefined)
    return { asked: { service, route, ...symptom, ...rest, incident: whole }, routes };
  if (service !== undefined) await needService(service, store);
  const isNarrow = where.length > 0 || route !== undefined || method !== undefined;
  if (isNarrow || (question.signal !== undefined && routes > 0)) throw unchanged(question, onset, routes);
  const named = service ?? first?.service ?? '';
  return { asked: { service: named, route: '', ...symptom, ...rest, incident: whole }, routes };
}

const latest = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** Quiet time of less tells little: older time without an incident is better. */
const ENOUGH_QUIET_NANO = 300_000_000_000n;

/** The newest time before an onset that no known incident interrupts, as far back as quiet minutes were found. */
function quietBefore(onset: bigint, quiet: readonly TimeRange[], known: readonly TimeRange[]): TimeRange {
  const [oldest] = quiet;
  const fromUnixNano = oldest && oldest.fromUnixNano < onset ? oldest.fromUnixNano : onset - 30n * GUARD_NANO;
  const all = { fromUnixNano, toUnixNano: onset - GUARD_NANO };
  const length = (range: TimeRange) => range.toUnixNano - range.fromUnixNano;
  const free = without(all, known);
  const longest = free.toSorted((a, b) => Number(length(b) - length(a)))[0];
  return free.findLast((range) => length(range) >= ENOUGH_QUIET_NANO) ?? longest ?? all;
}

/** Throws `nothing-changed` for a service of which nothing is stored: other services would be no answer. */
async function needService(service: string, store: Store): Promise<void> {
  const { services } = await store.status();
  if (services.includes(service)) return;
  const near = nearest(service, services);
  const named = near === undefined ? '' : ` Did you mean ${near}?`;
  const message = `Nothing of a service ${service} is stored.${named}`;
  throw new CollectorError('nothing-changed', message);
}

/** What was asked about is not there, or as before: other requests would be no answer. */
function unchanged(question: ExplainQuestion, onset: bigint, routes: number): CollectorError {
  const { where = [], route, method = '', service, signal } = question;
  const since = `${clockTime(onset)} UTC`;
  const along =
    route === undefined ? `any route${method === '' ? '' : ` with ${method}`}` : routeName({ method, route });
  const of = service === undefined ? along : `${along} of ${service}`;
  const which = where.length === 0 ? of : `${of} with ${conditionsText(where)}`;
  if (routes > 0) {
    const worse = { errors: 'fails more often', latency: 'is slower' };
    const changed = signal === undefined ? `${worse.errors} or ${worse.latency}` : worse[signal];
    const message = `Requests along ${which}: of ${counted(routes, 'route')} none ${changed} since ${since}; name the route to see more.`;
    return new CollectorError('nothing-changed', message);
  }
  const looked =
    where.length === 0 ? '' : ': attributes of server spans and of their resources are looked at';
  const message = `No requests along ${which} are stored on both sides of ${since}${looked}.`;
  return new CollectorError('nothing-changed', message);
}
