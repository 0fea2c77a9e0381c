/** What is left of an error budget over the objective's own window, and how it went. Pure. */
import { budgetLeft, errorBudget, type Objective, type WindowCounts } from '../../slo/index.ts';
import { type Counts, floorHour, hourMs, stepMs } from './timeline.ts';

/** The window in milliseconds since 1970: counted from `fromMs` to `nowMs`; a month ends at `endMs`. */
export interface WindowSpan {
  readonly fromMs: number;
  readonly nowMs: number;
  readonly endMs: number;
  /** The window that was promised, without the part of an hour by which a rolling one is longer here. */
  readonly seconds: number;
}

export interface BudgetState {
  readonly window: WindowSpan;
  readonly bad: number;
  readonly total: number;
  /** Share of the budget that is left, negative when overspent; undefined where nothing was measured. */
  readonly left: number | undefined;
  /** Bad events that the objective allows among those that came, and how many of them are left. */
  readonly allowedEvents: number;
  readonly leftEvents: number | undefined;
  /** The same as minutes in which everything fails, at even traffic. */
  readonly allowedMinutes: number;
  readonly leftMinutes: number | undefined;
  /** Share of the window up to now that was measured. */
  readonly coverage: number;
  readonly measuredSeconds: number;
  /** Begin of the first hour in which something was measured. */
  readonly sinceMs: number | undefined;
}

/** What is left at moments of the window, beside an even spending of the whole budget: shares of it. */
export interface Burndown {
  readonly at: readonly number[];
  /** Null where nothing had been measured by then. */
  readonly left: readonly (number | null)[];
  readonly ideal: readonly number[];
}

/** A rolling window of whole hours that ends with the current one as far as it goes, or the month so far, in UTC. */
export function windowSpan({ window }: Pick<Objective, 'window'>, nowMs: number): WindowSpan {
  if (window.kind === 'rolling') {
    const fromMs = floorHour(nowMs) - window.days * 24 * hourMs;
    return { fromMs, nowMs, endMs: nowMs, seconds: window.days * 86_400 };
  }
  const now = new Date(nowMs);
  const monthStart = (plus: number) => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + plus);
  const [fromMs, endMs] = [monthStart(0), monthStart(1)];
  return { fromMs, nowMs, endMs, seconds: (endMs - fromMs) / 1_000 };
}

/** The budget at the end of step `nowMs`. */
export function budgetState(objective: Objective, counts: Counts | undefined, nowMs: number): BudgetState {
  const window = windowSpan(objective, nowMs);
  const { bad, total, measured, sinceMs } = counts ? sumOf(counts, window) : nothing;
  const sum: WindowCounts = { bad, total, coverage: 1 };
  const budget = errorBudget(objective);
  const left = measured > 0 ? budgetLeft(sum, budget) : undefined;
  const allowedMinutes = (window.seconds / 60) * budget;
  return {
    ...{ window, bad, total, left },
    allowedEvents: total * budget,
    leftEvents: left === undefined ? undefined : total * budget - bad,
    allowedMinutes,
    leftMinutes: left === undefined ? undefined : left * allowedMinutes,
    coverage: Math.min((measured * stepMs) / Math.max(nowMs - window.fromMs, stepMs), 1),
    measuredSeconds: (measured * stepMs) / 1_000,
    sinceMs,
  };
}

const nothing = { bad: 0, total: 0, measured: 0, sinceMs: undefined };

function sumOf({ hours }: Counts, { fromMs, nowMs }: WindowSpan) {
  let [bad, total, measured] = [0, 0, 0];
  let sinceMs: number | undefined;
  for (let hour = hourOf(hours, fromMs); hour <= hourOf(hours, nowMs - 1); hour++) {
    const steps = hours.measured[hour] ?? 0;
    if (steps === 0) continue;
    bad += hours.bad[hour]!;
    total += hours.total[hour]!;
    measured += steps;
    sinceMs ??= hours.startUnixMs + hour * hourMs;
  }
  return { bad, total, measured, sinceMs };
}

function hourOf({ startUnixMs }: Counts['hours'], ms: number): number {
  return Math.floor((ms - startUnixMs) / hourMs);
}

/** At most so many points of a burndown. */
export const burndownPoints = 300;

/**
 * The share of the budget that was left at up to 300 moments of the window: the budget is what the events of the whole window
 * allow, so that the last value is that of `budgetState`.
 */
export function burndown(objective: Objective, counts: Counts | undefined, nowMs: number): Burndown {
  const span = windowSpan(objective, nowMs);
  const hours = Math.ceil((span.nowMs - span.fromMs) / hourMs);
  const perPoint = Math.max(Math.ceil(hours / (burndownPoints - 2)), 1);
  const at = [span.fromMs];
  for (let hour = perPoint; hour < hours; hour += perPoint) at.push(span.fromMs + hour * hourMs);
  at.push(nowMs);
  const ideal = at.map((ms) => 1 - (ms - span.fromMs) / (span.endMs - span.fromMs));
  const allowed = budgetState(objective, counts, nowMs).allowedEvents;
  let [bad, measured, hour] = [0, 0, counts ? hourOf(counts.hours, span.fromMs) : 0];
  const left = at.map((ms) => {
    for (; counts && hour <= hourOf(counts.hours, ms - 1); hour++) {
      if (!counts.hours.measured[hour]) continue;
      bad += counts.hours.bad[hour]!;
      measured += counts.hours.measured[hour]!;
    }
    if (measured === 0) return null;
    return allowed > 0 ? 1 - bad / allowed : 1;
  });
  return { at, left, ideal };
}
