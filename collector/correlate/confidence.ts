import { type Cause, suspectOf } from './cause.ts';
import { factText, held } from './finding.ts';
import { counted, span } from './format.ts';
import type { ConfidenceTier, EvidenceKind, Finding, Incident, Question } from './incident.ts';
import { competing, isStarved, unprovenRelease } from './reasons.ts';

type Asked = Omit<Question, 'before'>;

/** Links of the chain; the mechanisms (retries, pool) count only when they are part of it. */
export const LINKS: readonly EvidenceKind[] = [
  'symptom',
  'onset',
  'exemplars',
  'difference',
  'where',
  'logs',
];
export const MECHANISMS: readonly EvidenceKind[] = ['retry-storm', 'pool'];
/** Shares of fewer requests have intervals of 40 points and more. */
const SURE_COHORT = 20;
/** Younger incidents are often explained wrongly (.625 right at 30 s, .875 at 60 s on labelled faults). */
const SURE_SECONDS = 60;
/**
 * The tier: `high` when symptom, order, exemplars, difference, critical path and log line all hold, the two in the
 * middle name the same call, at least 20 requests stand on each side, the incident is a minute old and no alternative
 * explains the change. `medium` when one of the outer links is missing. `low` when difference and critical path do
 * not agree or an alternative holds as well that is no reason of the cause. Otherwise the evidence is insufficient.
 */
export function confidenceOf(
  asked: Asked,
  findings: readonly Finding[],
  cause: Cause | undefined,
): Incident['confidence'] {
  const links = LINKS.flatMap((kind) => findings.find((found) => found.kind === kind) ?? []);
  const mechanisms = MECHANISMS.flatMap((kind) => held(findings, kind) ?? []);
  const chain = [...links, ...mechanisms];
  const holds = chain.filter((found) => found.outcome === 'holds').length;
  const tested = chain.filter((found) => found.outcome !== 'untested').length;
  const others = findings.filter((found) => found.kind === 'alternatives');
  const explaining = competing(findings, cause);
  const refuted = others.filter((found) => found.outcome === 'refuted').length;
  const seconds = Number(asked.incident.toUnixNano - asked.incident.fromUnixNano) / 1e9;
  const n = held(findings, 'where') ?? held(findings, 'difference');
  const doubts = [
    ...links
      .filter((found) => found.outcome !== 'holds')
      .map((found) => `${found.kind} ${found.outcome === 'untested' ? 'not tested' : 'does not hold'}`),
    ...(n && Math.min(n.baseline.n, n.incident.n) < SURE_COHORT
      ? [`fewer than ${SURE_COHORT} requests on a side`]
      : []),
    ...(cause?.label && held(findings, 'onset') && factText(findings, 'onset', `began ${cause.label}`) === ''
      ? [`${cause.label} is not seen to change around the onset`]
      : []),
    ...otherSuspect(asked, findings),
    ...unprovenRelease(findings),
    ...(seconds < SURE_SECONDS ? [`the incident is ${span(seconds)} old`] : []),
    ...(explaining.length > 0
      ? [`${explaining.map((f) => f.facts['alternative']).join(' and ')} may explain it too`]
      : []),
  ];
  const tier = tierOf(findings, cause, explaining.length, doubts.length);
  const absent = findings.filter((f) => MECHANISMS.includes(f.kind) && f.outcome === 'refuted').length;
  const apply = absent === 0 ? '' : `, ${absent} ${absent === 1 ? 'does' : 'do'} not apply`;
  const counts = `${holds} of ${counted(tested, 'link')} hold${apply}, ${refuted} of ${counted(refuted + explaining.length, 'alternative')} refuted`;
  return { tier, holds, tested, reason: `${counts}${doubts.length === 0 ? '' : `; ${doubts.join(', ')}`}.` };
}

/** Does another service stand out than the one that is asked about or the one it calls? */
function otherSuspect(asked: Asked, findings: readonly Finding[]): string[] {
  const suspect = suspectOf(findings);
  if (suspect?.tier !== 'high') return [];
  const own = [asked.service, factText(findings, 'where', 'callee')];
  return own.includes(suspect.service) ? [] : [`${suspect.service} stands out among all services`];
}

function tierOf(
  findings: readonly Finding[],
  cause: Cause | undefined,
  explaining: number,
  doubts: number,
): ConfidenceTier {
  if (!cause || !held(findings, 'symptom')) return 'insufficient evidence';
  if ((!cause.agreed && !isStarved(findings, cause)) || explaining > 0) return 'low';
  return doubts === 0 ? 'high' : 'medium';
}
