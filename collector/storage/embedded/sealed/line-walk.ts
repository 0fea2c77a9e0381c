/** Takes a log line apart: the top-level fields of JSON go to columns, from which the line can be written again. */
import { isUtf8 } from 'node:buffer';
import { type KeyVisitor, scanObject } from '../../../formats/log-line/json-scanner.ts';
import type { AttributeCollector } from './attribute-collector.ts';
import type { Arena, ByteTable } from './byte-table.ts';
import type { DirectoryWriter } from './directory.ts';
import { TYPE } from './layout.ts';
import { Residuals } from './residuals.ts';
import type { RecordWalk } from './seal-group.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
/** Digits of an integer that a double holds whatever they are. */
const SAFE_DIGITS = 15;
/** Words that the visitor notes of a field: where key and value begin and end. */
const NOTED = 4;

/**
 * A line in the compact form of JSON, as loggers write it, is the same bytes again when its fields are put together.
 * All others are kept whole: JSON in another form, and what is not JSON.
 */
export class LineWalk implements RecordWalk, KeyVisitor {
  readonly #bytes: Uint8Array;
  readonly #attributes: AttributeCollector;
  readonly #residuals: Residuals;
  readonly #line: number;
  readonly #plainLine: number;
  #noted = new Uint32Array(NOTED * 16);
  #fields = 0;
  #isCompact = true;
  #next = 0;

  constructor(arena: Arena, table: ByteTable, attributes: AttributeCollector) {
    this.#bytes = arena.bytes;
    this.#attributes = attributes;
    this.#residuals = new Residuals(arena, table);
    this.#line = attributes.field(TYPE.line, false);
    this.#plainLine = attributes.field(TYPE.plainLine, false);
  }

  record(from: number, length: number): number {
    const bytes = this.#bytes;
    const to = from + length;
    this.#attributes.begin();
    this.#residuals.begin();
    this.#residuals.end();
    this.#fields = 0;
    this.#isCompact = true;
    this.#next = from;
    const isJson = scanObject(bytes, from, to, this);
    const isWhole = this.#fields === 0 ? length === 2 : this.#next === to - 1;
    if (!isJson) this.#attributes.pushField(this.#plainLine, from, length);
    else if (
      !this.#isCompact ||
      !isWhole ||
      !this.#attributes.hasRoom(this.#fields) ||
      !isUtf8(bytes.subarray(from, to))
    )
      this.#attributes.pushField(this.#line, from, length);
    else for (let n = 0; n < this.#fields; n++) this.#push(n * NOTED);
    return this.#attributes.end();
  }

  write(directory: DirectoryWriter): void {
    this.#residuals.write(directory);
  }

  /** For the scanner. */
  visit(keyStart: number, keyEnd: number, escaped: boolean, valueStart: number, valueEnd: number): void {
    // Before each key stand a brace or comma and a quote, between key and value a quote and a colon.
    if (escaped || keyStart !== this.#next + 2 || valueStart !== keyEnd + 2) this.#isCompact = false;
    this.#next = valueEnd;
    const at = this.#fields++ * NOTED;
    if (at === this.#noted.length) {
      const larger = new Uint32Array(at * 2);
      larger.set(this.#noted);
      this.#noted = larger;
    }
    this.#noted[at] = keyStart;
    this.#noted[at + 1] = keyEnd;
    this.#noted[at + 2] = valueStart;
    this.#noted[at + 3] = valueEnd;
  }

  #push(at: number): void {
    const noted = this.#noted;
    const [keyStart, start, end] = [noted[at]!, noted[at + 2]!, noted[at + 3]!];
    const keyLength = noted[at + 1]! - keyStart;
    const attributes = this.#attributes;
    if (this.#bytes[start] === QUOTE && !this.#hasEscape(start, end)) {
      attributes.pushBytes(TYPE.text, keyStart, keyLength, start + 1, end - start - 2);
      return;
    }
    const integer = this.#integer(start, end);
    if (integer === undefined) attributes.pushBytes(TYPE.json, keyStart, keyLength, start, end - start);
    else attributes.pushInteger(keyStart, keyLength, integer);
  }

  #hasEscape(start: number, end: number): boolean {
    for (let p = start; p < end; p++) if (this.#bytes[p] === BACKSLASH) return true;
    return false;
  }

  /** The value as an integer that is written as it would be written again. */
  #integer(start: number, end: number): number | undefined {
    const bytes = this.#bytes;
    const isNegative = bytes[start] === MINUS;
    const from = isNegative ? start + 1 : start;
    if (end - from > SAFE_DIGITS || (bytes[from] === ZERO && (isNegative || end - from > 1)))
      return undefined;
    let value = 0;
    for (let p = from; p < end; p++) {
      const byte = bytes[p]!;
      if (byte < ZERO || byte > NINE) return undefined;
      value = value * 10 + byte - ZERO;
    }
    return isNegative ? -value : value;
  }
}
