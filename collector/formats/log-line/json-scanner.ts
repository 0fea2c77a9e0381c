/**
 * Told of each top-level key of an object: where key (without quotes) and value (with them) stand in the bytes, and
 * whether the key is written with escapes.
 */
export interface KeyVisitor {
  visit(keyStart: number, keyEnd: number, escaped: boolean, valueStart: number, valueEnd: number): void;
}

/** Nesting above which a line is not read as JSON. */
const MAX_DEPTH = 100;

const QUOTE = 0x22;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LITERALS = ['true', 'false', 'null'].map((word) => Buffer.from(word));
/** What may follow a backslash, RFC 8259 section 7; `u` is looked at on its own. */
const ESCAPES = byteSet('"\\/bfnrt');
const HEX_DIGITS = byteSet('0123456789abcdefABCDEF');
const SPACES = byteSet(' \t\n\r');
/** Bytes that stand for themselves in a string. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

function byteSet(characters: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const byte of Buffer.from(characters)) set[byte] = 1;
  return set;
}

/**
 * Visits the top-level keys of the object in bytes[start, end) without making values; false when that is not one
 * JSON object (some keys may have been visited). It accepts what JSON.parse accepts (RFC 8259) and nothing else, so
 * that a line found by its index decodes later. Positions, not objects, because this runs over every byte of a log.
 */
export function scanObject(bytes: Uint8Array, start: number, end: number, visitor: KeyVisitor): boolean {
  const open = skipSpace(bytes, start, end);
  if (open >= end || bytes[open] !== OPEN_BRACE) return false;
  const close = skipObject(bytes, open + 1, end, 1, visitor);
  return close >= 0 && skipSpace(bytes, close, end) === end;
}

/*
 * Each function below takes the position to read at and gives the position behind what it read, or -1 when that is
 * not what it reads.
 */

function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end && SPACES[bytes[pos]!] === 1) pos++;
  return pos;
}

function skipObject(
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
  visitor: KeyVisitor | undefined,
): number {
  let pos = skipSpace(bytes, start, end);
  if (pos < end && bytes[pos] === CLOSE_BRACE) return pos + 1;
  for (;;) {
    if (pos >= end || bytes[pos] !== QUOTE) return -1;
    const keyStart = pos + 1;
    const plainEnd = skipPlain(bytes, keyStart, end);
    const keyEnd = skipString(bytes, plainEnd, end) - 1;
    if (keyEnd < 0) return -1;
    pos = skipSpace(bytes, keyEnd + 1, end);
    if (pos >= end || bytes[pos] !== COLON) return -1;
    const valueStart = skipSpace(bytes, pos + 1, end);
    const valueEnd = skipValue(bytes, valueStart, end, depth);
    if (valueEnd < 0) return -1;
    if (visitor !== undefined) visitor.visit(keyStart, keyEnd, plainEnd < keyEnd, valueStart, valueEnd);
    pos = skipSpace(bytes, valueEnd, end);
    if (pos >= end) return -1;
    if (bytes[pos] === CLOSE_BRACE) return pos + 1;
    if (bytes[pos] !== COMMA) return -1;
    pos = skipSpace(bytes, pos + 1, end);
  }
}

function skipArray(bytes: Uint8Array, start: number, end: number, depth: number): number {
  let pos = skipSpace(bytes, start, end);
  if (pos < end && bytes[pos] === CLOSE_BRACKET) return pos + 1;
  for (;;) {
    pos = skipValue(bytes, pos, end, depth);
    if (pos < 0) return -1;
    pos = skipSpace(bytes, pos, end);
    if (pos >= end) return -1;
    if (bytes[pos] === CLOSE_BRACKET) return pos + 1;
    if (bytes[pos] !== COMMA) return -1;
    pos = skipSpace(bytes, pos + 1, end);
  }
}

function skipValue(bytes: Uint8Array, pos: number, end: number, depth: number): number {
  if (pos >= end) return -1;
  const byte = bytes[pos]!;
  if (byte === QUOTE) return skipString(bytes, pos + 1, end);
  if (byte === MINUS || isDigit(byte)) return skipNumber(bytes, pos, end);
  if (byte === OPEN_BRACE) {
    return depth < MAX_DEPTH ? skipObject(bytes, pos + 1, end, depth + 1, undefined) : -1;
  }
  if (byte === OPEN_BRACKET) return depth < MAX_DEPTH ? skipArray(bytes, pos + 1, end, depth + 1) : -1;
  return skipLiteral(bytes, pos, end);
}

function skipPlain(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end && PLAIN[bytes[pos]!] === 1) pos++;
  return pos;
}

/** From behind the opening quote to behind the closing one. */
function skipString(bytes: Uint8Array, start: number, end: number): number {
  let pos = skipPlain(bytes, start, end);
  while (pos < end && bytes[pos] !== QUOTE) {
    if (bytes[pos] !== BACKSLASH) return -1;
    pos = skipEscape(bytes, pos + 1, end);
    if (pos < 0) return -1;
    pos = skipPlain(bytes, pos, end);
  }
  return pos < end ? pos + 1 : -1;
}

function skipEscape(bytes: Uint8Array, pos: number, end: number): number {
  if (pos >= end) return -1;
  if (ESCAPES[bytes[pos]!] === 1) return pos + 1;
  if (bytes[pos] !== 0x75 || pos + 5 > end) return -1;
  for (let i = pos + 1; i < pos + 5; i++) if (HEX_DIGITS[bytes[i]!] !== 1) return -1;
  return pos + 5;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

/** At least one digit. */
function skipDigits(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end && isDigit(bytes[pos]!)) pos++;
  return pos > start ? pos : -1;
}

function skipNumber(bytes: Uint8Array, start: number, end: number): number {
  let pos = bytes[start] === MINUS ? start + 1 : start;
  pos = pos < end && bytes[pos] === ZERO ? pos + 1 : skipDigits(bytes, pos, end);
  if (pos >= 0 && pos < end && bytes[pos] === POINT) pos = skipDigits(bytes, pos + 1, end);
  if (pos < 0 || pos >= end || (bytes[pos]! | 0x20) !== 0x65) return pos;
  const sign = pos + 1 < end ? bytes[pos + 1] : 0;
  return skipDigits(bytes, sign === 0x2b || sign === MINUS ? pos + 2 : pos + 1, end);
}

function skipLiteral(bytes: Uint8Array, pos: number, end: number): number {
  const word = LITERALS.find((literal) => literal[0] === bytes[pos]);
  if (word === undefined || pos + word.length > end) return -1;
  for (let i = 0; i < word.length; i++) if (bytes[pos + i] !== word[i]) return -1;
  return pos + word.length;
}
