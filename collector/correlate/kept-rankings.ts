import type { Question } from './incident.ts';
import type { Ranking } from './ranking/rank.ts';
import { MOST_INCIDENT_NANO } from './ranking/windows.ts';

/** A ranking reads half an hour of all services: while an incident grows it is made anew this often. */
const AGAIN_NANO = 30_000_000_000n;
/** Onsets whose rankings are kept. */
const KEPT = 50;

type Asked = Pick<Question, 'onsetUnixNano' | 'incident'>;

interface Kept {
  end: bigint;
  ranking: Promise<Ranking>;
}

/** Rankings of incidents that last, by their onset: made anew while there is more of the beginning to be compared. */
export class KeptRankings {
  readonly #byOnset = new Map<bigint, Kept>();

  /** The kept ranking, or what `rank` gives; one that fails is not kept. */
  of({ onsetUnixNano, incident }: Asked, rank: () => Promise<Ranking>): Promise<Ranking> {
    const kept = this.#byOnset.get(onsetUnixNano);
    if (kept && !growsOn(onsetUnixNano, kept.end, incident.toUnixNano)) return kept.ranking;
    const ranking = rank();
    this.#byOnset.delete(onsetUnixNano);
    this.#byOnset.set(onsetUnixNano, { end: incident.toUnixNano, ranking });
    ranking.catch(() => this.#byOnset.delete(onsetUnixNano));
    if (this.#byOnset.size > KEPT) this.#byOnset.delete(this.#byOnset.keys().next().value!);
    return ranking;
  }
}

/** Is there enough more of what is compared, the beginning of an incident? */
function growsOn(onset: bigint, before: bigint, now: bigint): boolean {
  const most = onset + MOST_INCIDENT_NANO;
  const capped = now < most ? now : most;
  return before < most && (capped - before >= AGAIN_NANO || (capped === most && now > before));
}
