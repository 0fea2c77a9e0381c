/** Numbers, durations and times as the console writes them: three significant figures, units in the cell, UTC. */

/** What stands where nothing was measured. */
const NOT_MEASURED = '–';

/** `value` with `digits` decimals and thousands separators. */
function fixed(value: number, digits: number): string {
  const [whole = '0', part] = Math.abs(value).toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${value < 0 ? '−' : ''}${grouped}${part ? `.${part}` : ''}`;
}

/** Three significant figures, trailing zeros after the point kept: 2.31, 14.2, 142. */
function threeFigures(value: number): string {
  const size = Math.abs(value);
  if (size < 9.995) return fixed(value, 2);
  return fixed(value, size < 99.95 ? 1 : 0);
}

/** Few decimals without trailing zeros: 7.1, 8, 38. */
function short(value: number): string {
  if (value >= 9.95) return fixed(value, 0);
  return String(Number(value.toFixed(value < 0.995 ? 2 : 1)));
}

function minutesAndMore(seconds: number): string {
  const all = Math.round(seconds);
  const part = (big: number, bigUnit: string, small: number, smallUnit: string) =>
    small > 0 ? `${fixed(big, 0)} ${bigUnit} ${small} ${smallUnit}` : `${fixed(big, 0)} ${bigUnit}`;
  if (all < 3600) return part(Math.floor(all / 60), 'min', all % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return part(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(seconds / 3600);
  return part(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** Milliseconds as text: 45 µs, 0.12 ms, 7.1 ms, 142 ms, 2.31 s, 1 min 5 s. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NOT_MEASURED;
  if (ms < 0) return `−${formatDuration(-ms)}`;
  if (ms === 0) return '0 ms';
  if (ms < 0.0995) return `${short(ms * 1000)} µs`;
  if (ms < 999.5) return `${short(ms)} ms`;
  if (ms < 59_950) return `${threeFigures(ms / 1000)} s`;
  return minutesAndMore(ms / 1000);
}

/** A round duration on an axis, without needless zeros: 0, 500 ms, 1.5 s. */
export function formatTick(ms: number): string {
  return ms === 0
    ? '0'
    : formatDuration(ms)
        .replace(/(\.\d*?)0+(?= )/, '$1')
        .replace('. ', ' ');
}

/** A whole number: 1,284, from a hundred thousand on 412 k, 17.3 M. */
export function formatCount(count: number): string {
  if (Math.abs(count) < 100_000) return fixed(count, 0);
  if (Math.abs(count) < 999_500) return `${threeFigures(count / 1e3)} k`;
  if (Math.abs(count) < 999_500_000) return `${threeFigures(count / 1e6)} M`;
  return `${threeFigures(count / 1e9)} G`;
}

/** A rate per second without its unit: 4,812, 22, 0.4. */
export function formatRate(perSecond: number | null): string {
  if (perSecond === null) return NOT_MEASURED;
  if (perSecond > 0 && perSecond < 0.01) return '<0.01';
  return perSecond < 0.095 ? String(Number(perSecond.toFixed(2))) : short1(perSecond);
}

function short1(value: number): string {
  return value >= 9.95 ? fixed(value, 0) : String(Number(value.toFixed(1)));
}

/** A share of 0 to 1 as per cent: 0 %, <0.01 %, 0.02 %, 6.2 %, 73.0 %, 100 %. */
export function formatShare(share: number | null): string {
  if (share === null) return NOT_MEASURED;
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent < 0.005) return '<0.01 %';
  if (percent < 0.095) return `${percent.toFixed(2)} %`;
  if (percent >= 99.95) return percent < 100 ? '>99.9 %' : `${fixed(percent, 0)} %`;
  return `${percent.toFixed(1)} %`;
}

/** What is left of a budget, overspent below 0: 65.7 %, −243 %. */
export function formatLeft(share: number | null): string {
  if (share === null) return NOT_MEASURED;
  const percent = share * 100;
  return `${fixed(percent, Math.abs(percent) < 99.95 && percent !== 0 ? 1 : 0)} %`;
}

/** A promised share as it was written: 99.9 %, 99.95 %. */
export function formatObjective(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(9))} %`;
}

/** How many times as fast as allowed a budget burns: 0.2×, 14.4×, 62×. */
export function formatBurn(times: number | null): string {
  if (times === null) return NOT_MEASURED;
  if (times > 0 && times < 0.05) return '<0.1×';
  return `${fixed(times, times < 19.95 && !Number.isInteger(times) ? 1 : 0)}×`;
}

/** How full something is, in whole per cent: 34 %. */
export function formatLevel(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Bytes in decimal units: 212 MB, 3.1 GB. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 999_500) return `${short1(bytes / 1e3)} kB`;
  if (bytes < 999_500_000) return `${short1(bytes / 1e6)} MB`;
  return `${short1(bytes / 1e9)} GB`;
}

/** Milliseconds since the epoch of a decimal string of nanoseconds; 0 for what is no such string. */
export function nanoToMs(unixNano: string): number {
  if (!/^-?\d{1,30}$/.test(unixNano)) return 0;
  const nano = BigInt(unixNano);
  return Number(nano / 1_000_000n) + Number(nano % 1_000_000n) / 1e6;
}

/** The decimal string of nanoseconds of milliseconds since the epoch. */
export function msToNano(ms: number): string {
  return String(BigInt(Math.round(ms)) * 1_000_000n);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Time of day in UTC: 14:22, 14:22:10 or 14:24:37.204. */
export function formatTime(ms: number, precision: 'minute' | 'second' | 'milli' = 'second'): string {
  const iso = toIso(Math.floor(ms));
  return iso.slice(11, precision === 'minute' ? 16 : precision === 'second' ? 19 : 23);
}

/** Day in UTC: 11 Mar; with the year when it is not that of `now`. */
export function formatDay(ms: number, now: number): string {
  const at = new Date(toIso(ms));
  const day = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
  return at.getUTCFullYear() === new Date(toIso(now)).getUTCFullYear()
    ? day
    : `${day} ${at.getUTCFullYear()}`;
}

/** Time of day, with the day before it when it is another day than `now`. */
export function formatMoment(
  ms: number,
  now: number,
  precision: 'minute' | 'second' | 'milli' = 'second',
): string {
  const time = formatTime(ms, precision);
  return toIso(ms).slice(0, 10) === toIso(now).slice(0, 10) ? time : `${formatDay(ms, now)} ${time}`;
}

/** A range of time: 13:41 – 14:41, with days where they are not that of `now`. */
export function formatRange(fromMs: number, toMs: number, now: number): string {
  const precision = toMs - fromMs < 5 * 60_000 ? 'second' : 'minute';
  const from = formatMoment(fromMs, now, precision);
  const sameDay = toIso(fromMs).slice(0, 10) === toIso(toMs).slice(0, 10);
  return `${from} – ${sameDay ? formatTime(toMs, precision) : formatMoment(toMs, now, precision)}`;
}

/** The first 12 characters of an id, as tables show it. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

/** ISO 8601 in UTC with milliseconds; the nearest time a Date can hold when it cannot hold this one. */
function toIso(ms: number): string {
  const limit = 8.64e15;
  return new Date(Number.isFinite(ms) ? Math.max(-limit, Math.min(limit, ms)) : 0).toISOString();
}
