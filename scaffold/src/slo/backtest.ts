import {
  type CountSums,
  countEvents,
  countSums,
  errorBudget,
  maySend,
  type RawSeries,
  replay,
  type Service,
  type Slo,
  type Steps,
  stepEndUnixMs,
  windows,
  windowText,
} from '../../../slo/index.ts';
import {
  near,
  type PresentAlert,
  type PresentStretch,
  presentAlerts,
  type Stretch,
} from './present-alerts.ts';

/** A stretch in which the new rules fire. */
export type NewAlert = {
  tier: string;
  severity: 'page' | 'ticket';
  fromMs: number;
  toMs: number;
  /** It fires still where the data ends. */
  open: boolean;
  /** From one long window before its beginning to its end. */
  badEvents: number;
  /** Names of present alerts that fired within an hour of it. */
  present: readonly string[];
};

/** One objective, or one combination of values of its `by`. */
export type ObjectiveBacktest = {
  id: string;
  labels: Readonly<Record<string, string>>;
  objective: number;
  window: string;
  badEvents: number;
  totalEvents: number;
  /** At the end of each day, in UTC, and of the data: the share of the budget spent in the objective's window up to there. */
  spent: readonly { atMs: number; share: number | null }[];
  hoursNotObserved: number;
  alerts: readonly NewAlert[];
};

export type Backtest = {
  service: string;
  fromMs: number;
  toMs: number;
  stepSeconds: number;
  objectives: readonly ObjectiveBacktest[];
  /** Objectives that are not replayed, and why. */
  left: readonly { id: string; why: string }[];
  /** Alerts of the present rules; null where none were asked for. */
  present: readonly PresentAlert[] | null;
};

const dayMs = 86_400_000;

/**
 * When the new rules would have fired over raw series, and when those named by `present` did. Only what lies after `fromMs` is
 * told; the steps may begin earlier, to fill the windows. Pure.
 */
export function backtest(
  service: Service,
  series: readonly RawSeries[],
  steps: Steps,
  { fromMs, present }: { fromMs: number; present: RegExp | undefined },
): Backtest {
  const found = present && presentAlerts(series, present, steps.stepSeconds * 1_000, fromMs);
  const objectives: ObjectiveBacktest[] = [];
  const left: { id: string; why: string }[] = [];
  for (const slo of service.slos) {
    const counted = countEvents(service, slo, series, steps);
    if ('why' in counted) left.push({ id: slo.id, why: counted.why });
    else if (counted.groups.length === 0) left.push({ id: slo.id, why: 'none of its series are there' });
    else
      for (const { labels, counts } of counted.groups)
        objectives.push(objectiveOf(slo, labels, countSums(counts), fromMs, found ?? []));
  }
  const isNear = (one: Stretch) => objectives.some(({ alerts }) => alerts.some((other) => near(one, other)));
  const toMs = steps.startUnixMs + steps.steps * steps.stepSeconds * 1_000;
  return {
    ...{ service: service.name, fromMs, toMs, stepSeconds: steps.stepSeconds, objectives, left },
    present: found?.map((one) => ({ ...one, accompanied: isNear(one) })) ?? null,
  };
}

function objectiveOf(
  slo: Slo,
  labels: Readonly<Record<string, string>>,
  sums: CountSums,
  fromMs: number,
  present: readonly PresentStretch[],
): ObjectiveBacktest {
  const { counts } = sums;
  const { startUnixMs, stepSeconds, total } = counts;
  const first = Math.max(Math.round((fromMs - startUnixMs) / 1_000 / stepSeconds), 0);
  const steps = total.length;
  const budget = errorBudget(slo.objective);
  const between = (of: Float64Array, from: number, to: number) => of[to]! - of[Math.max(from, 0)]!;
  const told = replay(budget, counts).filter((one) => one.to > first && maySend(slo, one.tier.severity));
  return {
    ...{ id: slo.id, labels, objective: slo.objective.ratio, window: windowText(slo.objective.window) },
    badEvents: between(sums.bad, first, steps),
    totalEvents: between(sums.total, first, steps),
    spent: spentOf(slo, budget, sums, first),
    hoursNotObserved: ((steps - first - between(sums.observed, first, steps)) * stepSeconds) / 3_600,
    alerts: told.map(({ tier, from, to }) => {
      const stretch = { fromMs: stepEndUnixMs(counts, from), toMs: stepEndUnixMs(counts, to - 1) };
      const names = present.filter((one) => near(one, stretch)).map(({ name }) => name);
      return {
        ...{ tier: tier.id, severity: tier.severity, ...stretch, open: to === steps },
        badEvents: between(sums.bad, from + 1 - windows[tier.longWindow].seconds / stepSeconds, to),
        present: [...new Set(names)],
      };
    }),
  };
}

/** Budget spent at the end of each day and of the data; what lies before the data is not known and not counted. */
function spentOf(slo: Slo, budget: number, sums: CountSums, first: number): ObjectiveBacktest['spent'] {
  const { counts, bad, total } = sums;
  const { startUnixMs, stepSeconds } = counts;
  const steps = counts.total.length;
  const stepOf = (ms: number) => Math.floor((ms - startUnixMs) / 1_000 / stepSeconds);
  const ends: number[] = [];
  const firstDay = Math.ceil((startUnixMs + (first + 1) * stepSeconds * 1_000) / dayMs) * dayMs;
  for (let at = firstDay; stepOf(at) < steps; at += dayMs) ends.push(stepOf(at));
  return [...ends, steps].map((end) => {
    const atMs = startUnixMs + end * stepSeconds * 1_000;
    const { startMs, part } = windowUpTo(slo, atMs);
    const from = Math.max(stepOf(startMs), 0);
    const events = total[end]! - total[from]!;
    return { atMs, share: events > 0 ? ((bad[end]! - bad[from]!) / events / budget) * part : null };
  });
}

/**
 * Where the objective's window that ends at a moment begins, and which part of its time has passed: of a month the budget is that
 * of all of it.
 */
function windowUpTo({ objective: { window } }: Slo, atMs: number): { startMs: number; part: number } {
  if (window.kind === 'rolling') return { startMs: atMs - window.days * dayMs, part: 1 };
  const justBefore = new Date(atMs - 1);
  const [year, month] = [justBefore.getUTCFullYear(), justBefore.getUTCMonth()];
  const startMs = Date.UTC(year, month, 1);
  return { startMs, part: (atMs - startMs) / (Date.UTC(year, month + 1, 1) - startMs) };
}
