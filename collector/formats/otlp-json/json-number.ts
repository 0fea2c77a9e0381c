import { GiveUp } from './give-up.ts';
import type { JsonCursor } from './json-cursor.ts';

const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const QUOTE = 0x22;

/** Powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** Digits that always fit into the 53 bits of a double. */
const EXACT_DIGITS = 15;
/** Digits of the largest 64-bit integer. */
const MAX_INTEGER_DIGITS = 20;

/**
 * An integer of at most 64 bits in two halves, for arithmetic without bigint: the magnitude as it was read, and after
 * `signed64` and the others its two's complement.
 */
export class Int64 {
  low = 0;
  high = 0;
  #negative = false;

  /** Reads an integer of -2^63 to 2^63 - 1, as number or as text. */
  signed64(cursor: JsonCursor): void {
    this.#read(cursor);
    this.#applySign(2 ** 31);
  }

  unsigned64(cursor: JsonCursor): void {
    this.#read(cursor);
    this.#applySign(0);
  }

  signed32(cursor: JsonCursor): void {
    this.#read(cursor);
    const largest = this.#negative ? 2 ** 31 : 2 ** 31 - 1;
    if (this.high !== 0 || this.low > largest) throw new GiveUp();
    this.#applySign(2 ** 31);
  }

  unsigned32(cursor: JsonCursor): void {
    this.#read(cursor);
    this.#applySign(0);
    if (this.high !== 0) throw new GiveUp();
  }

  /** Steps over digits. Decimals, an exponent and more than 64 bits give up. */
  #read(cursor: JsonCursor): void {
    const quoted = cursor.peek() === QUOTE;
    if (quoted) cursor.pos++;
    const { bytes } = cursor;
    this.#negative = bytes[cursor.pos] === MINUS;
    if (this.#negative) cursor.pos++;
    const start = cursor.pos;
    const end = digitsEnd(bytes, start);
    const digits = end - start;
    if (digits === 0 || digits > MAX_INTEGER_DIGITS) throw new GiveUp();
    this.#magnitude(bytes, start, end);
    cursor.pos = end;
    if (quoted) cursor.expectHere(QUOTE);
    else if (isNumberPart(bytes[end]!) || (digits > 1 && bytes[start] === ZERO)) throw new GiveUp();
  }

  /** Reads up to 20 digits, in steps that a double holds exactly. */
  #magnitude(bytes: Uint8Array, start: number, end: number): void {
    const cut = end - start > EXACT_DIGITS ? end - 9 : end;
    const front = decimal(bytes, start, cut);
    const frontLow = front >>> 0;
    const frontHigh = Math.floor(front / 2 ** 32);
    if (cut === end) {
      this.low = frontLow;
      this.high = frontHigh;
      return;
    }
    // front * 10^9 + the last nine digits, 16 bits after 16 bits.
    const t0 = (frontLow & 0xffff) * 1e9 + decimal(bytes, cut, end);
    const t1 = (frontLow >>> 16) * 1e9 + Math.floor(t0 / 2 ** 16);
    this.low = ((t1 % 2 ** 16) * 2 ** 16 + (t0 % 2 ** 16)) >>> 0;
    this.high = frontHigh * 1e9 + Math.floor(t1 / 2 ** 16);
    if (this.high >= 2 ** 32) throw new GiveUp();
  }

  /** `bound` is the high half of the largest magnitude that may be negative; 0 for unsigned types. */
  #applySign(bound: number): void {
    const { low, high } = this;
    if (!this.#negative) {
      if (bound !== 0 && high >= bound) throw new GiveUp();
      return;
    }
    if (high > bound || (high === bound && low !== 0)) throw new GiveUp();
    this.low = -low >>> 0;
    this.high = (~high + (low === 0 ? 1 : 0)) >>> 0;
  }
}

function digitsEnd(bytes: Uint8Array, start: number): number {
  let p = start;
  while (bytes[p]! >= ZERO && bytes[p]! <= NINE) p++;
  return p;
}

function decimal(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 10 + (bytes[i]! - ZERO);
  return value;
}

/** What an integer may not be followed by: it would be a number of another kind. */
function isNumberPart(byte: number): boolean {
  return byte === 0x2e || byte === 0x65 || byte === 0x45;
}

/** Steps over a JSON number and gives the nearest double, as JSON.parse does. */
export function readDouble(cursor: JsonCursor): number {
  const { bytes, pos: start } = cursor;
  const negative = bytes[start] === MINUS;
  const whole = negative ? start + 1 : start;
  const point = digitsEnd(bytes, whole);
  if (point === whole || (point - whole > 1 && bytes[whole] === ZERO)) throw new GiveUp();
  let end = point;
  if (bytes[point] === 0x2e) {
    end = digitsEnd(bytes, point + 1);
    if (end === point + 1) throw new GiveUp();
  }
  const decimals = Math.max(0, end - point - 1);
  const exponent = bytes[end] === 0x65 || bytes[end] === 0x45;
  cursor.pos = exponent ? exponentEnd(bytes, end + 1) : end;
  if (exponent || point - whole + decimals > EXACT_DIGITS) return Number(cursor.latin1(start, cursor.pos));
  // Both numbers are exact, so that the division rounds once.
  const digits = decimal(bytes, whole, point) * POWERS[decimals]! + decimal(bytes, point + 1, end);
  return (negative ? -digits : digits) / POWERS[decimals]!;
}

function exponentEnd(bytes: Uint8Array, from: number): number {
  const start = bytes[from] === 0x2b || bytes[from] === MINUS ? from + 1 : from;
  const end = digitsEnd(bytes, start);
  if (end === start) throw new GiveUp();
  return end;
}
