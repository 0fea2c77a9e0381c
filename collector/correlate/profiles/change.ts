import type { Interval } from '../stats.ts';
import type { ProfileUse } from './summary.ts';

/** Rows of a comparison that are told. */
export const MAX_CHANGES = 8;
/** What a place grew by is all but told by one that it calls, when that grew by this part of it. */
const TOLD_BY_CALLEE = 0.8;

/** One function, or one group of goroutines, that grew: values in the unit of its aspect, n of what they come from. */
export interface Change {
  name: string;
  now: number;
  before: number;
  /** Of the difference, 95 %; absent where all is counted and nothing sampled. */
  interval?: Interval;
  nowN: number;
  beforeN: number;
  /** Two-sided; null where none can be computed. */
  p: number | null;
}

/** Grown places, the largest growth first, without those that only call another one of them. */
export function mostSpecific<C extends Change>(grown: readonly C[], { functions }: ProfileUse): C[] {
  const callerOf = new Map(functions.map(({ name, caller }) => [name, caller]));
  const above = new Map(grown.map(({ name }) => [name, callersOf(name, callerOf)]));
  const more = ({ now, before }: Change) => now - before;
  const tells = (callee: C, caller: C) =>
    above.get(callee.name)!.has(caller.name) &&
    !above.get(caller.name)!.has(callee.name) &&
    more(callee) >= TOLD_BY_CALLEE * more(caller);
  return grown
    .filter((caller) => !grown.some((callee) => tells(callee, caller)))
    .sort((a, b) => more(b) - more(a))
    .slice(0, MAX_CHANGES);
}

/** The places above one, each the heaviest caller of the one before; recursion ends it. */
function callersOf(name: string, callerOf: ReadonlyMap<string, string>): Set<string> {
  const callers = new Set<string>();
  for (let at = callerOf.get(name); at && at !== name && !callers.has(at); at = callerOf.get(at))
    callers.add(at);
  return callers;
}
