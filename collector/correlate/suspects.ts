import type { Store, TimeRange } from '../storage/store.ts';
import { finding, untested } from './finding.ts';
import { counted } from './format.ts';
import type { Evidence, Finding, FindingTable, Question, SuspectService } from './incident.ts';
import type { Ranking, Suspect } from './ranking/rank.ts';
import { rankServices } from './ranking/ranking.ts';
import { newestIncidents } from './stored-incidents.ts';

/** Services that a finding shows. */
const SHOWN = 5;
/** What is told of a service beside the strongest. */
const EVIDENCE_SHOWN = 5;
/** Services that an incident keeps. */
const KEPT = 20;
/** Until this long before an incident's onset, and after it when its end is not known, time is not quiet. */
const EARLY_NANO = 10_000_000_000n;
const LASTS_NANO = 240_000_000_000n;

/** In which service did it begin? All of them are compared with quiet time. */
export const suspects: Evidence = async (question, store, deps) => {
  const rank = deps.rank ?? ((asked) => rankOf(asked, store, deps));
  return [suspectsFinding(question, await rank(question))];
};

/** Of an incident that lasts so many spans are read at a time: the detector goes on meanwhile, and will look again. */
const MAX_SPANS = 150_000;

/** Ranks the services of a question, without the times of other incidents that are stored. */
export async function rankOf(
  question: Pick<Question, 'onsetUnixNano' | 'incident'>,
  store: Store,
  deps: { signal: AbortSignal },
): Promise<Ranking> {
  const { onsetUnixNano, incident } = question;
  const known = await timesOfOthers(store, onsetUnixNano);
  const asked = { onset: onsetUnixNano, end: incident.toUnixNano, known, maxSpans: MAX_SPANS };
  return rankServices(store, asked, deps);
}

/** The times of incidents that are stored, but of one with this onset. */
export async function timesOfOthers(store: Pick<Store, 'list'>, onset: bigint): Promise<TimeRange[]> {
  const { incidents } = await newestIncidents(store);
  return incidents
    .map(({ onsetUnixNano, incident, closedUnixNano }) => {
      const from = BigInt(onsetUnixNano);
      const ends = [from + LASTS_NANO, BigInt(incident.toUnixNano), BigInt(closedUnixNano ?? 0)];
      const to = ends.reduce((a, b) => (b > a ? b : a));
      return { onset: from, fromUnixNano: from - EARLY_NANO, toUnixNano: to };
    })
    .filter((range) => range.onset !== onset)
    .map(({ fromUnixNano, toUnixNano }) => ({ fromUnixNano, toUnixNano }));
}

/** A ranking as a finding. */
export function suspectsFinding(question: Question, ranking: Ranking): Finding {
  const [first] = ranking.suspects;
  const held = first && ranking.tier !== 'insufficient evidence';
  if (!held && (ranking.windows.quiet.length === 0 || ranking.spans + ranking.logs === 0)) {
    const lacked = ranking.lacked.join(' ').replace(/\.$/, '');
    return untested(question, 'suspects', lacked.charAt(0).toLowerCase() + lacked.slice(1));
  }
  const statement = held
    ? `It begins in ${first.service} (${ranking.reason.replace(/\.$/, '')}). ${first.evidence[0]!.statement}`
    : `No service stands out: ${ranking.reason}`;
  const strongest = first?.evidence[0];
  return finding(question, {
    kind: 'suspects',
    outcome: held ? 'holds' : 'refuted',
    subject: { service: first?.service ?? question.service },
    effect: first?.score ?? 0,
    baseline: strongest?.baseline ?? { value: 0, n: 0 },
    incident: strongest?.incident ?? { value: 0, n: 0 },
    statement,
    references: first?.evidence.slice(0, EVIDENCE_SHOWN).flatMap(({ references }) => references) ?? [],
    table: tableOf(ranking),
    facts: first
      ? {
          ...{ service: first.service, score: first.score, tier: ranking.tier },
          ...{ family: strongest!.family, about: strongest!.about },
        }
      : {},
  });
}

function tableOf({ suspects: ranked, windows, spans }: Ranking): FindingTable {
  return {
    columns: [
      { title: 'Service', align: 'left' },
      { title: 'Score', align: 'right' },
      { title: 'What changed most', align: 'left' },
    ],
    rows: ranked.slice(0, SHOWN).map(({ service, score, evidence }, i) => ({
      cells: [service, score.toFixed(2), evidence[0]!.statement],
      emphasis: i === 0 && score >= 1,
    })),
    caption: `${Math.min(SHOWN, ranked.length)} of ${ranked.length} services that changed; ${spans.toLocaleString('en')} spans, ${counted(windows.quiet.length, 'minute')} of quiet time. 1 is enough to name a service.`,
  };
}

/** Suspects as an incident keeps them: the first ones, each with the strongest of what speaks against it. */
export function keptSuspects(ranked: readonly Suspect[]): SuspectService[] {
  return ranked.slice(0, KEPT).map(({ service, score, evidence }) => ({
    service,
    score,
    evidence: evidence
      .slice(0, EVIDENCE_SHOWN)
      .map(({ family, about, score: own, statement, references, between }) => ({
        ...{ family, about, score: own, statement, references },
        ...(between ? { between } : {}),
      })),
    families: Object.fromEntries(evidence.toReversed().map((one) => [one.family, one.score])),
  }));
}
