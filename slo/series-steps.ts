/** Samples of series, which come at any time, in equal steps. */
import type { RawSeries } from './matrix.ts';

/** Equal steps: where the first begins, how long each is, how many. As `StepCounts` demands them. */
export interface Steps {
  readonly startUnixMs: number;
  readonly stepSeconds: number;
  readonly steps: number;
}

/** The longest silence between two samples that still counts as measured: the lookback of Prometheus. */
const maxGapMs = 300_000;

/** Events of counters per step. */
export interface Increases {
  readonly events: Float64Array;
  /** 1 where two samples of a series, near enough, lie around the end of the step. */
  readonly seen: Uint8Array;
}

/** Events of counters per step: what lies between two samples is spread evenly over their time. */
export function increases(series: readonly RawSeries[], steps: Steps): Increases {
  const events = new Float64Array(steps.steps);
  const seen = new Uint8Array(steps.steps);
  for (const { timesMs, values } of series) {
    for (let i = 1; i < timesMs.length; i++) {
      const [from, to] = [timesMs[i - 1]!, timesMs[i]!];
      if (to - from > maxGapMs) continue;
      const rise = values[i]! - values[i - 1]!;
      spread(events, seen, from, to, rise >= 0 ? rise : values[i]!, steps);
    }
  }
  return { events, seen };
}

function spread(
  events: Float64Array,
  seen: Uint8Array,
  from: number,
  to: number,
  rise: number,
  { startUnixMs, stepSeconds }: Steps,
): void {
  const length = stepSeconds * 1_000;
  const first = Math.max(Math.floor((from - startUnixMs) / length), 0);
  const last = Math.min(Math.ceil((to - startUnixMs) / length), events.length);
  for (let step = first; step < last; step++) {
    const begin = startUnixMs + step * length;
    const overlap = Math.min(to, begin + length) - Math.max(from, begin);
    events[step]! += (rise * overlap) / (to - from);
    if (to >= begin + length) seen[step] = 1;
  }
}

/** Of all series the worst value at the end of each step, by their newest sample within the lookback; NaN where none is. */
export function worstValues(
  series: readonly RawSeries[],
  worse: (a: number, b: number) => number,
  { startUnixMs, stepSeconds, steps }: Steps,
): Float64Array {
  const worst = new Float64Array(steps).fill(Number.NaN);
  for (const { timesMs, values } of series) {
    let next = 0;
    for (let step = 0; step < steps; step++) {
      const end = startUnixMs + (step + 1) * stepSeconds * 1_000;
      while (next < timesMs.length && timesMs[next]! <= end) next++;
      if (next === 0 || end - timesMs[next - 1]! >= maxGapMs) continue;
      const value = values[next - 1]!;
      worst[step] = Number.isNaN(worst[step]!) ? value : worse(worst[step]!, value);
    }
  }
  return worst;
}
