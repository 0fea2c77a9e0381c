import { parseTime } from './time.ts';

/** A point in time without a bigint, which one could not make for every line of a log. */
export interface TimeParts {
  /** Whole seconds since the Unix epoch, below 2^63 nanoseconds. */
  seconds: number;
  /** 0 to 999,999,999. */
  nanos: number;
}

const SPACE = 0x20;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const T = 0x54;
const Z = 0x5a;
const NANOS_PER_SECOND = 1_000_000_000;
/** Whole seconds that 2^63 - 1 nanoseconds hold. */
const MAX_SECONDS = 9_223_372_036;
const POWERS_OF_TEN = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const;
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365] as const;

/**
 * Reads the time in bytes[start, end) as `parseTime` does: without making a string of it in the forms that loggers
 * write, by `parseTime` in all others. False, and `into` as it was, when it is no time.
 */
export function readTime(bytes: Buffer, start: number, end: number, into: TimeParts): boolean {
  const { seconds, nanos: nanosBefore } = into;
  const fast =
    end - start > 4 && bytes[start + 4] === MINUS
      ? readIso(bytes, start, end, into)
      : readEpoch(bytes, start, end, into);
  if (fast) return true;
  const nanos = parseTime(bytes.toString('latin1', start, end));
  // The fast readers may have begun to write; who asks keeps the time of the line before.
  Object.assign(into, nanos === undefined ? { seconds, nanos: nanosBefore } : splitTime(nanos));
  if (nanos === undefined) return false;
  return true;
}

export function splitTime(unixNano: bigint): TimeParts {
  return {
    seconds: Number(unixNano / BigInt(NANOS_PER_SECOND)),
    nanos: Number(unixNano % BigInt(NANOS_PER_SECOND)),
  };
}

export function joinTime({ seconds, nanos }: TimeParts): bigint {
  return BigInt(seconds) * BigInt(NANOS_PER_SECOND) + BigInt(nanos);
}

/** Stores nanoseconds since the epoch as entry `i` of a BigInt64Array, seen through its 32-bit `words` (low first). */
export function storeTime(words: Uint32Array, i: number, { seconds, nanos }: TimeParts): void {
  // Products of parts of the seconds stay below 2^53, so that every step is exact.
  const lowSeconds = seconds % 65_536;
  const low = lowSeconds * NANOS_PER_SECOND + nanos;
  const high = ((seconds - lowSeconds) / 65_536) * NANOS_PER_SECOND;
  const lowWord = low % 2 ** 32;
  const highRest = high % 65_536;
  const sum = highRest * 65_536 + lowWord;
  words[2 * i] = sum;
  words[2 * i + 1] = (high - highRest) / 65_536 + (low - lowWord) / 2 ** 32 + (sum >= 2 ** 32 ? 1 : 0);
}

/** Two to four digits as a number; NaN when one is none. */
function digits(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let i = start; i < start + count; i++) {
    const digit = bytes[i]! - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Position behind the digits that begin at `start`. */
function behindDigits(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end && bytes[pos]! >= ZERO && bytes[pos]! <= 0x39) pos++;
  return pos;
}

/** Digits behind a point, at most nine of them counted, in nanoseconds. */
function fraction(bytes: Uint8Array, start: number, end: number): number {
  const count = Math.min(9, end - start);
  return digits(bytes, start, count) * POWERS_OF_TEN[9 - count]!;
}

function readEpoch(bytes: Uint8Array, start: number, end: number, into: TimeParts): boolean {
  const point = behindDigits(bytes, start, end);
  const count = point - start;
  if (point === end) return readWhole(bytes, start, count, into);
  if (count < 1 || count > 10 || bytes[point] !== POINT) return false;
  const last = behindDigits(bytes, point + 1, end);
  if (last !== end || last === point + 1 || last - point > 20) return false;
  into.seconds = digits(bytes, start, count);
  into.nanos = fraction(bytes, point + 1, end);
  return into.seconds < MAX_SECONDS;
}

/** A whole number, whose unit its size tells. Sizes at which rounding decides are left to `parseTime`. */
function readWhole(bytes: Uint8Array, start: number, count: number, into: TimeParts): boolean {
  if (count < 1 || count > 19 || count === 11 || count === 17 || (count > 11 && bytes[start] === ZERO)) {
    return false;
  }
  const below = count < 11 ? 0 : count < 15 ? 3 : count < 17 ? 6 : 9;
  into.seconds = digits(bytes, start, count - below);
  into.nanos = below === 0 ? 0 : fraction(bytes, start + count - below, start + count);
  return into.seconds < MAX_SECONDS;
}

/** `YYYY-MM-DDThh:mm:ss`, a fraction, and nothing, Z or an offset. */
function readIso(bytes: Uint8Array, start: number, end: number, into: TimeParts): boolean {
  if (end - start < 19 || bytes[start + 7] !== MINUS) return false;
  if (bytes[start + 10] !== T && bytes[start + 10] !== SPACE) return false;
  if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return false;
  const days = daysOf(digits(bytes, start, 4), digits(bytes, start + 5, 2), digits(bytes, start + 8, 2));
  const hour = digits(bytes, start + 11, 2);
  const minute = digits(bytes, start + 14, 2);
  const second = digits(bytes, start + 17, 2);
  if (!(days >= 0 && hour < 24 && minute < 60 && second <= 60)) return false;
  let pos = start + 19;
  into.nanos = 0;
  if (pos < end && (bytes[pos] === POINT || bytes[pos] === COMMA)) {
    const last = behindDigits(bytes, pos + 1, end);
    if (last === pos + 1) return false;
    into.nanos = fraction(bytes, pos + 1, last);
    pos = last;
  }
  const offset = offsetSeconds(bytes, pos, end);
  into.seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
  return into.seconds >= 0 && into.seconds < MAX_SECONDS;
}

/** Days since the epoch; NaN when there is no such day from 1970 to 2262. */
function daysOf(year: number, month: number, day: number): number {
  if (!(year >= 1970 && year < 2262 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  const before = DAYS_BEFORE_MONTH[month - 1]! + (month > 2 ? leap : 0);
  const length = DAYS_BEFORE_MONTH[month]! - DAYS_BEFORE_MONTH[month - 1]! + (month === 2 ? leap : 0);
  if (day > length) return Number.NaN;
  const y = year - 1;
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) - 477;
  return (year - 1970) * 365 + leapDays + before + day - 1;
}

/** Seconds that a zone is ahead of UTC; NaN when it is of none of the usual forms. */
function offsetSeconds(bytes: Uint8Array, pos: number, end: number): number {
  const length = end - pos;
  if (length === 0 || (length === 1 && bytes[pos] === Z)) return 0;
  const sign = bytes[pos] === PLUS ? 1 : bytes[pos] === MINUS ? -1 : Number.NaN;
  const colon = length === 6 && bytes[pos + 3] === COLON ? 1 : 0;
  if (length !== 5 + colon) return Number.NaN;
  const minutes = digits(bytes, pos + 1, 2) * 60 + digits(bytes, pos + 3 + colon, 2);
  return sign * minutes * 60;
}
