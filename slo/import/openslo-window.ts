import { maxWindowDays } from '../spec/keys.ts';
import { notA, show } from '../spec/problems.ts';
import { below, objectAt, type Place, type SpecDefaults, type Tell } from './draft.ts';

const dayMinutes = 1_440;
/** Minutes of OpenSLO's units of time. A month has thirty days, a quarter ninety, a year 365. */
const units: Readonly<Record<string, number>> = {
  ...{ m: 1, h: 60, d: dayMinutes, w: 7 * dayMinutes },
  ...{ M: 30 * dayMinutes, Q: 90 * dayMinutes, Y: 365 * dayMinutes },
};
const defaultWindow = '30d';

function minutes(duration: unknown): number | undefined {
  const [, count, unit] =
    typeof duration === 'string' ? (/^([1-9]\d{0,6})([mhdwMQY])$/.exec(duration) ?? []) : [];
  return unit === undefined ? undefined : Number(count) * units[unit]!;
}

/** Seconds of a duration of at most a day. */
export function seconds(duration: unknown): number | undefined {
  const found = minutes(duration);
  return found === undefined || found > dayMinutes ? undefined : found * 60;
}

/**
 * OpenSLO's time window as ours writes it: "28d", "month". Absent it is that of the defaults, or thirty days, with a warning.
 * Undefined, and told, where it is none of ours.
 */
export function readTimeWindow(
  value: unknown,
  place: Place,
  defaults: SpecDefaults,
  tell: Tell,
): string | undefined {
  if (value === undefined) {
    const window = defaults.window ?? defaultWindow;
    tell.warn(place, `is missing: the window is ${window}`);
    return window;
  }
  if (!Array.isArray(value) || value.length !== 1) {
    tell.problem(place, notA(value, 'a list of exactly one window'));
    return undefined;
  }
  const at = below(place, '[0]');
  const fields = objectAt(value[0], at, ['duration', 'isRolling', 'calendar'], tell);
  if (!fields) return undefined;
  const { isRolling = false, calendar } = fields;
  if (typeof isRolling !== 'boolean' || isRolling === (calendar !== undefined)) {
    tell.problem(at, 'must be rolling (isRolling: true) or have a calendar, one of both');
    return undefined;
  }
  const { duration } = fields;
  return isRolling
    ? rolling(duration, below(at, 'duration'), tell)
    : inCalendar(duration, calendar, at, tell);
}

function rolling(duration: unknown, place: Place, tell: Tell): string | undefined {
  const days = (minutes(duration) ?? Number.NaN) / dayMinutes;
  if (!Number.isInteger(days) || days > maxWindowDays) {
    tell.problem(place, notA(duration, `whole days up to ${maxWindowDays}, like "28d" or "4w"`));
    return undefined;
  }
  if (/[MQ]$/.test(String(duration))) tell.warn(place, `${show(duration)} is read as ${days} days`);
  return `${days}d`;
}

function inCalendar(duration: unknown, value: unknown, place: Place, tell: Tell): string | undefined {
  const at = below(place, 'calendar');
  const calendar = objectAt(value, at, ['startTime', 'timeZone'], tell);
  if (!calendar) return undefined;
  if (duration !== '1M') {
    tell.problem(
      below(place, 'duration'),
      `${notA(duration, '"1M"')}; only the month of the calendar is counted, other windows are rolling`,
    );
    return undefined;
  }
  const { startTime, timeZone } = calendar;
  if (typeof startTime !== 'string' || !/^\d{4}-\d\d-01([T ]00:00(:00)?Z?)?$/.test(startTime))
    tell.warn(below(at, 'startTime'), `${show(startTime)}: months begin on the first, at midnight`);
  if (!['UTC', 'Etc/UTC', 'Etc/GMT', 'GMT'].includes(String(timeZone)))
    tell.warn(below(at, 'timeZone'), `${show(timeZone)}: months are counted in UTC`);
  return 'month';
}
