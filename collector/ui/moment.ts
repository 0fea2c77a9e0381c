const DAY_MS = 86_400_000;

/**
 * A point in time as a reader writes it, UTC, in epoch milliseconds: `14:22`, `14:22:10` (the last time it was so late),
 * `2026-03-11 14:22` or RFC 3339. NaN for anything else.
 */
export function parseMoment(text: string, nowMs: number): number {
  const ofDay = /^(\d{1,2}):([0-5]\d)(?::([0-5]\d))?$/.exec(text);
  if (!ofDay) return parseDate(text);
  const [hour = 0, minute = 0, second = 0] = ofDay.slice(1).map((part) => Number(part ?? 0));
  if (hour > 23) return Number.NaN;
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000;
  return today <= nowMs ? today : today - DAY_MS;
}

function parseDate(text: string): number {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (!match) return Number.NaN;
  const [, day, time, seconds = ':00', zone = 'Z'] = match;
  return Date.parse(`${day}T${time}${seconds}${zone}`);
}
