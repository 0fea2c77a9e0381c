/**
 * What happens to an objective in a rule test, and what follows from it: counts of its windows by the scenario's own events.
 * No rule is asked here.
 */
import { type WindowCounts, type WindowName, windows } from '../../slo/index.ts';

/** Seconds between samples. */
export const step = 30;

/** A stretch of time: good and bad events per sample. */
export interface Stretch {
  readonly seconds: number;
  readonly good: number;
  readonly bad: number;
  /** No scrape succeeds; events go on, and nobody sees them. */
  readonly unseen?: true;
  /** The process begins anew, and its counters at 0. */
  readonly restart?: true;
}

export interface Scenario {
  readonly name: string;
  readonly stretches: readonly Stretch[];
  /** When to look, in seconds from the start: multiples of 5 minutes, where the newest tile ends. */
  readonly times: readonly number[];
  /** There is no series of bad events before the first of them. */
  readonly lateErrors?: true;
}

/** The scenario where slices of time are counted: each sample is one, good or bad. */
export function inSlices(scenario: Scenario): Scenario {
  const slice = ({ bad }: Stretch) => (bad > 0 ? { good: 0, bad: 1 } : { good: 1, bad: 0 });
  return { ...scenario, stretches: scenario.stretches.map((one) => ({ ...one, ...slice(one) })) };
}

/**
 * Events of a window that ends at `time`, of `told` sources to which the scenario happens and of `healthy` ones, at which all of
 * its events are good. With `missingIsBad` what nobody saw is bad.
 */
export function countsAt(
  stretches: readonly Stretch[],
  time: number,
  window: WindowName,
  { told, healthy }: { readonly told: number; readonly healthy: number },
  missingIsBad: boolean,
): WindowCounts {
  const { seconds } = windows[window];
  let [start, good, bad, seen] = [0, 0, 0, 0];
  for (const stretch of stretches) {
    const end = start + stretch.seconds;
    const overlap = Math.max(0, Math.min(end, time) - Math.max(start, time - seconds));
    const samples = overlap / step;
    if (!stretch.unseen) {
      good += samples * (told * stretch.good + healthy * (stretch.good + stretch.bad));
      bad += samples * told * stretch.bad;
    } else if (missingIsBad) bad += samples;
    if (!stretch.unseen || missingIsBad) seen += overlap;
    start = end;
  }
  return { bad, total: good + bad, coverage: Math.min(1, seen / seconds) };
}
