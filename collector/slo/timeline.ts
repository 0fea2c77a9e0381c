/** What is known of one budget: its events in steps of 30 s as far as the tiers look back, and in full hours for the budget. */
import { type StepCounts, windows } from '../../slo/index.ts';

/** Seconds of a step: the cadence of the fastest rules. */
export const stepSeconds = 30;
export const stepMs = stepSeconds * 1_000;
export const hourMs = 3_600_000;
const stepsPerHour = hourMs / stepMs;

/** Hours of the longest window, one that has not ended, and one before it, so that its first hour is a full one. */
export const recentHours = windows['3d'].seconds / 3_600 + 2;
/** Steps leave in blocks of so many hours. */
const slackHours = 6;
/** The longest window of an objective, and a day more. */
export const keptHours = 91 * 24;
const slackDays = 1;

/** Events per full hour; `measured` is how many of its 120 steps were. */
interface HourCounts {
  readonly startUnixMs: number;
  readonly bad: Float64Array;
  readonly total: Float64Array;
  readonly measured: Uint8Array;
}

/** One budget's counts, as the evaluation takes them. */
export interface Counts {
  /** Begins at a full hour. */
  readonly recent: StepCounts;
  readonly hours: HourCounts;
  /** The least that one counted event stands for: more than 1 where spans are sampled. */
  readonly weight: number;
}

/**
 * Keeps counts in bounded memory: about 0.2 MB, whatever the traffic. Times are milliseconds since 1970. What is put twice
 * counts once: the later replaces the earlier.
 */
export class Timeline {
  #recentStart: number;
  #hoursStart: number;
  /** Steps from the start of the recent ones to the newest that was put. */
  #length = 0;
  #weight = Number.POSITIVE_INFINITY;
  readonly #recent = columns((recentHours + slackHours) * stepsPerHour);
  readonly #hours = columns(keptHours + slackDays * 24);

  /** Its newest step will be near `nowMs`. */
  constructor(nowMs: number) {
    this.#recentStart = Math.max(floorHour(nowMs) - (recentHours - 1) * hourMs, 0);
    this.#hoursStart = Math.max(floorHour(nowMs) - (keptHours - 1) * hourMs, 0);
  }

  /**
   * Takes in counts of any time up to 91 days back. They begin at a full hour, or among the recent steps; but for the newest
   * they end at one, too.
   */
  put(counts: StepCounts, weight: number): void {
    const steps = counts.total.length;
    this.reach(counts.startUnixMs + steps * stepMs);
    this.#weight = Math.min(this.#weight, weight);
    for (let step = 0; step < steps; ) {
      const atMs = counts.startUnixMs + step * stepMs;
      const end = Math.min(step + (floorHour(atMs) + hourMs - atMs) / stepMs, steps);
      if (atMs >= this.#recentStart) this.#putRecent(counts, step, end, atMs);
      else this.#putHour(atMs, counts, step, end);
      step = end;
    }
  }

  /** Makes room for steps up to `endMs`; the oldest leave. */
  reach(endMs: number): void {
    const capacity = this.#recent.total.length;
    const over = Math.ceil((endMs - this.#recentStart) / hourMs) * stepsPerHour - capacity;
    if (over > 0) {
      const steps = Math.ceil(over / stepsPerHour + slackHours - 1) * stepsPerHour;
      drop(this.#recent, steps);
      this.#recentStart += steps * stepMs;
      this.#length = Math.max(this.#length - steps, 0);
    }
    const hoursOver = Math.ceil((endMs - this.#hoursStart) / hourMs) - this.#hours.total.length;
    if (hoursOver <= 0) return;
    const hours = hoursOver + slackDays * 24 - 1;
    drop(this.#hours, hours);
    this.#hoursStart += hours * hourMs;
  }

  read(): Counts {
    const { bad, total, measured } = this.#recent;
    const recent = {
      ...{ startUnixMs: this.#recentStart, stepSeconds },
      ...{ bad: bad.subarray(0, this.#length), total: total.subarray(0, this.#length) },
      observed: measured.subarray(0, this.#length),
    };
    const weight = Number.isFinite(this.#weight) ? this.#weight : 1;
    return { recent, hours: { startUnixMs: this.#hoursStart, ...this.#hours }, weight };
  }

  #putRecent(counts: StepCounts, from: number, to: number, atMs: number): void {
    const at = (atMs - this.#recentStart) / stepMs;
    for (let i = 0; from + i < to; i++) copyStep(counts, from + i, this.#recent, at + i);
    this.#length = Math.max(this.#length, at + to - from);
    const begin = Math.floor(at / stepsPerHour) * stepsPerHour;
    const hour = { ...this.#recent, observed: this.#recent.measured };
    this.#putHour(atMs, hour, begin, begin + stepsPerHour);
  }

  /** An hour's events are those of its measured steps. */
  #putHour(atMs: number, from: Pick<StepCounts, 'bad' | 'total' | 'observed'>, begin: number, end: number) {
    const hour = (floorHour(atMs) - this.#hoursStart) / hourMs;
    if (hour < 0) return;
    let [bad, total, measured] = [0, 0, 0];
    for (let step = begin; step < end; step++) {
      if (!from.observed[step]) continue;
      bad += from.bad[step]!;
      total += from.total[step]!;
      measured++;
    }
    this.#hours.bad[hour] = bad;
    this.#hours.total[hour] = total;
    this.#hours.measured[hour] = measured;
  }
}

interface Columns {
  readonly bad: Float64Array;
  readonly total: Float64Array;
  readonly measured: Uint8Array;
}

function columns(length: number): Columns {
  return {
    bad: new Float64Array(length),
    total: new Float64Array(length),
    measured: new Uint8Array(length),
  };
}

/** Leaves out the first `count`; as many empty ones come at the end. */
function drop({ bad, total, measured }: Columns, count: number): void {
  for (const column of [bad, total, measured]) {
    column.copyWithin(0, count);
    column.fill(0, Math.max(column.length - count, 0));
  }
}

function copyStep(from: StepCounts, at: number, to: Columns, index: number): void {
  to.bad[index] = from.bad[at]!;
  to.total[index] = from.total[at]!;
  to.measured[index] = from.observed[at]!;
}

/** The begin of the hour. */
export function floorHour(ms: number): number {
  return Math.floor(ms / hourMs) * hourMs;
}

/** The end of the newest step that has ended. */
export function floorStep(ms: number): number {
  return Math.floor(ms / stepMs) * stepMs;
}
