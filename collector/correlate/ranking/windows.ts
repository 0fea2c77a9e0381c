import type { TimeRange } from '../../storage/store.ts';

/** Which time a record is of: 0 quiet, 1 the incident, -1 neither. */
export type Side = -1 | 0 | 1;

/** The troubled time, and slices of quiet time to compare it with. */
export interface Windows {
  incident: TimeRange;
  /** Oldest first, none overlaps another. */
  quiet: TimeRange[];
  /** How many of the quiet slices lie before the incident. */
  before: number;
  /** Where the incident's window reaches into time that has not passed: until when anything can be seen. */
  seenUntilUnixNano?: bigint;
}

export const SLICE_NANO = 60_000_000_000n;
/** Bad requests may begin up to a minute before anybody sees it. Source: 7 of 24 labelled faults, 39 to 62 s. */
export const GUARD_NANO = 60_000_000_000n;
/** A shorter look is often wrong: .625 right at 30 s, .875 at 60 s on labelled faults. */
export const LEAST_INCIDENT_NANO = 90_000_000_000n;
/** Of a longer incident this much is compared: causes lie at its beginning. */
export const MOST_INCIDENT_NANO = 150_000_000_000n;
/** What is left of a slice must be worth reading. */
const LEAST_SLICE_NANO = 5_000_000_000n;
/** Slices that are compared with; more cost time and tell nothing new. */
export const MOST_SLICES = 30;
/** With fewer slices before the incident, quiet time after it is compared with, too. */
const FEW_SLICES = 3;
/** An incident whose end is not known may last as long; its traces are late by as much. */
const UNTOLD_NANO = 240_000_000_000n;

/**
 * The windows of an incident: slices of a minute that hold data, without `known` incidents, until a minute before the
 * onset; where they are fewer than `few`, also as many later ones. `active` are the starts of minutes with data, ascending.
 */
export function windowsOf(
  onset: bigint,
  end: bigint,
  active: readonly bigint[],
  known: readonly TimeRange[],
  few = FEW_SLICES,
): Windows {
  const until = onset + MOST_INCIDENT_NANO < end ? onset + MOST_INCIDENT_NANO : end;
  const incident = { fromUnixNano: onset, toUnixNano: until };
  const slices = active
    .map((from) => ({ fromUnixNano: from, toUnixNano: from + SLICE_NANO }))
    .flatMap((slice) => without(slice, known));
  const before = clipped(slices, 0n, onset - GUARD_NANO).slice(-MOST_SLICES);
  if (before.length >= few) return { incident, quiet: before, before: before.length };
  const later = end > onset + UNTOLD_NANO ? end : onset + UNTOLD_NANO;
  const after = clipped(slices, later, later + BigInt(MOST_SLICES) * SLICE_NANO);
  return { incident, quiet: [...before, ...after.slice(0, few)], before: before.length };
}

function clipped(slices: readonly TimeRange[], from: bigint, to: bigint): TimeRange[] {
  return slices
    .map((slice) => ({
      fromUnixNano: slice.fromUnixNano > from ? slice.fromUnixNano : from,
      toUnixNano: slice.toUnixNano < to ? slice.toUnixNano : to,
    }))
    .filter(isWorthReading);
}

function isWorthReading({ fromUnixNano, toUnixNano }: TimeRange): boolean {
  return toUnixNano - fromUnixNano >= LEAST_SLICE_NANO;
}

/** What is left of a slice when the ranges are taken out of it. */
export function without(slice: TimeRange, taken: readonly TimeRange[]): TimeRange[] {
  return taken.reduce<TimeRange[]>(
    (left, { fromUnixNano, toUnixNano }) =>
      left.flatMap((part) => {
        if (fromUnixNano >= part.toUnixNano || toUnixNano <= part.fromUnixNano) return [part];
        const first = { fromUnixNano: part.fromUnixNano, toUnixNano: fromUnixNano };
        const second = { fromUnixNano: toUnixNano, toUnixNano: part.toUnixNano };
        return [first, second].filter(isWorthReading);
      }),
    [slice],
  );
}

/** Of the quiet slices of a busy system as many are compared with as hold so many spans, but never fewer than these. */
const MOST_QUIET_SPANS = 400_000;
export const ENOUGH_SLICES = 12;

/** The windows with quiet slices left out, evenly over their time, where they hold more spans than tell something new. */
export function thinned(windows: Windows, spansIn: (range: TimeRange) => number): Windows {
  const { quiet } = windows;
  const spans = quiet.reduce((sum, slice) => sum + spansIn(slice), 0);
  const kept = Math.max(ENOUGH_SLICES, Math.floor((quiet.length * MOST_QUIET_SPANS) / spans));
  if (spans <= MOST_QUIET_SPANS || kept >= quiet.length) return windows;
  // Of every run of slices its last: the newest is among them.
  const isKept = (i: number) =>
    Math.floor(((i + 1) * kept) / quiet.length) > Math.floor((i * kept) / quiet.length);
  const before = quiet.filter((_, i) => i < windows.before && isKept(i)).length;
  return { ...windows, quiet: quiet.filter((_, i) => isKept(i)), before };
}

/** Tells the side of moments, milliseconds since the Unix epoch. */
export function sideOf({ incident, quiet }: Windows): (ms: number) => Side {
  const ms = ({ fromUnixNano, toUnixNano }: TimeRange) =>
    [Number(fromUnixNano) / 1e6, Number(toUnixNano) / 1e6] as const;
  const [from, to] = ms(incident);
  const slices = quiet.map(ms);
  // Records come by time, so that most are of the slice of the one before.
  let [first, last] = [0, 0];
  return (at) => {
    if (at >= from && at < to) return 1;
    if (at >= first && at < last) return 0;
    const slice = slices.find(([a, b]) => at >= a && at < b);
    if (slice === undefined) return -1;
    [first, last] = slice;
    return 0;
  };
}
