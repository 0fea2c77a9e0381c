/**
 * The rendered rules over counted events, without a Prometheus. Windows, tiles, cadence, guard and coverage are those of
 * alerts/rules.ts on a Prometheus that evaluates every group at whole multiples of its interval.
 *
 * What differs, and does not matter: a real group is evaluated at an offset of its own, so it may be up to one interval later.
 * Events are counted exactly here; `rate` counts up to 1/11 of a 5m window less while a counter has only just left 0.
 * Ranges are left-open, as in Prometheus 3.
 */
import { burnRate, evaluateBurn, type Tier, type WindowCounts, type WindowName } from './burn-rate.ts';
import { type Cadence, cadences } from './cadences.ts';
import { type CountSums, countSums, type StepCounts, windowReader } from './step-counts.ts';

/**
 * A stretch in which one tier fired, in steps: from inclusive, to exclusive. The alert is first seen at the end of step `from`
 * and last at the end of step `to - 1`; one that still fires at the end has `to` = number of steps.
 */
export interface Firing {
  readonly tier: Tier;
  readonly from: number;
  readonly to: number;
}

/**
 * When each tier fires over the counts, in the order of beginnings; `budget` is 1 - objective (0.001). O(steps).
 * @throws RangeError when the counts are not as `StepCounts` says
 */
export function replay(budget: number, counts: StepCounts): readonly Firing[] {
  const sums = countSums(counts);
  return cadences
    .flatMap((cadence) => {
      const due = dueSteps(counts, cadence.seconds);
      return stretches(due, counts.total.length, judging(budget, sums, cadence));
    })
    .sort((a, b) => a.from - b.from);
}

const none: readonly Tier[] = [];

/** The tiers of one group that fire at the end of a step. */
function judging(budget: number, sums: CountSums, { tiers, reads }: Cadence) {
  const readers = reads.map((name) => windowReader(sums, name));
  const shorts = tiers.map(({ shortWindow, factor }) => ({ at: windowReader(sums, shortWindow), factor }));
  return (step: number): readonly Tier[] => {
    // The short window must burn in every tier, and seldom does: asked first, it spares all else.
    if (!shorts.some(({ at, factor }) => (burnRate(at(step), budget) ?? 0) > factor)) return none;
    const counts: Partial<Record<WindowName, WindowCounts>> = {};
    for (let n = 0; n < reads.length; n++) counts[reads[n]!] = readers[n]!(step);
    return evaluateBurn(budget, counts).flatMap(({ tier, verdict }) => (verdict === 'firing' ? [tier] : []));
  };
}

/** The steps at whose end a group is evaluated: the first to end at or after each multiple of its interval. */
function dueSteps({ startUnixMs, stepSeconds, total }: StepCounts, seconds: number): Uint32Array {
  const due = new Uint32Array(total.length);
  const start = startUnixMs / 1_000;
  let length = 0;
  for (let step = 0; step < total.length; step++) {
    if ((start + (step + 1) * stepSeconds) % seconds < stepSeconds) due[length++] = step;
  }
  return due.subarray(0, length);
}

/** Joins what fires at a group's evaluations; between two of them the older one holds. */
function stretches(due: Uint32Array, end: number, firingAt: (step: number) => readonly Tier[]): Firing[] {
  const found: Firing[] = [];
  const since = new Map<Tier, number>();
  for (const step of due) {
    const firing = firingAt(step);
    for (const [tier, from] of since) {
      if (firing.includes(tier)) continue;
      found.push({ tier, from, to: step });
      since.delete(tier);
    }
    for (const tier of firing) if (!since.has(tier)) since.set(tier, step);
  }
  for (const [tier, from] of since) found.push({ tier, from, to: end });
  return found;
}
