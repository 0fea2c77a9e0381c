import type { Severity } from '../slo.ts';
import type { StepCounts } from '../step-counts.ts';

/** One pair of windows; an alert fires when both burn. */
interface Pair {
  readonly severity: Severity;
  readonly factor: number;
  readonly longSeconds: number;
  readonly shortSeconds: number;
}

const hour = 3_600;

/** Source: https://sre.google/workbook/alerting-on-slos/#6-multiwindow-multi-burn-rate-alerts, as Sloth renders it. */
const pairs: readonly Pair[] = [
  { severity: 'page', factor: 14.4, longSeconds: hour, shortSeconds: hour / 12 },
  { severity: 'page', factor: 6, longSeconds: 6 * hour, shortSeconds: hour / 2 },
  { severity: 'ticket', factor: 3, longSeconds: 24 * hour, shortSeconds: 2 * hour },
  { severity: 'ticket', factor: 1, longSeconds: 72 * hour, shortSeconds: 6 * hour },
];

/** A stretch in which an alert of one severity fired, in steps: from inclusive, to exclusive. */
export interface Alarm {
  readonly severity: Severity;
  readonly from: number;
  readonly to: number;
}

/**
 * The workbook's rules as they are usually rendered: ratios of rates over raw counters, judged at every step, without any guard;
 * one alert per severity for either of its pairs. The peer that the rules of this project are measured against.
 */
export function replayWorkbook(budget: number, counts: StepCounts): readonly Alarm[] {
  const burnAt = burnReader(budget, counts);
  const alarms = (['page', 'ticket'] as const).flatMap((severity) => {
    const own = pairs.filter((pair) => pair.severity === severity);
    const fires = (step: number) =>
      own.some(
        ({ factor, longSeconds, shortSeconds }) =>
          burnAt(step, shortSeconds) > factor && burnAt(step, longSeconds) > factor,
      );
    return alarmsOf(counts.total.length, fires).map((alarm) => ({ severity, ...alarm }));
  });
  return alarms.sort((a, b) => a.from - b.from);
}

/**
 * A range of n samples holds n - 1 increases, so a window is read one step short, and rate makes up for it on both sides of the
 * division. Without traffic the ratio is NaN, which is above no factor.
 */
function burnReader(budget: number, { stepSeconds, bad, total }: StepCounts) {
  const [badBefore, totalBefore] = [sumsOf(bad), sumsOf(total)];
  return (step: number, seconds: number): number => {
    const from = Math.max(step + 2 - seconds / stepSeconds, 0);
    const events = totalBefore[step + 1]! - totalBefore[from]!;
    return (badBefore[step + 1]! - badBefore[from]!) / events / budget;
  };
}

function alarmsOf(steps: number, fires: (step: number) => boolean): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  let from: number | undefined;
  for (let step = 0; step <= steps; step++) {
    const firing = step < steps && fires(step);
    if (firing) from ??= step;
    else if (from !== undefined) {
      found.push({ from, to: step });
      from = undefined;
    }
  }
  return found;
}

function sumsOf(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (let i = 0; i < values.length; i++) sums[i + 1] = sums[i]! + values[i]!;
  return sums;
}
