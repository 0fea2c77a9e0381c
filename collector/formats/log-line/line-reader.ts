import type { AttributeValue } from '../../telemetry/model.ts';
import { parseJson } from '../json-parse.ts';
import { type KeyVisitor, scanObject } from './json-scanner.ts';
import { LineIndexer } from './line-index.ts';

/** Reads single things of the lines in a body without decoding what else a line says. */
export class LineReader {
  readonly #bytes: Buffer;
  readonly #index: LineIndexer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#index = new LineIndexer(bytes);
  }

  /**
   * The body of the record that the line in bytes[start, end) is, as `decodeLogLine` has it: its message, or the
   * whole line when it is not JSON or has no message.
   */
  body(start: number, end: number): AttributeValue {
    const message = this.#index.read(start, end) ? this.#index.messageRange() : undefined;
    if (message === undefined) return this.#bytes.toString('utf8', start, end);
    return this.#value(...message);
  }

  /** Gives the value of a top-level key of lines; undefined where a line has none, or is not JSON. */
  field(key: string): (start: number, end: number) => AttributeValue | undefined {
    const finder = new KeyFinder(this.#bytes, key);
    return (start, end) => {
      finder.start = -1;
      if (!scanObject(this.#bytes, start, end, finder) || finder.start < 0) return undefined;
      return this.#value(finder.start, finder.end);
    };
  }

  #value(start: number, end: number): AttributeValue {
    return parseJson(this.#bytes.toString('utf8', start, end)) as AttributeValue;
  }
}

/** Where the value of one key stands. Of a key given twice the last counts, as with JSON.parse. */
class KeyFinder implements KeyVisitor {
  start = -1;
  end = 0;
  readonly #bytes: Buffer;
  readonly #text: string;
  readonly #key: Buffer;

  constructor(bytes: Buffer, key: string) {
    this.#bytes = bytes;
    this.#text = key;
    this.#key = Buffer.from(key);
  }

  visit(keyStart: number, keyEnd: number, escaped: boolean, valueStart: number, valueEnd: number): void {
    if (!this.#same(keyStart, keyEnd, escaped)) return;
    this.start = valueStart;
    this.end = valueEnd;
  }

  #same(start: number, end: number, escaped: boolean): boolean {
    if (escaped) return JSON.parse(this.#bytes.toString('utf8', start - 1, end + 1)) === this.#text;
    if (end - start !== this.#key.length) return false;
    for (let i = 0; i < this.#key.length; i++) if (this.#bytes[start + i] !== this.#key[i]) return false;
    return true;
  }
}
