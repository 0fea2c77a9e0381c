// When a life of the collector ends: which phase the kill is to hit, drawn from a seed.

/** `startUp`: before it is ready; `any`: whatever happens then; `commit`: as the log of the store is being written. */
export const PHASES = ['startUp', 'any', 'commit', 'eviction', 'sealing'] as const;
export type Phase = (typeof PHASES)[number];

/** A kill: so many milliseconds after the start, or after it was ready, and then after the phase was seen to begin. */
export interface Ending {
  phase: Phase;
  afterMs: number;
  /** From the sign of the phase to the kill. */
  thenMs: number;
}

/** How long a life is at the most, once it is ready, and how long a sign of a phase is waited for. */
const LIFE_MS = 2000;
const COMMIT_MS = 4;
const WORK_MS = 40;
/** A look for what is to be sealed comes half a second after the one before; it and the run then take a while. */
const NEXT_RUN_MS = 450;
const RUN_MS = 250;
/** Weights of the phases, in the order of PHASES. */
const WEIGHTS = [0.2, 0.35, 0.15, 0.15, 0.15];

/** The next ending; `startMs` is how long a start takes. */
export function drawEnding(random: () => number, startMs: number): Ending {
  let left = random();
  const at = WEIGHTS.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  const phase = PHASES[at < 0 ? 1 : at]!;
  if (phase === 'startUp') return { phase, afterMs: random() * startMs, thenMs: 0 };
  const afterMs = random() * LIFE_MS;
  const drawn = random();
  const thenMs = {
    any: 0,
    commit: drawn * COMMIT_MS,
    eviction: drawn * WORK_MS,
    sealing: NEXT_RUN_MS + drawn * RUN_MS,
  }[phase];
  return { phase, afterMs, thenMs };
}
