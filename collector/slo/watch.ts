/** Objectives of files, and how they stand over the store: read at the start, looked after while the collector runs. */
import { formatFileProblems, type Service } from '../../slo/index.ts';
import type { Store } from '../storage/store.ts';
import { NANOS_PER_MS } from '../telemetry/clock.ts';
import { type Standing, standingOf } from './evaluate.ts';
import type { Objectives } from './files.ts';
import { Ledger, type LedgerDeps } from './ledger.ts';
import { floorStep } from './timeline.ts';

/** How often objectives are looked after: the length of a step. */
export const watchEveryMs = 30_000;
/** How long one turn reads older hours. */
const turnMs = 5_000;

export interface WatchDeps extends LedgerDeps {
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicMs: () => number;
  /** The files as they are now; what is given where they say the same. */
  readonly readObjectives: (before: Objectives) => Promise<Objectives>;
  readonly warn: (message: string, fields?: Record<string, unknown>) => void;
}

export interface SloWatch {
  /** Takes changed files, and reads on in the store. Rejects as the store does. */
  tick(): Promise<void>;
  /** Waits for what is new in the store, up to `withinMs`; what takes longer goes on, and what fails is told by the budgets. */
  refresh(withinMs: number): Promise<void>;
  /** How every budget stands, at the end of the newest step. */
  standings(): Promise<Standings>;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

interface Standings {
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly standings: readonly Standing[];
  /** Budgets of groups above the bound. */
  readonly leftOut: number;
}

/** Watches objectives; nothing is read before the first tick or refresh, and one reading at a time. */
export function watchSlos(store: Store, objectives: Objectives, deps: WatchDeps): SloWatch {
  const ledger = new Ledger(store, objectives.services, deps);
  const look = reloading(objectives, deps, (services) => ledger.replace(services));
  const stopping = new AbortController();
  let underway: Promise<void> | undefined;
  /** Who comes meanwhile waits for the reading that goes on. */
  const read = () => {
    const began = deps.monotonicMs();
    underway ??= ledger
      .advance(stopping.signal, () => deps.monotonicMs() - began > turnMs)
      .finally(() => {
        underway = undefined;
      });
    return underway;
  };
  /** The last answer: between two readings all ask the same. */
  let judged:
    | { readonly nowMs: number; readonly revision: number; readonly answer: Promise<Standings> }
    | undefined;
  return {
    tick: async () => {
      await look();
      await read();
    },
    refresh: async (withinMs) => {
      const reading = read().catch((error: unknown) => {
        if (!stopping.signal.aborted) deps.warn('objectives could not be counted', { err: error });
      });
      await Promise.race([reading, after(withinMs)]);
    },
    standings: () => {
      const nowMs = floorStep(Number(deps.clock() / NANOS_PER_MS));
      const { revision } = ledger;
      if (nowMs !== judged?.nowMs || revision !== judged.revision)
        judged = { nowMs, revision, answer: judge(ledger, nowMs, deps) };
      return judged.answer;
    },
    stop: async () => {
      stopping.abort();
      await underway?.catch(() => undefined);
    },
  };
}

/** Judging hundreds of budgets takes a good part of a second: other work has its turn between them. */
async function judge(ledger: Ledger, nowMs: number, { breathe }: LedgerDeps): Promise<Standings> {
  const standings: Standing[] = [];
  for (const budget of ledger.budgets()) {
    standings.push(standingOf(budget, nowMs));
    await breathe();
  }
  return { nowMs, standings, leftOut: ledger.leftOut };
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

/** Takes files that changed when they are right; wrong ones are warned of once, and what was right stays. */
function reloading(
  first: Objectives,
  { readObjectives, warn }: WatchDeps,
  take: (services: readonly Service[]) => void,
): () => Promise<void> {
  let taken = first;
  let warned = '';
  return async () => {
    const now = await readObjectives(taken);
    const problems = formatFileProblems(now.problems);
    if (now.problems.length > 0 && problems !== warned)
      warn('changed objectives are not taken, the old ones stay', { problems });
    warned = problems;
    if (now === taken || now.problems.length > 0) return;
    taken = now;
    take(now.services);
  };
}
