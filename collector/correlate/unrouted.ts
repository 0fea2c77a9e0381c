/** An incident of services whose routes are not known, or did not change: told by the ranking of services alone. */
import type { TimeRange } from '../storage/store.ts';
import type { Clock } from '../telemetry/clock.ts';
import { type Asked, incidentId } from './engine.ts';
import { clockTime, counted } from './format.ts';
import type { Incident } from './incident.ts';
import type { Ranking } from './ranking/rank.ts';
import type { Family } from './ranking/suspicion.ts';
import { keptSuspects, suspectsFinding } from './suspects.ts';

/** What changed in a service, in a few words, by the family of what speaks against it most. */
const CHANGES: Record<Family, string> = {
  failures: 'more of its requests fail',
  logs: 'it writes other log lines',
  'log-rate': 'it writes some log lines more often or less',
  calls: 'it makes other calls',
  network: 'calls to or from it spend longer on the way',
  dependency: 'what it waits for is slower',
  'self-time': 'its own code is slower',
  cpu: 'it uses more CPU',
  memory: 'it uses more memory',
};

/** Joins a ranking into an incident without a route; `routes` are those that were measured and did not change. */
export function unroutedIncident(
  asked: Asked,
  ranking: Ranking,
  routes: number,
  { clock }: { clock: Clock },
): Incident {
  const found = suspectsFinding({ ...asked, before: [] }, ranking);
  const now = String(clock());
  return {
    id: incidentId(asked),
    state: 'closed',
    ...{ service: asked.service, method: '', route: '', signal: asked.signal },
    onsetUnixNano: String(asked.onsetUnixNano),
    ...{ openedUnixNano: now, updatedUnixNano: now, closedUnixNano: String(asked.incident.toUnixNano) },
    ...{ baseline: timesOf(asked.baseline), incident: timesOf(asked.incident) },
    ...toldOf(asked, ranking, found.outcome === 'holds', routes),
    verdict: found.statement,
    confidence: {
      tier: ranking.tier,
      holds: found.outcome === 'holds' ? 1 : 0,
      tested: found.outcome === 'untested' ? 0 : 1,
      reason: ranking.reason,
    },
    findings: [found],
    suspects: keptSuspects(ranking.suspects),
    lacked: ranking.lacked,
  };
}

function toldOf(
  asked: Asked,
  { suspects }: Ranking,
  named: boolean,
  routes: number,
): Pick<Incident, 'title' | 'unknown' | 'harm' | 'tryFirst'> {
  const since = `since ${clockTime(asked.onsetUnixNano)}`;
  const harm =
    routes === 0
      ? 'Not measured: no requests of a route are stored on both sides.'
      : `None measured: of ${counted(routes, 'route')} none fails more often or is slower than before.`;
  const [first] = suspects;
  const strongest = first?.evidence[0];
  if (!named || !first || !strongest) {
    const title = `No service stands out ${since}: cause not known`;
    return { title, unknown: 'What changed.', harm, tryFirst: 'Look at the slowest traces.' };
  }
  return {
    title: `${first.service}: ${CHANGES[strongest.family]} ${since}`,
    unknown: `Why it changed in ${first.service}, and which routes of others it touches.`,
    harm,
    tryFirst: `Look at ${first.service}: ${strongest.about.replace(/\.$/, '')}.`,
  };
}

function timesOf({ fromUnixNano, toUnixNano }: TimeRange): Incident['baseline'] {
  return { fromUnixNano: String(fromUnixNano), toUnixNano: String(toUnixNano) };
}
