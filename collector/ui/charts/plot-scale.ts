/** Lines over time in a box of 1000 by 100, and where things stand in it. No DOM. */

/** Values from `min` at the bottom to `max` at the top; by their logarithm where `log` says so. */
export interface PlotScale {
  readonly min: number;
  readonly max: number;
  readonly log: boolean;
}

export type Values = readonly (number | null)[];

/** How high a value stands, 0 to 1; what is outside stands at the edge. */
export function heightOf(value: number, { min, max, log }: PlotScale): number {
  const place = log
    ? Math.log(Math.max(value, min) / min) / Math.log(max / min)
    : (value - min) / (max - min || 1);
  return Math.max(0, Math.min(1, place));
}

/** How far along a moment stands, 0 to 1. */
export function placeOf(ms: number, fromMs: number, toMs: number): number {
  return Math.max(0, Math.min(1, (ms - fromMs) / (toMs - fromMs || 1)));
}

/** The path of one line; gaps stay gaps, and a value between two of them is a short dash. */
export function plotPath(at: readonly number[], values: Values, scale: PlotScale): string {
  const [from, to] = [at[0] ?? 0, at.at(-1) ?? 0];
  const tenth = (value: number) => Math.round(value * 10) / 10;
  let path = '';
  let isOpen = false;
  for (const [i, value] of values.entries()) {
    if (value === null) {
      isOpen = false;
      continue;
    }
    const x = tenth(placeOf(at[i]!, from, to) * 1000);
    const y = tenth((1 - heightOf(value, scale)) * 100);
    path += `${isOpen ? 'L' : 'M'}${x} ${y}`;
    if (!isOpen && (values[i + 1] ?? null) === null) path += 'h4';
    isOpen = true;
  }
  return path;
}

/** The index of the moment that is nearest to a place along the axis, 0 to 1; -1 of none. */
export function nearestAt(at: readonly number[], place: number): number {
  const [from, to] = [at[0] ?? 0, at.at(-1) ?? 0];
  const wanted = from + place * (to - from);
  let nearest = -1;
  for (let i = 0; i < at.length; i++) {
    if (nearest < 0 || Math.abs(at[i]! - wanted) < Math.abs(at[nearest]! - wanted)) nearest = i;
  }
  return nearest;
}

/** From 0 to a number above all values whose quarters are whole. */
export function countScale(values: Values): PlotScale {
  return { min: 0, max: roundUp(Math.max(most(values), 4)), log: false };
}

/** From 0 to the whole, or from a round number below where more than the whole was spent. */
export function shareScale(values: Values): PlotScale {
  const over = most(values.map((value) => (value === null ? null : -value)));
  return { min: over > 0 ? -roundUp(over) : 0, max: 1, log: false };
}

/** Whole decades around all values, at least from `min` to `max`. */
export function decades(all: readonly Values[], min: number, max: number): PlotScale {
  const highest = all.reduce((highest, values) => Math.max(highest, most(values)), max);
  return { min, max: 10 ** Math.ceil(Math.log10(highest) - 1e-9), log: true };
}

function most(values: Values): number {
  return values.reduce<number>((highest, value) => Math.max(highest, value ?? 0), 0);
}

function roundUp(value: number): number {
  const size = 10 ** Math.floor(Math.log10(value));
  return [1.2, 1.6, 2, 4, 8, 12].map((times) => times * size).find((round) => round >= value * 0.9999)!;
}

/** Values of the gridlines: every decade, or the quarters of the scale, of which 0 is one. */
export function plotTicks({ min, max, log }: PlotScale): number[] {
  if (!log && min < 0) return [min, min / 2, 0, max];
  if (!log) return [0, 1, 2, 3, 4].map((quarter) => min + ((max - min) * quarter) / 4);
  const ticks: number[] = [];
  for (let tick = min; tick <= max * 1.0001 && ticks.length < 12; tick *= 10) ticks.push(tick);
  return ticks;
}
