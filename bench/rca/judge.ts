import type { Finding, Incident } from '../../collector/correlate/incident.ts';
import type { Right } from './cases.ts';

/** How one incident, as it stands, answers to what is right. */
export interface Judged {
  rank1: boolean;
  evidence: boolean;
}

/** Does an incident name the right cause in its title, and the right evidence in a finding that holds? */
export function judge(incident: Pick<Incident, 'title' | 'confidence' | 'findings'>, right: Right): Judged {
  const { title, confidence, findings } = incident;
  return {
    rank1: confidence.tier !== 'insufficient evidence' && right.cause.test(title),
    evidence: findings.some((found) => speaks(found, right.evidence)),
  };
}

/** An attribute may be told by a difference that no call explains: such a finding does not hold, and says it still. */
function speaks({ kind, outcome, statement }: Finding, { kind: wanted, says }: Right['evidence']): boolean {
  if (kind !== wanted || !says.test(statement)) return false;
  return outcome === 'holds' || (kind === 'difference' && outcome === 'refuted');
}

/** One look at an incident, `atSeconds` after it opened. */
export interface Look extends Judged {
  atSeconds: number;
}

/** What holds at the end of all looks, and since when it has without a break. */
export function settled(looks: readonly Look[]): Judged & { seconds: number | undefined } {
  const last = looks.at(-1);
  const isRight = ({ rank1, evidence }: Judged) => rank1 && evidence;
  const lastWrong = looks.findLastIndex((look) => !isRight(look));
  return {
    rank1: last?.rank1 ?? false,
    evidence: last?.evidence ?? false,
    seconds: looks[lastWrong + 1]?.atSeconds,
  };
}
