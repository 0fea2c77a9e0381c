import type { Store, TimeRange } from '../storage/store.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { type Asked, explain, incidentId } from './engine.ts';
import { type GoldenPoint, type RouteSignals, readGoldenSignals, sampleOf } from './golden-signals.ts';
import type { EvidenceDeps, Incident } from './incident.ts';
import { type Ranking, rankServices } from './ranking/ranking.ts';
import { searchOnset } from './ranking/search-onset.ts';
import { keptSuspects, suspectsFinding, timesOfOthers } from './suspects.ts';

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
 * Throws `bad-request` for a range of more than a day, `not-found` where nothing changed and no onset is given.
 */
export async function explainRange(
  question: ExplainQuestion,
  store: Store,
  deps: EvidenceDeps,
): Promise<Explanation> {
  const { range } = question;
  if (range.toUnixNano - range.fromUnixNano > MOST_RANGE_NANO)
    throw new CollectorError('bad-request', 'A day is explained at most; ask for a shorter range.');
  const known = await timesOfOthers(store, question.onsetUnixNano ?? -1n);
  const change =
    question.onsetUnixNano === undefined ? await searchOnset(range, known, store, deps) : undefined;
  const onset = question.onsetUnixNano ?? change?.onsetUnixNano;
  if (onset === undefined) {
    throw new CollectorError(
      'not-found',
      'Nothing changed in this range that could be told from quiet time before it; name the moment with `at`, or ask for a longer range.',
    );
  }
  const ranking = await rankServices(store, { onset, end: range.toUnixNano, known }, deps);
  const asked = await askedOf(question, onset, ranking, store, deps);
  const incident =
    asked.route === '' ? unrouted(asked, ranking, deps) : await routed(asked, ranking, store, deps);
  return {
    incident,
    onset: {
      unixNano: String(onset),
      found: change ? 'searched' : 'given',
      about: change ? `${change.service}: ${change.about}` : '',
    },
  };
}

/** The route to look along: the one that is asked about, else the one that changed most, first in the first suspect. */
async function askedOf(
  question: ExplainQuestion,
  onset: bigint,
  ranking: Ranking,
  store: Store,
  deps: EvidenceDeps,
): Promise<Asked> {
  const { incident, quiet } = ranking.windows;
  const earliest =
    quiet[0] && quiet[0].fromUnixNano < onset ? quiet[0].fromUnixNano : onset - 30n * GUARD_NANO;
  const baseline = { fromUnixNano: earliest, toUnixNano: onset - GUARD_NANO };
  const times = { onsetUnixNano: onset, incident, baseline };
  const [first] = ranking.suspects;
  if (question.service !== undefined && question.route !== undefined) {
    const { service, route, method = '', signal = 'latency' } = question;
    return { service, route, method, signal, ...times };
  }
  const worst = await worstRoute(question, times, first?.service, store, deps);
  if (worst) return { ...worst, ...times };
  const errors = first?.evidence[0]?.family === 'failures' || first?.evidence[0]?.family === 'logs';
  const signal = question.signal ?? (errors ? 'errors' : 'latency');
  return { service: question.service ?? first?.service ?? '', method: '', route: '', signal, ...times };
}

type Symptom = Pick<Asked, 'service' | 'method' | 'route' | 'signal'>;

async function worstRoute(
  question: ExplainQuestion,
  { incident, baseline }: Pick<Asked, 'incident' | 'baseline'>,
  suspect: string | undefined,
  store: Store,
  deps: EvidenceDeps,
): Promise<Symptom | undefined> {
  const read = (range: TimeRange) =>
    readGoldenSignals(
      store,
      {
        ...range,
        stepNano: range.toUnixNano - range.fromUnixNano,
        ...(question.service === undefined ? {} : { service: question.service }),
      },
      deps,
    );
  const [before, now] = [await read(baseline), await read(incident)];
  const scored = now.flatMap((signals) => harmOf(signals, before, question) ?? []);
  const own = scored.filter(({ symptom }) => symptom.service === suspect);
  const [worst] = (own.length > 0 ? own : scored).sort((a, b) => b.harm - a.harm);
  return worst?.symptom;
}

/** Growth of a p99 from which a route is worth looking along, and of the share of failed requests. */
const SLOWER = 1.5;
const FAILING = 0.01;

function harmOf(
  { service, method, route, points }: RouteSignals,
  before: readonly RouteSignals[],
  question: ExplainQuestion,
): { symptom: Symptom; harm: number } | undefined {
  const quiet = before.find((one) => one.service === service && one.method === method && one.route === route)
    ?.points[0];
  const now = points[0];
  if (!quiet || !now || sampleOf(now).requests === 0 || sampleOf(quiet).requests === 0) return undefined;
  if (question.route !== undefined && question.route !== route) return undefined;
  const share = ({ errors, requests }: GoldenPoint) => (requests > 0 ? errors / requests : 0);
  const failing = share(now) - share(quiet);
  const slower = (now.p99Ms ?? 0) / Math.max(quiet.p99Ms ?? 0, 1);
  const signal = question.signal ?? (failing >= FAILING ? 'errors' : 'latency');
  if (question.route === undefined && failing < FAILING && slower < SLOWER) return undefined;
  const harm = signal === 'errors' ? 10 + failing : Math.log2(Math.max(1, slower));
  return { symptom: { service, method, route, signal }, harm };
}

async function routed(asked: Asked, ranking: Ranking, store: Store, deps: EvidenceDeps): Promise<Incident> {
  return explain(asked, store, { ...deps, rank: async () => ranking });
}

/** An incident of services whose routes are not known: told by the ranking alone. */
function unrouted(asked: Asked, ranking: Ranking, deps: EvidenceDeps): Incident {
  const finding = suspectsFinding({ ...asked, before: [] }, ranking);
  const [first] = ranking.suspects;
  const now = String(deps.clock());
  const named = finding.outcome === 'holds' && first;
  const times = ({ fromUnixNano, toUnixNano }: TimeRange) => ({
    fromUnixNano: String(fromUnixNano),
    toUnixNano: String(toUnixNano),
  });
  return {
    id: incidentId(asked),
    state: 'closed',
    ...{ service: asked.service, method: '', route: '', signal: asked.signal },
    onsetUnixNano: String(asked.onsetUnixNano),
    ...{ openedUnixNano: now, updatedUnixNano: now, closedUnixNano: String(asked.incident.toUnixNano) },
    ...{ baseline: times(asked.baseline), incident: times(asked.incident) },
    title: named ? `${first.service} changed: ${first.evidence[0]!.family}` : 'Cause not known',
    verdict: finding.statement,
    unknown: ranking.lacked.join(' '),
    confidence: {
      tier: ranking.tier,
      ...{ holds: named ? 1 : 0, tested: finding.outcome === 'untested' ? 0 : 1, reason: ranking.reason },
    },
    harm: 'Not measured: no golden signals of routes are stored.',
    tryFirst: named
      ? `Look at ${first.service}: ${first.evidence[0]!.about}.`
      : 'Look at the slowest traces.',
    findings: [finding],
    suspects: keptSuspects(ranking.suspects),
    lacked: ranking.lacked,
  };
}
