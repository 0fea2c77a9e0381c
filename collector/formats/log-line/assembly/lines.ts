// The indexer of JSON log lines, compiled to WebAssembly. It reads lines as loggers usually write them and gives up on
// a line that is unusual: line-index.ts then reads that line again and decides. What is said here of a line must be
// said there, too; a property test holds the two together. Names of fields and levels come from there.
//
// Functions that skip give the place behind what they skipped, or GIVE_UP. Whether a line is JSON is decided here for
// all lines. 16 bytes behind the text may be read and are never part of a result.

const GIVE_UP: usize = 0;
/** As in json-scanner.ts. */
const MAX_DEPTH: i32 = 100;
/** Bytes of text and lines of one call at the most. */
const CAPACITY: i32 = 524288;
const MAX_LINES: i32 = 32768;
const MAX_SLOTS: i32 = 32;
const MAX_LEVELS: i32 = 16;
const NANOS_PER_SECOND: i64 = 1000000000;
/** Whole seconds that 2^63 - 1 nanoseconds hold. */
const MAX_SECONDS: i64 = 9223372036;

/** What is known of a line, as bits. */
const JSON: u8 = 1;
const TIMED: u8 = 2;
const UNUSUAL: u8 = 4;

/** Roles of fields; the slots of a role follow one another, best first. */
const TIME: i32 = 0;
const LEVEL: i32 = 1;
const TRACE_ID: i32 = 2;
const SPAN_ID: i32 = 3;

const text: usize = memory.data(CAPACITY + 64, 16);
const offsets: usize = memory.data(4 * MAX_LINES, 16);
const lengths: usize = memory.data(4 * MAX_LINES, 16);
const times: usize = memory.data(8 * MAX_LINES, 16);
const severities: usize = memory.data(MAX_LINES, 16);
const flags: usize = memory.data(MAX_LINES, 16);
const traceIds: usize = memory.data(16 * MAX_LINES, 16);
const spanIds: usize = memory.data(8 * MAX_LINES, 16);
/** By slot: the key, padded with zeros to 16 bytes. */
const keys: usize = memory.data(16 * MAX_SLOTS, 16);
/** By first byte and length of a key: its slot + 1, or 0. */
const slotOf: usize = memory.data(256 * 16, 16);
/** By role: its first slot, and the one behind its last. */
const roles: usize = memory.data(2 * 4, 16);
/** By level: its text in lower case, padded with zeros to 8 bytes; its length; its severity number. */
const levels: usize = memory.data(8 * MAX_LEVELS, 16);
const levelLengths: usize = memory.data(MAX_LEVELS, 16);
const levelSeverities: usize = memory.data(MAX_LEVELS, 16);
let levelCount: i32 = 0;

/** By slot: where the value stands in the line under way, and the number of the line that has it. */
const starts: usize = memory.data(4 * MAX_SLOTS, 16);
const ends: usize = memory.data(4 * MAX_SLOTS, 16);
const seenIn: usize = memory.data(4 * MAX_SLOTS, 16);
let line: u32 = 0;
let unusual: bool = false;
/** The text of the value that `look` looked at. */
let from: usize = 0;
let to: usize = 0;
/** What `time` read. */
let nanos: i64 = 0;
/** The minute that was read last, as it is written, and in seconds since the epoch. */
const lastMinute: usize = memory.data(16, 16);
let minuteSeconds: i64 = 0;

export function textAt(): usize {
  return text;
}
export function capacity(): i32 {
  return CAPACITY;
}
export function maxLines(): i32 {
  return MAX_LINES;
}
export function offsetsAt(): usize {
  return offsets;
}
export function lengthsAt(): usize {
  return lengths;
}
export function timesAt(): usize {
  return times;
}
export function severitiesAt(): usize {
  return severities;
}
export function flagsAt(): usize {
  return flags;
}
export function traceIdsAt(): usize {
  return traceIds;
}
export function spanIdsAt(): usize {
  return spanIds;
}
export function keysAt(): usize {
  return keys;
}
export function slotOfAt(): usize {
  return slotOf;
}
export function rolesAt(): usize {
  return roles;
}
export function levelsAt(): usize {
  return levels;
}
export function levelLengthsAt(): usize {
  return levelLengths;
}
export function levelSeveritiesAt(): usize {
  return levelSeverities;
}
export function setLevelCount(count: i32): void {
  levelCount = count;
}

/** Place of the first `byte`, or `end`. */
function find(start: usize, end: usize, byte: u8): usize {
  const wanted = i8x16.splat(<i8>byte);
  for (let p = start; p < end; p += 16) {
    const bits = i8x16.bitmask(i8x16.eq(v128.load(p), wanted));
    if (bits !== 0) {
      const place = p + ctz(bits);
      return place < end ? place : end;
    }
  }
  return end;
}

/** Indexes `count` lines of the text, whose places are in `offsets` and `lengths`. */
export function indexLines(count: usize): void {
  memory.fill(traceIds, 0, 16 * count);
  memory.fill(spanIds, 0, 8 * count);
  for (let i: usize = 0; i < count; i++) {
    const start = text + load<u32>(offsets + 4 * i);
    store<u8>(severities + i, 0);
    store<u8>(flags + i, indexLine(start, start + load<u32>(lengths + 4 * i), i));
  }
}

function indexLine(start: usize, end: usize, i: usize): u8 {
  line++;
  unusual = false;
  let p = skipSpace(start, end);
  if (p >= end || load<u8>(p) !== 0x7b) return 0;
  p = skipObject(p + 1, end, 1);
  if (p === GIVE_UP || skipSpace(p, end) !== end) return 0;
  if (unusual) return JSON | UNUSUAL;
  return readFields(i);
}

/** Reads what the line has; a value of a form that is not read here makes it unusual. */
function readFields(i: usize): u8 {
  let found = JSON;
  const time = look(TIME);
  if (time) {
    if (!readTime()) return JSON | UNUSUAL;
    store<i64>(times + 8 * i, nanos);
    found |= TIMED;
  }
  if (look(LEVEL)) {
    const severity = severityOf();
    if (severity < 0) return JSON | UNUSUAL;
    store<u8>(severities + i, <u8>severity);
  }
  if (look(TRACE_ID) && !readId(traceIds + 16 * i, 16)) return JSON | UNUSUAL;
  if (look(SPAN_ID) && !readId(spanIds + 8 * i, 8)) return JSON | UNUSUAL;
  return found;
}

/** Looks at the value of the best spelling of a field that is a string or a number. */
function look(role: i32): bool {
  const end = <i32>load<u8>(roles + 2 * role + 1);
  for (let slot = <i32>load<u8>(roles + 2 * role); slot < end; slot++) {
    if (load<u32>(seenIn + 4 * slot) !== line) continue;
    from = load<u32>(starts + 4 * slot);
    to = load<u32>(ends + 4 * slot);
    const first = load<u8>(from);
    if (first === 0x22) {
      from++;
      to--;
      return true;
    }
    if (first === 0x2d || isDigit(first)) return true;
  }
  return false;
}

// @ts-expect-error: decorator
@inline
function isDigit(byte: u8): bool {
  return byte - 0x30 < 10;
}

// @ts-expect-error: decorator
@inline
function skipSpace(start: usize, end: usize): usize {
  let p = start;
  while (p < end) {
    const byte = load<u8>(p);
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) break;
    p++;
  }
  return p;
}

/** From behind the opening brace. At depth 1 the keys of fields are noted. */
function skipObject(start: usize, end: usize, depth: i32): usize {
  let p = skipSpace(start, end);
  if (p < end && load<u8>(p) === 0x7d) return p + 1;
  while (true) {
    if (p >= end || load<u8>(p) !== 0x22) return GIVE_UP;
    const keyStart = p + 1;
    const plainEnd = skipPlain(keyStart, end);
    p = skipString(plainEnd, end);
    if (p === GIVE_UP) return GIVE_UP;
    const keyEnd = p - 1;
    p = skipSpace(p, end);
    if (p >= end || load<u8>(p) !== 0x3a) return GIVE_UP;
    const valueStart = skipSpace(p + 1, end);
    p = skipValue(valueStart, end, depth);
    if (p === GIVE_UP) return GIVE_UP;
    if (depth === 1) noteKey(keyStart, keyEnd, plainEnd < keyEnd, valueStart, p);
    p = skipSpace(p, end);
    if (p >= end) return GIVE_UP;
    const byte = load<u8>(p);
    if (byte === 0x7d) return p + 1;
    if (byte !== 0x2c) return GIVE_UP;
    p = skipSpace(p + 1, end);
  }
}

function noteKey(start: usize, end: usize, escaped: bool, valueStart: usize, valueEnd: usize): void {
  if (escaped) {
    unusual = true;
    return;
  }
  const length = end - start;
  if (length >= 16 || length === 0) return;
  const slot = <usize>load<u8>(slotOf + 16 * <usize>load<u8>(start) + length);
  if (slot === 0) return;
  const at = slot - 1;
  const same = i8x16.bitmask(i8x16.eq(v128.load(start), v128.load(keys + 16 * at)));
  if ((~same & ((1 << <i32>length) - 1)) !== 0) return;
  store<u32>(starts + 4 * at, <u32>valueStart);
  store<u32>(ends + 4 * at, <u32>valueEnd);
  store<u32>(seenIn + 4 * at, line);
}

function skipArray(start: usize, end: usize, depth: i32): usize {
  let p = skipSpace(start, end);
  if (p < end && load<u8>(p) === 0x5d) return p + 1;
  while (true) {
    p = skipValue(p, end, depth);
    if (p === GIVE_UP) return GIVE_UP;
    p = skipSpace(p, end);
    if (p >= end) return GIVE_UP;
    const byte = load<u8>(p);
    if (byte === 0x5d) return p + 1;
    if (byte !== 0x2c) return GIVE_UP;
    p = skipSpace(p + 1, end);
  }
}

function skipValue(p: usize, end: usize, depth: i32): usize {
  if (p >= end) return GIVE_UP;
  const byte = load<u8>(p);
  if (byte === 0x22) return skipString(skipPlain(p + 1, end), end);
  if (byte === 0x2d || isDigit(byte)) return skipNumber(p, end);
  if (byte === 0x7b) return depth < MAX_DEPTH ? skipObject(p + 1, end, depth + 1) : GIVE_UP;
  if (byte === 0x5b) return depth < MAX_DEPTH ? skipArray(p + 1, end, depth + 1) : GIVE_UP;
  return skipLiteral(p, end, byte);
}

/** Place of the first byte that is a quote, a backslash or a control character, or `end`. */
function skipPlain(start: usize, end: usize): usize {
  const quote = i8x16.splat(0x22);
  const backslash = i8x16.splat(0x5c);
  const space = i8x16.splat(0x20);
  for (let p = start; p < end; p += 16) {
    const bytes = v128.load(p);
    const special = v128.or(
      v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash)),
      i8x16.lt_u(bytes, space),
    );
    const bits = i8x16.bitmask(special);
    if (bits !== 0) {
      const place = p + ctz(bits);
      return place < end ? place : end;
    }
  }
  return end;
}

/** From the first byte of a string that is not plain to behind the closing quote. */
function skipString(start: usize, end: usize): usize {
  let p = start;
  while (true) {
    if (p >= end) return GIVE_UP;
    const byte = load<u8>(p);
    if (byte === 0x22) return p + 1;
    if (byte !== 0x5c) return GIVE_UP;
    p = skipEscape(p + 1, end);
    if (p === GIVE_UP) return GIVE_UP;
    p = skipPlain(p, end);
  }
}

function skipEscape(p: usize, end: usize): usize {
  if (p >= end) return GIVE_UP;
  const byte = load<u8>(p);
  if (byte === 0x75) {
    if (p + 5 > end) return GIVE_UP;
    for (let i: usize = 1; i < 5; i++) if (hexValue(load<u8>(p + i)) > 15) return GIVE_UP;
    return p + 5;
  }
  const known =
    byte === 0x22 || byte === 0x5c || byte === 0x2f || byte === 0x62 || byte === 0x66 || byte === 0x6e || byte === 0x72 || byte === 0x74;
  return known ? p + 1 : GIVE_UP;
}

/** Value of a hex digit; more than 15 for another byte. */
// @ts-expect-error: decorator
@inline
function hexValue(byte: u8): u32 {
  const digit = <u32>byte - 0x30;
  if (digit < 10) return digit;
  const letter = (<u32>byte | 0x20) - 0x61;
  return letter < 6 ? letter + 10 : 255;
}

/** Behind at least one digit. */
function skipDigits(start: usize, end: usize): usize {
  let p = start;
  while (p < end && isDigit(load<u8>(p))) p++;
  return p > start ? p : GIVE_UP;
}

function skipNumber(start: usize, end: usize): usize {
  let p = load<u8>(start) === 0x2d ? start + 1 : start;
  if (p < end && load<u8>(p) === 0x30) p++;
  else {
    p = skipDigits(p, end);
    if (p === GIVE_UP) return GIVE_UP;
  }
  if (p < end && load<u8>(p) === 0x2e) {
    p = skipDigits(p + 1, end);
    if (p === GIVE_UP) return GIVE_UP;
  }
  if (p < end && (load<u8>(p) | 0x20) === 0x65) {
    p++;
    if (p < end && (load<u8>(p) === 0x2b || load<u8>(p) === 0x2d)) p++;
    return skipDigits(p, end);
  }
  return p;
}

function skipLiteral(p: usize, end: usize, first: u8): usize {
  // `true`, `null` and, behind its first letter, `false`, as the 32-bit numbers that they are in memory.
  if (first === 0x66) return p + 5 <= end && load<u32>(p + 1) === 0x65736c61 ? p + 5 : GIVE_UP;
  const word: u32 = first === 0x74 ? 0x65757274 : 0x6c6c756e;
  return p + 4 <= end && load<u32>(p) === word ? p + 4 : GIVE_UP;
}

/** Severity number of the level that was looked at, 0 when it is none that is known, -1 when it has escapes. */
function severityOf(): i32 {
  const length = to - from;
  if (length < 8) {
    const mask: u64 = length === 0 ? 0 : (<u64>-1) >> (64 - 8 * <u64>length);
    // A letter differs from its capital in this one bit, and no other byte becomes a letter by it.
    const word = (load<u64>(from) | 0x2020202020202020) & mask;
    for (let i = 0; i < levelCount; i++) {
      if (<usize>load<u8>(levelLengths + i) === length && load<u64>(levels + 8 * i) === word) {
        return <i32>load<u8>(levelSeverities + i);
      }
    }
  }
  return find(from, to, 0x5c) < to ? -1 : 0;
}

/** Reads the id that was looked at; false when it is not `size` bytes (8 or 16) in hex, or all zero. */
function readId(out: usize, size: usize): bool {
  if (to - from !== 2 * size) return false;
  let any: u64 = 0;
  for (let i: usize = 0; i < size; i += 8) {
    const characters = v128.load(from + 2 * i);
    const digits = i8x16.sub(characters, i8x16.splat(0x30));
    const letters = i8x16.sub(v128.or(characters, i8x16.splat(0x20)), i8x16.splat(0x61));
    const isDigits = i8x16.lt_u(digits, i8x16.splat(10));
    const isLetters = i8x16.lt_u(letters, i8x16.splat(6));
    if (!i8x16.all_true(v128.or(isDigits, isLetters))) return false;
    const values = v128.bitselect(digits, i8x16.add(letters, i8x16.splat(10)), isDigits);
    // Of two neighbours the first is the high half of a byte.
    const halves = v128.or(i16x8.shl(v128.and(values, i16x8.splat(0xff)), 4), i16x8.shr_u(values, 8));
    const eight = i64x2.extract_lane(i8x16.narrow_i16x8_u(halves, halves), 0);
    store<u64>(out + i, eight);
    any |= eight;
  }
  return any !== 0;
}

/** Reads the time that was looked at; false for forms that time-reader.ts leaves to parseTime, or that are none. */
function readTime(): bool {
  return to - from > 4 && load<u8>(from + 4) === 0x2d ? readIso() : readEpoch();
}

/** `count` digits as a number; -1 when one is none. */
function digits(start: usize, count: usize): i64 {
  let value: i64 = 0;
  for (let p = start; p < start + count; p++) {
    const byte = load<u8>(p);
    if (!isDigit(byte)) return -1;
    value = value * 10 + <i64>(byte - 0x30);
  }
  return value;
}

function behindDigits(start: usize, end: usize): usize {
  let p = start;
  while (p < end && isDigit(load<u8>(p))) p++;
  return p;
}

/** Digits behind a point, at most nine of them counted, in nanoseconds. */
function fraction(start: usize, end: usize): i64 {
  const count = min<usize>(9, end - start);
  let value = digits(start, count);
  for (let i = count; i < 9; i++) value *= 10;
  return value;
}

function readEpoch(): bool {
  const point = behindDigits(from, to);
  const count = point - from;
  if (point === to) return readWhole(count);
  if (count < 1 || count > 10 || load<u8>(point) !== 0x2e) return false;
  const last = behindDigits(point + 1, to);
  if (last !== to || last === point + 1 || last - point > 20) return false;
  return setTime(digits(from, count), fraction(point + 1, to));
}

/** A whole number, whose unit its size tells. */
function readWhole(count: usize): bool {
  if (count < 1 || count > 19 || count === 11 || count === 17 || (count > 11 && load<u8>(from) === 0x30)) {
    return false;
  }
  const below: usize = count < 11 ? 0 : count < 15 ? 3 : count < 17 ? 6 : 9;
  return setTime(digits(from, count - below), below === 0 ? 0 : fraction(from + count - below, from + count));
}

function setTime(seconds: i64, rest: i64): bool {
  if (seconds < 0 || seconds >= MAX_SECONDS) return false;
  nanos = seconds * NANOS_PER_SECOND + rest;
  return true;
}

/** Reads `YYYY-MM-DDThh:mm` into `minuteSeconds`: most lines have that of the line before. */
function readMinute(): bool {
  const written = v128.load(from);
  if (i8x16.all_true(i8x16.eq(written, v128.load(lastMinute)))) return true;
  const between = load<u8>(from + 10);
  if (load<u8>(from + 7) !== 0x2d || (between !== 0x54 && between !== 0x20) || load<u8>(from + 13) !== 0x3a) {
    return false;
  }
  const days = daysOf(digits(from, 4), digits(from + 5, 2), digits(from + 8, 2));
  const hour = digits(from + 11, 2);
  const minute = digits(from + 14, 2);
  if (days < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59) return false;
  minuteSeconds = days * 86400 + hour * 3600 + minute * 60;
  v128.store(lastMinute, written);
  return true;
}

/** `YYYY-MM-DDThh:mm:ss`, a fraction, and nothing, Z or an offset. */
function readIso(): bool {
  if (to - from < 19 || load<u8>(from + 16) !== 0x3a) return false;
  const second = digits(from + 17, 2);
  if (second < 0 || second > 60 || !readMinute()) return false;
  let p = from + 19;
  let rest: i64 = 0;
  if (p < to && (load<u8>(p) === 0x2e || load<u8>(p) === 0x2c)) {
    const last = behindDigits(p + 1, to);
    if (last === p + 1) return false;
    rest = fraction(p + 1, last);
    p = last;
  }
  const local = minuteSeconds + second;
  if (p === to || (p + 1 === to && load<u8>(p) === 0x5a)) return setTime(local, rest);
  return readOffset(p, local, rest);
}

function readOffset(p: usize, local: i64, rest: i64): bool {
  const sign = load<u8>(p);
  const colon: usize = to - p === 6 && load<u8>(p + 3) === 0x3a ? 1 : 0;
  if ((sign !== 0x2b && sign !== 0x2d) || to - p !== 5 + colon) return false;
  const hours = digits(p + 1, 2);
  const minutes = digits(p + 3 + colon, 2);
  if (hours < 0 || minutes < 0) return false;
  const seconds = (hours * 60 + minutes) * 60;
  return setTime(sign === 0x2b ? local - seconds : local + seconds, rest);
}

/** Days since the epoch; -1 when there is no such day from 1970 to 2261. */
function daysOf(year: i64, month: i64, day: i64): i64 {
  if (year < 1970 || year > 2261 || month < 1 || month > 12 || day < 1 || day > 31) return -1;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (month === 2 && day > (leap ? 29 : 28)) return -1;
  if (day === 31 && (month === 4 || month === 6 || month === 9 || month === 11)) return -1;
  // Days before a day of the year that begins in March: http://howardhinnant.github.io/date_algorithms.html
  const y = month <= 2 ? year - 1 : year;
  const era = y / 400;
  const ofEra = y - era * 400;
  const ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719468;
}
