/** Burn rates and events over a range, as charts draw them. Pure. */
import { burnRate, countSums, errorBudget, tiers, type WindowName, windowReader } from '../../slo/index.ts';
import type { Budget } from './book.ts';
import { evidence } from './evidence.ts';
import { stepMs } from './timeline.ts';

/** Burn rates of every tier at evenly spaced moments of a range: null where nothing came, or nobody looked. */
export interface BurnLines {
  readonly at: readonly number[];
  readonly tiers: readonly { readonly id: string; readonly long: Line; readonly short: Line }[];
  /** Bad and all events between one moment and the one before. */
  readonly bad: Line;
  readonly total: Line;
}

type Line = readonly (number | null)[];

/** At most so many points of each line. */
const linePoints = 240;

/**
 * Lines over a range, as far as the recent steps reach; undefined where they do not reach at all. Its ends are milliseconds since
 * 1970 and need not be those of steps.
 */
export function burnLines(budget: Budget, fromMs: number, toMs: number): BurnLines | undefined {
  const endMs = Math.floor(toMs / stepMs) * stepMs;
  const { counts } = budget;
  const steps = counts && evidence(counts, endMs);
  if (!steps) return undefined;
  const sums = countSums(steps);
  const last = steps.total.length;
  const first = Math.ceil((Math.max(fromMs, counts.recent.startUnixMs) - steps.startUnixMs) / stepMs);
  if (last - first < 1) return undefined;
  const every = Math.ceil((last - first) / linePoints);
  const ends: number[] = [];
  for (let end = last; end > first; end -= every) ends.unshift(end);
  const share = errorBudget(budget.slo.objective);
  const burns = (name: WindowName) => {
    const read = windowReader(sums, name);
    return ends.map((end) => burnRate(read(end - 1), share) ?? null);
  };
  const { weight } = counts;
  const grown = (before: Float64Array) =>
    ends.map((end) => {
      const from = Math.max(end - every, 0);
      return sums.observed[end]! > sums.observed[from]! ? (before[end]! - before[from]!) * weight : null;
    });
  return {
    at: ends.map((end) => steps.startUnixMs + end * stepMs),
    tiers: tiers.map(({ id, longWindow, shortWindow }) => ({
      id,
      long: burns(longWindow),
      short: burns(shortWindow),
    })),
    bad: grown(sums.bad),
    total: grown(sums.total),
  };
}
