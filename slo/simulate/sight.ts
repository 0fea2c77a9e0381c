/** What the alerts of one objective can see at its traffic: drills, and the smallest outage. */
import { tiers, windows } from '../burn-rate.ts';
import { type Firing, replay } from '../replay.ts';
import { errorBudget, maySend, type Severity, type Slo } from '../slo.ts';
import { alarmsOf, type Detection, detect } from './detection.ts';
import { expected, type Fault, simulate, simulatedStepSeconds as step } from './traffic.ts';

const minute = 60;
const hour = 3_600;
const day = 86_400;

/** Failures that everybody can picture: a share of the requests, for so many seconds. */
export interface Drill {
  readonly ratio: number;
  readonly seconds: number;
}

/** Source: the situations that https://sre.google/workbook/alerting-on-slos/ compares alerts by. */
export const drills: readonly Drill[] = [
  { ratio: 1, seconds: hour },
  { ratio: 0.1, seconds: hour },
  { ratio: 0.02, seconds: 2 * hour },
  { ratio: 0.01, seconds: 8 * hour },
];

/** An objective and its traffic, as far as alerts go. */
export interface Watched {
  /** 1 - objective. */
  readonly budget: number;
  /** Events per minute. */
  readonly rpm: number;
  readonly alerts: Slo['alerts'];
}

/** A total failure: for so long, of so many events. */
export interface Outage {
  readonly seconds: number;
  readonly badEvents: number;
}

export interface Sight {
  /** In the order of `drills`; undefined where the drill spends no more than the budget allows. */
  readonly drills: readonly (Detection | undefined)[];
  /** The shortest total failure that sends an alert of the severity; undefined: not even one of two days. */
  readonly smallest: Readonly<Record<Severity, Outage | undefined>>;
}

/** Whoever has seen nothing after two days is not waiting for an alert. */
const longestSeconds = 2 * day;
/** Tickets are judged every 5 minutes over tiles of 5: after this nothing new begins. */
const after = 2 * hour;

/** What an objective's alerts see when its requests come evenly, none failed before and trouble begins on the hour. */
export function sightOf(watched: Watched): Sight {
  return {
    drills: drills.map((drill) => (drill.ratio > watched.budget ? runDrill(watched, drill) : undefined)),
    smallest: { page: smallestOutage(watched, 'page'), ticket: smallestOutage(watched, 'ticket') },
  };
}

/** The budget of an objective as this file takes it. */
export function watchedOf({ objective, alerts }: Slo, rpm: number): Watched {
  return { budget: errorBudget(objective), rpm, alerts };
}

/**
 * The shortest total failure that sends an alert of the severity; undefined where two days of it send none. A longer one is seen
 * whenever a shorter one is: doubling finds one, halving the shortest.
 */
export function smallestOutage(watched: Watched, severity: Severity): Outage | undefined {
  if (!maySend(watched, severity)) return undefined;
  const seen = (steps: number) => alertsOn(watched, steps * step, severity);
  const most = longestSeconds / step;
  let [low, high] = [0, 2];
  while (!seen(high)) {
    if (high === most) return undefined;
    [low, high] = [high, Math.min(2 * high, most)];
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (seen(middle)) high = middle;
    else low = middle;
  }
  return { seconds: high * step, badEvents: Math.round((watched.rpm * high * step) / minute) };
}

/** Whether a total failure of so many seconds pages, then or soon after it. */
export function pagesOutage(watched: Watched, seconds: number): boolean {
  return alertsOn(watched, seconds, 'page');
}

function runDrill(watched: Watched, { ratio, seconds }: Drill): Detection {
  const from = historyOf('ticket');
  const fault = { from, to: from + seconds, ratio };
  return detect({ faults: [fault] }, alarmsOf(firingsOf(watched, fault)));
}

function alertsOn(watched: Watched, seconds: number, severity: Severity): boolean {
  const from = historyOf(severity);
  const fault = { from, to: from + seconds, ratio: 1 };
  return firingsOf(watched, fault).some(({ tier }) => tier.severity === severity);
}

function firingsOf(watched: Watched, fault: Fault): readonly Firing[] {
  const { budget, rpm } = watched;
  const counts = simulate({ rpm, healthyRatio: 0, faults: [fault], seconds: fault.to + after }, expected);
  return replay(budget, counts).filter(({ tier }) => maySend(watched, tier.severity));
}

/** Seconds that fill every window of the severity's tiers, so that none is partly empty when the trouble begins. */
function historyOf(severity: Severity): number {
  const own = tiers.filter((tier) => tier.severity === severity);
  return Math.max(...own.map(({ longWindow }) => windows[longWindow].seconds));
}
