import type { Scored, Suspect } from './rank.ts';
import type { Family } from './suspicion.ts';

/** Suspects of which more is told than the ranking needs. */
const SUSPECTS = 3;

/** The suspects with what `tell` adds to the strongest evidence of a family, of the first ones; undefined adds nothing. */
export async function enriched(
  suspects: readonly Suspect[],
  family: Family,
  tell: (one: Scored) => Promise<Partial<Scored> | undefined>,
): Promise<Suspect[]> {
  const told = [];
  for (const [i, suspect] of suspects.entries()) {
    const at = suspect.evidence.findIndex((one) => one.family === family);
    const one = i < SUSPECTS && at >= 0 ? suspect.evidence[at]! : undefined;
    const more = one && (await tell(one));
    told.push(
      one && more ? { ...suspect, evidence: suspect.evidence.with(at, { ...one, ...more }) } : suspect,
    );
  }
  return told;
}
