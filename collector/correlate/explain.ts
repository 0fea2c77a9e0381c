import type { Store, TimeRange } from '../storage/store.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { type Asked, explain, incidentId } from './engine.ts';
import { clockTime, conditionsText, counted, routeName } from './format.ts';
import { type GoldenPoint, type RouteSignals, readGoldenSignals, sampleOf } from './golden-signals.ts';
import type { AttributeCondition, EvidenceDeps, Incident } from './incident.ts';
import type { Ranking } from './ranking/rank.ts';
import { rankServices } from './ranking/ranking.ts';
import { searchOnset } from './ranking/search-onset.ts';
import { timesOfOthers } from './suspects.ts';
import { unroutedIncident } from './unrouted.ts';

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
const MOST_RANGE_NANO = 24n * 3_600_000_000_000n;

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
  const { asked, routes } = await askedOf(question, onset, ranking, store, deps);
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
  onset: bigint,
  ranking: Ranking,
  store: Store,
  deps: EvidenceDeps,
): Promise<{ asked: Asked; routes: number }> {
  const { service, route, method = '', where = [] } = question;
  const { incident, quiet } = ranking.windows;
  const earliest =
    quiet[0] && quiet[0].fromUnixNano < onset ? quiet[0].fromUnixNano : onset - 30n * GUARD_NANO;
  const baseline = { fromUnixNano: earliest, toUnixNano: onset - GUARD_NANO };
  const rest = { ...(where.length > 0 ? { where } : {}), onsetUnixNano: onset, incident, baseline };
  const [first] = ranking.suspects;
  const { worst, routes } = await worstRoute(question, rest, first?.service, store, deps);
  if (worst) return { asked: { ...worst, ...rest }, routes };
  const errors = first?.evidence[0]?.family === 'failures' || first?.evidence[0]?.family === 'logs';
  const signal = question.signal ?? (errors ? 'errors' : 'latency');
  if (service !== undefined && route !== undefined) {
    const asked = { service, route, method, signal: question.signal ?? 'latency', ...rest };
    return { asked, routes };
  }
  if (where.length > 0 || route !== undefined) throw unchanged(question, onset, routes);
  return {
    asked: { service: service ?? first?.service ?? '', method: '', route: '', signal, ...rest },
    routes,
  };
}

/** What was asked about is not there, or as before: other requests would be no answer. */
function unchanged({ where = [], ...asked }: ExplainQuestion, onset: bigint, routes: number): CollectorError {
  const since = `${clockTime(onset)} UTC`;
  if (routes > 0) {
    const message = `Requests with ${conditionsText(where)}: of ${counted(routes, 'route')} none fails more often or is slower since ${since}; name the route to see more.`;
    return new CollectorError('nothing-changed', message);
  }
  const along = asked.route === undefined ? 'any route' : routeName(asked);
  const which = where.length === 0 ? along : `${along} with ${conditionsText(where)}`;
  const looked =
    where.length === 0 ? '' : ': attributes of server spans and of their resources are looked at';
  const message = `No requests along ${which} are stored on both sides of ${since}${looked}.`;
  return new CollectorError('nothing-changed', message);
}

type Symptom = Pick<Asked, 'service' | 'method' | 'route' | 'signal'>;

/** The route with the most harm, and how many have requests on both sides. */
async function worstRoute(
  question: ExplainQuestion,
  { incident, baseline }: Pick<Asked, 'incident' | 'baseline'>,
  suspect: string | undefined,
  store: Store,
  deps: EvidenceDeps,
): Promise<{ worst: Symptom | undefined; routes: number }> {
  const { service, where = [] } = question;
  const read = (range: TimeRange) =>
    readGoldenSignals(
      store,
      {
        ...range,
        stepNano: range.toUnixNano - range.fromUnixNano,
        ...(service === undefined ? {} : { service }),
        where,
      },
      deps,
    );
  const [before, now] = [await read(baseline), await read(incident)];
  const measured = now.flatMap((signals) => harmOf(signals, before, question) ?? []);
  const scored = measured.filter(({ changed }) => changed || question.route !== undefined);
  const own = scored.filter(({ symptom }) => symptom.service === suspect);
  const [worst] = (own.length > 0 ? own : scored).sort((a, b) => b.harm - a.harm);
  return { worst: worst?.symptom, routes: measured.length };
}

/** Growth of a p99 from which a route is worth looking along, and of the share of failed requests. */
const SLOWER = 1.5;
const FAILING = 0.01;

function harmOf(
  { service, method, route, points }: RouteSignals,
  before: readonly RouteSignals[],
  question: ExplainQuestion,
): { symptom: Symptom; harm: number; changed: boolean } | undefined {
  if (route === '') return undefined;
  const quiet = before.find((one) => one.service === service && one.method === method && one.route === route)
    ?.points[0];
  const now = points[0];
  if (!quiet || !now || sampleOf(now).requests === 0 || sampleOf(quiet).requests === 0) return undefined;
  if (question.route !== undefined && question.route !== route) return undefined;
  if (question.method !== undefined && question.method !== method) return undefined;
  const share = ({ errors, requests }: GoldenPoint) => (requests > 0 ? errors / requests : 0);
  const failing = share(now) - share(quiet);
  const slower = (now.p99Ms ?? 0) / Math.max(quiet.p99Ms ?? 0, 1);
  const signal = question.signal ?? (failing >= FAILING ? 'errors' : 'latency');
  const changed = signal === 'errors' ? failing >= FAILING : slower >= SLOWER;
  const harm = signal === 'errors' ? 10 + failing : Math.log2(Math.max(1, slower));
  return { symptom: { service, method, route, signal }, harm, changed };
}
