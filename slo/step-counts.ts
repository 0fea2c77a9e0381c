/** Events counted in equal steps, and what each window of the rules holds of them at any step. */
import { type WindowCounts, type WindowName, windows } from './burn-rate.ts';

/** Events of one objective in equal steps of time. */
export interface StepCounts {
  /** Begin of the first step: a multiple of the step. */
  readonly startUnixMs: number;
  /** A divisor of 300: of 5 minutes, in which tiles are counted. */
  readonly stepSeconds: number;
  /** Bad events and all events per step: finite, from 0 on, of one length. Fractions are fine. */
  readonly bad: Float64Array;
  readonly total: Float64Array;
  /** 1: this step was measured. 0: nothing is known of it; its events count as none, its tile may be missing. */
  readonly observed: Uint8Array;
}

type TileName = '5m' | '1h';

/** Events before each step, and tiles before each tile: what a window holds is the difference of two of them. */
export interface CountSums {
  readonly counts: StepCounts;
  readonly bad: Float64Array;
  readonly total: Float64Array;
  readonly observed: Float64Array;
  readonly tiles: Readonly<Record<TileName, Tiles>>;
}

/** Tiles end at whole multiples of their length in Unix time, whenever the counts begin. */
interface Tiles {
  readonly steps: number;
  /** Steps before the end of the first tile. */
  readonly firstEnd: number;
  /** Tiles with a measured step among the first n. */
  readonly present: Float64Array;
}

/** What a window holds at the end of a step. */
type WindowReader = (step: number) => WindowCounts;

/** About four years at 30 s. */
const maxSteps = 4_200_000;

/** The end of a step, where it is judged, in milliseconds since 1970. */
export function stepEndUnixMs({ startUnixMs, stepSeconds }: StepCounts, step: number): number {
  return startUnixMs + (step + 1) * stepSeconds * 1_000;
}

/**
 * Prefix sums of the counts. O(steps).
 * @throws RangeError when the counts are not as `StepCounts` says
 */
export function countSums(counts: StepCounts): CountSums {
  check(counts);
  const { bad, total, observed } = counts;
  const seen = prefix(observed.length, (step) => (observed[step] ? 1 : 0));
  return {
    counts,
    bad: prefix(bad.length, (step) => (observed[step] ? bad[step]! : 0)),
    total: prefix(total.length, (step) => (observed[step] ? total[step]! : 0)),
    observed: seen,
    tiles: { '5m': tilesOf(counts, seen, '5m'), '1h': tilesOf(counts, seen, '1h') },
  };
}

/** Counts of every window at the end of one step, as `evaluateBurn` takes them. O(1). */
export function windowCountsAt(sums: CountSums, step: number): Record<WindowName, WindowCounts> {
  const names = Object.keys(windows) as WindowName[];
  const counts = names.map((name) => [name, windowReader(sums, name)(step)] as const);
  return Object.fromEntries(counts) as Record<WindowName, WindowCounts>;
}

/** Reads one window at any step, each in O(1). */
export function windowReader(sums: CountSums, name: WindowName): WindowReader {
  const { seconds, tile }: { readonly seconds: number; readonly tile?: TileName } = windows[name];
  const steps = seconds / sums.counts.stepSeconds;
  if (tile !== undefined) return tileReader(sums, steps, tile);
  return (step) => {
    const from = Math.max(step + 1 - steps, 0);
    return between(sums, from, step + 1, (sums.observed[step + 1]! - sums.observed[from]!) / steps);
  };
}

/** Sums the tiles that have ended, of which the newest ended up to one tile ago. */
function tileReader(sums: CountSums, steps: number, tile: TileName): WindowReader {
  const { firstEnd, steps: perTile, present } = sums.tiles[tile];
  const due = steps / perTile;
  // Until the first full hour, the sum over 2h is all there is.
  const before = tile === '1h' ? windowReader(sums, '2h') : () => nothing;
  return (step) => {
    const ended = Math.max(Math.floor((step + 1 - firstEnd) / perTile) + 1, 0);
    const there = present[ended]! - present[Math.max(ended - due, 0)]!;
    if (there === 0) return { ...before(step), coverage: 0 };
    const last = firstEnd + (ended - 1) * perTile;
    return between(sums, Math.max(last - steps, 0), last, there / due);
  };
}

const nothing: WindowCounts = { bad: 0, total: 0, coverage: 0 };

function between({ bad, total }: CountSums, from: number, to: number, coverage: number): WindowCounts {
  return { bad: bad[to]! - bad[from]!, total: total[to]! - total[from]!, coverage };
}

function prefix(length: number, value: (index: number) => number): Float64Array {
  const sums = new Float64Array(length + 1);
  for (let i = 0; i < length; i++) sums[i + 1] = sums[i]! + value(i);
  return sums;
}

function tilesOf({ startUnixMs, stepSeconds }: StepCounts, seen: Float64Array, name: TileName): Tiles {
  const { seconds } = windows[name];
  const steps = seconds / stepSeconds;
  const firstEnd = steps - ((startUnixMs / 1_000) % seconds) / stepSeconds;
  const ended = Math.max(Math.floor((seen.length - 1 - firstEnd) / steps) + 1, 0);
  const isThere = (tile: number) => {
    const end = firstEnd + tile * steps;
    return seen[end]! > seen[Math.max(end - steps, 0)]! ? 1 : 0;
  };
  return { steps, firstEnd, present: prefix(ended, isThere) };
}

function check({ startUnixMs, stepSeconds, bad, total, observed }: StepCounts): void {
  const tile = windows['5m'].seconds;
  if (!Number.isInteger(stepSeconds) || stepSeconds < 1 || tile % stepSeconds !== 0) {
    throw new RangeError(`stepSeconds is ${stepSeconds}; it must divide ${tile}, as 15, 30 and 60 do`);
  }
  if (!Number.isSafeInteger(startUnixMs) || startUnixMs < 0 || startUnixMs % (stepSeconds * 1_000) !== 0) {
    throw new RangeError(
      `startUnixMs is ${startUnixMs}; it must be a multiple of the step, ${stepSeconds} s`,
    );
  }
  if (bad.length !== total.length || observed.length !== total.length) {
    const lengths = `${bad.length}, ${total.length} and ${observed.length}`;
    throw new RangeError(`bad, total and observed have ${lengths} steps; they must have equally many`);
  }
  if (total.length > maxSteps) {
    throw new RangeError(`${total.length} steps are too many; at most ${maxSteps} are replayed at once`);
  }
}
