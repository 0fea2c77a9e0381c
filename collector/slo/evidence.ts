import type { StepCounts } from '../../slo/index.ts';
import { type Counts, hourMs, recentHours, stepMs } from './timeline.ts';

const stepsPerHour = hourMs / stepMs;

/**
 * What the tiers judge at the end of step `nowMs` and, so that the longest window is whole at earlier steps too, before: the
 * recent steps, and as many hours again, whose events stand in their last step. Steps that nobody counted were not observed.
 * What each sampled span stands for is taken out again: ratios stay, and a guard's five bad events are five that were seen.
 * Undefined where `nowMs` lies before the recent steps.
 */
export function evidence({ recent, hours, weight }: Counts, nowMs: number): StepCounts | undefined {
  const steps = Math.round((nowMs - recent.startUnixMs) / stepMs);
  if (steps < 1) return undefined;
  const startUnixMs = Math.max(recent.startUnixMs - recentHours * hourMs, hours.startUnixMs);
  const before = (recent.startUnixMs - startUnixMs) / stepMs;
  const firstHour = (startUnixMs - hours.startUnixMs) / hourMs;
  const column = (older: Float64Array, newer: Float64Array) => {
    const all = new Float64Array(before + steps);
    for (let step = stepsPerHour; step <= before; step += stepsPerHour)
      all[step - 1] = older[firstHour + step / stepsPerHour - 1]! / weight;
    all.set(newer.subarray(0, steps), before);
    if (weight !== 1) for (let step = before; step < all.length; step++) all[step]! /= weight;
    return all;
  };
  const observed = new Uint8Array(before + steps);
  for (let step = stepsPerHour; step <= before; step += stepsPerHour)
    observed[step - 1] = hours.measured[firstHour + step / stepsPerHour - 1]! > 0 ? 1 : 0;
  observed.set(recent.observed.subarray(0, steps), before);
  return {
    ...recent,
    startUnixMs,
    bad: column(hours.bad, recent.bad),
    total: column(hours.total, recent.total),
    observed,
  };
}
