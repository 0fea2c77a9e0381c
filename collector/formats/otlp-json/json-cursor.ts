import { MAX_DEPTH } from '../protobuf/reader.ts';
import { GiveUp } from './give-up.ts';
import { readDouble } from './json-number.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

/** 1 for bytes of a string that stand for themselves: no quote, no backslash, no control character. */
export const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

/** What a backslash and this byte stand for; 0 for none. `\u` is not among them. */
export const ESCAPES = Uint8Array.from({ length: 256 }, (_, byte) => {
  const at = '"\\/bfnrt'.indexOf(String.fromCharCode(byte));
  return at < 0 ? 0 : '"\\/\b\f\n\r\t'.charCodeAt(at);
});

/** More than any two hex digits make. */
const NO_DIGIT = 256;

/** Value of a hex digit; 256 for other bytes. */
export const HEX = Uint16Array.from({ length: 256 }, (_, byte) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase());
  return digit < 0 ? NO_DIGIT : digit;
});

/**
 * Stands in JSON text that is known to be UTF-8 and steps over it part by part, as strictly as JSON.parse reads it.
 * Reading behind the end gives undefined, which no comparison takes for anything.
 */
export class JsonCursor {
  readonly bytes: Uint8Array;
  readonly #buffer: Buffer;
  pos = 0;
  /** Where the text of the last key ended. */
  keyEnd = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The next byte that is no white space; it is not stepped over. */
  peek(): number {
    const byte = this.bytes[this.pos]!;
    return byte > 0x20 ? byte : this.#peekFar();
  }

  #peekFar(): number {
    const { bytes } = this;
    let p = this.pos;
    let byte = bytes[p];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++p];
    this.pos = p;
    return byte ?? -1;
  }

  /** Steps over `byte`, which must come next. */
  expect(byte: number): void {
    if (this.peek() !== byte) throw new GiveUp();
    this.pos++;
  }

  /** Behind an item of a list or an object: true when another one follows, false behind `close`. */
  another(close: number): boolean {
    const byte = this.peek();
    if (byte !== COMMA && byte !== close) throw new GiveUp();
    this.pos++;
    return byte === COMMA;
  }

  /** Behind the opening of a list or an object: true when it is empty, and then it is closed too. */
  empty(close: number): boolean {
    if (this.peek() !== close) return false;
    this.pos++;
    return true;
  }

  /** Steps over a key and its colon; gives where the key's text begins, and its end in `keyEnd`. Escapes give up. */
  key(): number {
    this.expect(QUOTE);
    const { bytes } = this;
    const start = this.pos;
    let p = start;
    while (PLAIN[bytes[p]!] === 1) p++;
    if (bytes[p] !== QUOTE) throw new GiveUp();
    this.keyEnd = p;
    this.pos = p + 1;
    this.expect(COLON);
    return start;
  }

  /** Steps over `null`, `true` or `false`. */
  literal(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.pos++] !== word.charCodeAt(i)) throw new GiveUp();
    }
  }

  /** Steps over any value that nobody asked for. */
  skipValue(depth: number): void {
    if (depth > MAX_DEPTH) throw new GiveUp();
    const byte = this.peek();
    if (byte === QUOTE) this.#skipString();
    else if (byte === 0x7b) this.#skipObject(depth);
    else if (byte === 0x5b) this.#skipList(depth);
    else if (byte === 0x74) this.literal('true');
    else if (byte === 0x66) this.literal('false');
    else if (byte === 0x6e) this.literal('null');
    else readDouble(this);
  }

  #skipObject(depth: number): void {
    this.pos++;
    if (this.empty(0x7d)) return;
    do {
      this.#skipString();
      this.expect(COLON);
      this.skipValue(depth + 1);
    } while (this.another(0x7d));
  }

  #skipList(depth: number): void {
    this.pos++;
    if (this.empty(0x5d)) return;
    do this.skipValue(depth + 1);
    while (this.another(0x5d));
  }

  #skipString(): void {
    const { bytes } = this;
    this.expect(QUOTE);
    for (;;) {
      let p = this.pos;
      while (PLAIN[bytes[p]!] === 1) p++;
      this.pos = p + 1;
      if (bytes[p] === QUOTE) return;
      if (bytes[p] !== BACKSLASH) throw new GiveUp();
      const kind = bytes[this.pos++]!;
      if (kind === 0x75) this.hex4();
      else if (!ESCAPES[kind]) throw new GiveUp();
    }
  }

  /** Steps over four hex digits and gives their number. */
  hex4(): number {
    let value = 0;
    for (const end = this.pos + 4; this.pos < end; this.pos++) {
      const digit = HEX[this.bytes[this.pos]!] ?? NO_DIGIT;
      if (digit === NO_DIGIT) throw new GiveUp();
      value = value * 16 + digit;
    }
    return value;
  }

  /** Steps over `byte`, which must come at once. */
  expectHere(byte: number): void {
    if (this.bytes[this.pos++] !== byte) throw new GiveUp();
  }

  /** Steps over a string that holds no escape and gives its text, each byte a character. */
  plainText(): string {
    this.expect(QUOTE);
    const { bytes } = this;
    const start = this.pos;
    let p = start;
    while (PLAIN[bytes[p]!] === 1) p++;
    this.pos = p;
    this.expectHere(QUOTE);
    return this.latin1(start, p);
  }

  latin1(start: number, end: number): string {
    return this.#buffer.toString('latin1', start, end);
  }
}
