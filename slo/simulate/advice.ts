/** What to do where an objective cannot be watched, in numbers. */
import { tiers } from '../burn-rate.ts';
import { countsTime, errorBudget, type Objective, type Slo, sliceSeconds } from '../slo.ts';
import { maxWindowDays } from '../spec/keys.ts';
import { pagesOutage, type Sight, smallestOutage, type Watched } from './sight.ts';

/** With fewer events that may be bad, a single one spends more than a tenth of the budget. */
export const fewestAllowed = 10;
/** Whoever is paged of a total outage later than this has been told by users before. */
const latestPageSeconds = 900;
/** Of so many requests per minute none is missing for any tier. */
const ampleRpm = 6_000;
const minutesOfDay = 1_440;

/** An objective and its events per minute. */
export interface Measured {
  readonly slo: Slo;
  readonly rpm: number;
}

/** Why an objective cannot be watched, and every way out that there is; what does not help is absent. */
export interface Advice {
  /** Too few events for the objective or for a page; or so low an objective that not even a total outage burns fast enough. */
  readonly problem: 'too few events' | 'objective too low';
  /** Bad events that the budget allows in the objective's window. */
  readonly allowed: number;
  /** Events per minute that are enough. */
  readonly enoughRpm?: number;
  /** Ids of other objectives that count the same, and whose routes get enough when they are watched as one with these. */
  readonly group?: readonly string[];
  /** One probe in so many seconds makes up for what is missing. */
  readonly probeSeconds?: number;
  /** Rolling window in which enough may be bad. */
  readonly windowDays?: number;
  /** Objective with which enough may be bad, or with which a total outage pages. */
  readonly objective?: number;
}

/**
 * Advice on one objective; undefined where it can be watched.
 * @param sight what its alerts see at its traffic
 * @param all every objective of the service with its traffic: some may be grouped with it
 */
export function adviceOn(measured: Measured, sight: Sight, all: readonly Measured[]): Advice | undefined {
  const { slo, rpm } = measured;
  const budget = errorBudget(slo.objective);
  const allowed = rpm * minutesOfDay * daysOf(slo.objective) * budget;
  const slowest = Math.min(...tiers.flatMap(({ severity, factor }) => (severity === 'page' ? [factor] : [])));
  if (slo.alerts === 'page' && slowest * budget >= 1) {
    return { problem: 'objective too low', allowed, objective: Math.ceil((1 - 1 / slowest) * 100 + 1) / 100 };
  }
  const late = slo.alerts === 'page' ? pageLimit(budget, sight) : undefined;
  if (allowed >= fewestAllowed && late === undefined) return undefined;
  const more = countsTime(slo.sli) ? {} : moreTraffic(measured, late, all);
  return {
    problem: 'too few events',
    allowed,
    ...more,
    ...(allowed < fewestAllowed ? relaxed(slo, allowed) : {}),
  };
}

/** Seconds of total outage that ample traffic would page within; undefined where this traffic does as well. */
function pageLimit(budget: number, { smallest }: Sight): number | undefined {
  const seconds = smallest.page?.seconds ?? Infinity;
  if (seconds <= latestPageSeconds) return undefined;
  const ample = smallestOutage({ budget, rpm: ampleRpm, alerts: 'page' }, 'page')?.seconds ?? 0;
  const limit = Math.max(latestPageSeconds, 1.5 * ample);
  return seconds > limit ? limit : undefined;
}

/** A window or an objective that allows enough bad events. */
function relaxed({ objective }: Slo, allowed: number): Pick<Advice, 'windowDays' | 'objective'> {
  if (allowed === 0) return {};
  const windowDays = Math.ceil((daysOf(objective) * fewestAllowed) / allowed);
  const budget = roundedUp((errorBudget(objective) * fewestAllowed) / allowed);
  return {
    ...(windowDays <= maxWindowDays ? { windowDays } : {}),
    ...(budget < 0.5 ? { objective: errorBudget({ ratio: budget }) } : {}),
  };
}

function moreTraffic({ slo, rpm }: Measured, late: number | undefined, all: readonly Measured[]) {
  const budget = errorBudget(slo.objective);
  const forBudget = fewestAllowed / (minutesOfDay * daysOf(slo.objective) * budget);
  const forPage = late === undefined ? 0 : rpmThatPages({ budget, rpm, alerts: 'page' }, late);
  const enoughRpm = roundedUp(Math.max(forBudget, forPage));
  const group = groupFor(slo, enoughRpm - rpm, all);
  const probeSeconds = Math.floor(60 / (enoughRpm - rpm));
  return { enoughRpm, ...(group ? { group } : {}), ...(probeSeconds >= 1 ? { probeSeconds } : {}) };
}

/** The least traffic of which a total outage of so many seconds pages, within two per cent. */
function rpmThatPages(watched: Watched, seconds: number): number {
  let [few, enough] = [Math.max(watched.rpm, 1e-3), ampleRpm];
  while (enough / few > 1.02) {
    const middle = Math.sqrt(few * enough);
    if (pagesOutage({ ...watched, rpm: middle }, seconds)) enough = middle;
    else few = middle;
  }
  return enough;
}

/** The quietest of the other routes, as many as are enough: in the traffic of a busy one this one would drown. */
function groupFor(slo: Slo, missing: number, all: readonly Measured[]): readonly string[] | undefined {
  if (slo.routes.length === 0) return undefined;
  const sameSli = JSON.stringify(slo.sli);
  const others = all
    .filter((one) => one.slo !== slo && one.slo.routes.length > 0 && JSON.stringify(one.slo.sli) === sameSli)
    .sort((a, b) => a.rpm - b.rpm);
  let left = missing;
  const group: string[] = [];
  for (const one of others) {
    if (left <= 0) break;
    group.push(one.slo.id);
    left -= one.rpm;
  }
  return left <= 0 ? group : undefined;
}

/** Events per minute of an objective: slices of time where it counts those, otherwise its requests. */
export function eventsPerMinute({ sli }: Slo, requests: number): number {
  return countsTime(sli) ? 60 / sliceSeconds : requests;
}

/** A month of the calendar is taken as 30 days. */
function daysOf({ window }: Pick<Objective, 'window'>): number {
  return window.kind === 'month' ? 30 : window.days;
}

/** Two significant digits, upwards: 0.3301 is 0.34. */
function roundedUp(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / unit - 1e-9) * unit).toPrecision(2));
}
