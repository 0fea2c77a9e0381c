import { counted } from '../format.ts';
import type { ConfidenceTier } from '../incident.ts';
import type { Family, Suspicion } from './suspicion.ts';
import type { Windows } from './windows.ts';

/**
 * Strength of each family at which it is enough to name a service. Source: weighed on 24 labelled faults of
 * TrainTicket; each may be halved or doubled without a change of the ranking. That of log
 * rates, which have no such data, is a guess: 16 times as often, surely.
 */
const ENOUGH: Record<Family, number> = {
  failures: 0.4,
  logs: 0.4,
  calls: 0.4,
  'log-rate': 4,
  network: 2.5,
  dependency: 2.5,
  'self-time': 5,
  cpu: 6,
  memory: 6,
};

/** A suspicion with its score: 1 is enough to name the service. */
export interface Scored extends Suspicion {
  score: number;
}

/** A service with all that speaks against it, the strongest first. */
export interface Suspect {
  service: string;
  score: number;
  evidence: Scored[];
}

/** Which service an incident comes from, as far as all services' telemetry tells. */
export interface Ranking {
  windows: Windows;
  suspects: Suspect[];
  tier: ConfidenceTier;
  /** Why this tier and no higher one. */
  reason: string;
  /** What was not there to be looked at, in sentences. */
  lacked: string[];
  spans: number;
  logs: number;
}

/** Services by the strongest that speaks against each; a ranking is always given. */
export function rank(suspicions: readonly Suspicion[]): Suspect[] {
  // A strength that is no number says nothing; in a sort it would say anything.
  const scored = suspicions
    .filter(({ strength }) => Number.isFinite(strength))
    .map((one) => ({ ...one, score: one.strength / ENOUGH[one.family] }));
  return [...Map.groupBy(scored, ({ service }) => service)]
    .map(([service, evidence]) => {
      const sorted = evidence.toSorted(byScore);
      return { service, score: sorted[0]!.score, evidence: sorted };
    })
    .sort((a, b) => b.score - a.score || (a.service < b.service ? -1 : 1));
}

/** Of the same score in the order of their texts: order of arrival must not matter. */
function byScore(a: Scored, b: Scored): number {
  return b.score - a.score || (`${a.family} ${a.statement}` < `${b.family} ${b.statement}` ? -1 : 1);
}

/** Score and lead over the next service from which an answer is of the highest tier. */
const SURE_SCORE = 2;
const SURE_LEAD = 1.5;
const SURE_SLICES = 3;

/** How far the first of a ranking can be trusted, and why not further. */
export function tierOf(
  suspects: readonly Suspect[],
  slicesBefore: number,
): { tier: ConfidenceTier; reason: string } {
  const [first, second] = suspects;
  if (!first || first.score < 1) {
    const most = first
      ? `the strongest, ${first.service}, scores ${first.score.toFixed(2)} of 1`
      : 'nothing changed';
    return { tier: 'insufficient evidence', reason: `${most}.` };
  }
  const lead = second ? first.score / second.score : Number.POSITIVE_INFINITY;
  const told = `score ${first.score.toFixed(2)} of 1${second ? `, ${lead.toFixed(1)} times that of ${second.service}` : ''}`;
  const doubts = [
    ...(first.score < SURE_SCORE ? [`below ${SURE_SCORE}`] : []),
    ...(lead < SURE_LEAD ? [`less than ${SURE_LEAD} times the next`] : []),
    ...(slicesBefore < SURE_SLICES
      ? [`${counted(slicesBefore, 'minute')} of quiet time before, ${SURE_SLICES} are needed`]
      : []),
  ];
  const tier = doubts.length === 0 ? 'high' : doubts.length === 1 ? 'medium' : 'low';
  return { tier, reason: `${[told, ...doubts].join('; ')}.` };
}
