/**
 * Reads what changes in a line whose fixed part is known: a number, and an exemplar in the form that clients write.
 * Whatever has another form is left to the slow reading, which also says what is wrong with it.
 */
import { exemplarLabel } from '../../../slo/index.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { goNumber } from '../prometheus-names.ts';
import type { SampleBuilder } from '../sample-builder.ts';
import type { TextFormat } from './series-kind.ts';

const NEWLINE = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const HASH = 0x23;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Digits that a double holds whatever they are, so that one division rounds as the decimal text must be. */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS + 1 }, (_, n) => 10 ** n);
const MAX_SECONDS_DIGITS = 10;
/** Seconds of which 64 bits hold the nanoseconds whatever their decimals: until the year 2262. */
const END_OF_TIME = 9_223_372_036;
const MAX_MILLISECONDS_DIGITS = 13;
const LONGEST_NUMBER = 40;

const TRACE: Uint8Array = Buffer.from(`${exemplarLabel.traceId}="`);
const SPAN: Uint8Array = Buffer.from(`${exemplarLabel.spanId}="`);

/** By byte: the value of a hex digit, 255 for all else. */
const HEX = Uint8Array.from({ length: 256 }, (_, c) => {
  const digit = Number.parseInt(String.fromCharCode(c), 16);
  return Number.isNaN(digit) ? 255 : digit;
});

/** True when `length` bytes of `a` at `at` are those of `b` at `bt`; both lie within their bodies. */
export function sameBytes(a: DataView, at: number, b: DataView, bt: number, length: number): boolean {
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    if (a.getUint32(at + i, true) !== b.getUint32(bt + i, true)) return false;
  }
  for (; i < length; i++) if (a.getUint8(at + i) !== b.getUint8(bt + i)) return false;
  return true;
}

/** A cursor over the bytes of an exposition. After a reading that was refused `pos` is -1. */
export class ByteCursor {
  readonly bytes: Buffer;
  pos = 0;
  #seconds = 0;
  #nanos = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The number here, up to a space or newline. */
  number(): number {
    const { bytes, pos: start } = this;
    let p = start;
    if (bytes[p] === MINUS) p++;
    const first = p;
    let mantissa = 0;
    for (let digit = bytes[p]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p]! - ZERO)
      mantissa = mantissa * 10 + digit;
    let decimals = 0;
    let digits = p - first;
    if (bytes[p] === DOT) {
      const behindDot = ++p;
      for (let digit = bytes[p]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p]! - ZERO)
        mantissa = mantissa * 10 + digit;
      decimals = p - behindDot;
      digits += decimals;
    }
    const end = bytes[p];
    if (digits === 0 || digits > EXACT_DIGITS || (end !== SPACE && end !== NEWLINE))
      return this.#longNumber();
    this.pos = p;
    const value = decimals === 0 ? mantissa : mantissa / POWERS_OF_TEN[decimals]!;
    return first > start ? -value : value;
  }

  #longNumber(): number {
    const { bytes, pos: start } = this;
    let p = start;
    while (p < bytes.length && bytes[p] !== SPACE && bytes[p] !== NEWLINE && p - start < LONGEST_NUMBER) p++;
    const text = bytes.toString('latin1', start, p);
    const value = goNumber(text);
    const isWhole = bytes[p] === SPACE || bytes[p] === NEWLINE;
    this.pos = isWhole && (!Number.isNaN(value) || text === 'NaN') ? p : -1;
    return value;
  }

  /**
   * `# {trace_id="…",span_id="…"} VALUE SECONDS.FRACTION` and its newline: the exemplar of the series at this position
   * of the table, put into `builder` when all of it was read; the time is `timeUnixNano` when it has none of its own.
   */
  exemplar(builder: SampleBuilder, position: number, timeUnixNano: bigint): void {
    const { bytes } = this;
    const start = this.pos;
    this.pos = -1;
    if (bytes[start] !== HASH || bytes[start + 1] !== SPACE || bytes[start + 2] !== OPEN) return;
    builder.exemplars.room();
    const behind = this.#exemplarLabels(start + 3, builder);
    if (behind < 0 || bytes[behind] !== SPACE) return;
    this.pos = behind + 1;
    const value = this.number();
    if (this.pos < 0) return;
    if (bytes[this.pos] === NEWLINE) {
      builder.exemplars.addAt(position, timeUnixNano, value);
      this.pos++;
    } else this.#timedExemplar(builder, position, value);
  }

  #timedExemplar(builder: SampleBuilder, position: number, value: number): void {
    this.pos++;
    this.#time();
    if (this.pos < 0) return;
    const isLast = this.bytes[this.pos] === NEWLINE;
    if (isLast) builder.exemplars.addAtSeconds(position, this.#seconds, this.#nanos, value);
    this.pos = isLast ? this.pos + 1 : -1;
  }

  /** The time here and the newline behind it: seconds with decimals, or whole milliseconds, in nanoseconds. */
  timestamp(format: TextFormat): bigint {
    const time = format === 'openmetrics' ? this.#secondsTime() : this.#millisecondsTime();
    if (this.pos >= 0) this.pos = this.bytes[this.pos] === NEWLINE ? this.pos + 1 : -1;
    return time;
  }

  #secondsTime(): bigint {
    this.#time();
    return this.pos < 0 ? 0n : BigInt(this.#seconds) * 1_000_000_000n + BigInt(this.#nanos);
  }

  #millisecondsTime(): bigint {
    const { bytes, pos: first } = this;
    let p = first;
    let milliseconds = 0;
    for (let digit = bytes[p]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p]! - ZERO)
      milliseconds = milliseconds * 10 + digit;
    const isRead = p > first && p - first <= MAX_MILLISECONDS_DIGITS && milliseconds < END_OF_TIME * 1000;
    this.pos = isRead ? p : -1;
    return this.pos < 0 ? 0n : BigInt(milliseconds) * 1_000_000n;
  }

  /** Seconds and their decimals here, into #seconds and #nanos. */
  #time(): void {
    const { bytes, pos: first } = this;
    this.pos = -1;
    let p = first;
    let seconds = 0;
    for (let digit = bytes[p]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p]! - ZERO)
      seconds = seconds * 10 + digit;
    if (p === first || p - first > MAX_SECONDS_DIGITS || seconds >= END_OF_TIME) return;
    let nanos = 0;
    if (bytes[p] === DOT) {
      const behindDot = ++p;
      for (let digit = bytes[p]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++p]! - ZERO) {
        // Digits beyond the nanosecond are cut, as the slow reading cuts them.
        if (p - behindDot < 9) nanos = nanos * 10 + digit;
      }
      const decimals = p - behindDot;
      if (decimals === 0 || decimals > EXACT_DIGITS) return;
      if (decimals < 9) nanos *= POWERS_OF_TEN[9 - decimals]!;
    }
    this.#seconds = seconds;
    this.#nanos = nanos;
    this.pos = p;
  }

  /** Reads the ids from behind the brace to their places in `builder`; gives where the labels end, or -1. */
  #exemplarLabels(from: number, builder: SampleBuilder): number {
    const { bytes } = this;
    const { count, traceId, spanId } = builder.exemplars;
    let p = from;
    let hasTrace = false;
    let hasSpan = false;
    for (;;) {
      if (!hasTrace && standsAt(bytes, p, TRACE)) {
        hasTrace = true;
        p = hexInto(bytes, p + TRACE.length, traceId, count * TRACE_ID_BYTES, TRACE_ID_BYTES);
      } else if (!hasSpan && standsAt(bytes, p, SPAN)) {
        hasSpan = true;
        p = hexInto(bytes, p + SPAN.length, spanId, count * SPAN_ID_BYTES, SPAN_ID_BYTES);
      } else return -1;
      if (p < 0) return -1;
      if (bytes[p] === CLOSE) return p + 1;
      if (bytes[p] !== COMMA) return -1;
      p++;
    }
  }
}

function standsAt(bytes: Buffer, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

/** Writes `size` bytes of hex that end with a quote; gives the place behind the quote, or -1 when they are not that. */
function hexInto(bytes: Buffer, at: number, to: Uint8Array, offset: number, size: number): number {
  const quote = at + size * 2;
  if (bytes[quote] !== QUOTE) return -1;
  let wrong = 0;
  for (let i = 0, p = at; i < size; i++, p += 2) {
    const high = HEX[bytes[p]!]!;
    const low = HEX[bytes[p + 1]!]!;
    wrong |= high | low;
    to[offset + i] = (high << 4) | low;
  }
  return wrong > 0x0f ? -1 : quote + 1;
}
