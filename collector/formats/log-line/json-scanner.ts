/** Kinds of JSON values by what the scanner found. */
export type JsonKind = 'string' | 'number' | 'object' | 'array' | 'literal';

/** Nesting above which a line is not read as JSON. */
const MAX_DEPTH = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LITERALS = new Map(['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]));
/** What may follow a backslash, RFC 8259 section 7; `u` is looked at on its own. */
const ESCAPES = new Set(Buffer.from('"\\/bfnrt'));

/** Called per key of the object: where key (without quotes) and value (with them) stand. */
export type VisitKey = (
  keyStart: number,
  keyEnd: number,
  kind: JsonKind,
  valueStart: number,
  valueEnd: number,
) => void;

/**
 * Reads the top-level keys of a JSON object from bytes without making values. It accepts what JSON.parse accepts
 * (RFC 8259) and nothing else, so that a line found by its index decodes later.
 */
export class JsonScanner {
  #bytes: Uint8Array = new Uint8Array(0);
  #pos = 0;
  #end = 0;

  /** Visits the keys of the object in bytes[start, end); false when that is not one JSON object. */
  object(bytes: Uint8Array, start: number, end: number, visit: VisitKey): boolean {
    this.#bytes = bytes;
    this.#pos = start;
    this.#end = end;
    this.#space();
    if (this.#bytes[this.#pos] !== OPEN_BRACE || this.#pos >= end) return false;
    if (!this.#objectBody(1, visit)) return false;
    this.#space();
    return this.#pos === end;
  }

  #space(): void {
    const bytes = this.#bytes;
    while (this.#pos < this.#end) {
      const byte = bytes[this.#pos]!;
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return;
      this.#pos++;
    }
  }

  /** The byte at the position, -1 at the end. */
  #peek(): number {
    return this.#pos < this.#end ? this.#bytes[this.#pos]! : -1;
  }

  #objectBody(depth: number, visit: VisitKey | undefined): boolean {
    this.#pos++;
    this.#space();
    if (this.#peek() === CLOSE_BRACE) {
      this.#pos++;
      return true;
    }
    for (;;) {
      const keyStart = this.#pos + 1;
      if (this.#peek() !== QUOTE || !this.#string()) return false;
      const keyEnd = this.#pos - 1;
      this.#space();
      if (this.#peek() !== COLON) return false;
      this.#pos++;
      this.#space();
      const valueStart = this.#pos;
      const kind = this.#value(depth);
      if (!kind) return false;
      visit?.(keyStart, keyEnd, kind, valueStart, this.#pos);
      const next = this.#separator(CLOSE_BRACE);
      if (next !== 'more') return next === 'end';
    }
  }

  #arrayBody(depth: number): boolean {
    this.#pos++;
    this.#space();
    if (this.#peek() === CLOSE_BRACKET) {
      this.#pos++;
      return true;
    }
    for (;;) {
      if (!this.#value(depth)) return false;
      const next = this.#separator(CLOSE_BRACKET);
      if (next !== 'more') return next === 'end';
    }
  }

  /** Steps over a comma or the closing bracket. */
  #separator(close: number): 'more' | 'end' | 'bad' {
    this.#space();
    const byte = this.#peek();
    if (byte !== COMMA && byte !== close) return 'bad';
    this.#pos++;
    if (byte === close) return 'end';
    this.#space();
    return 'more';
  }

  #value(depth: number): JsonKind | undefined {
    const byte = this.#peek();
    if (byte === QUOTE) return this.#string() ? 'string' : undefined;
    if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) return this.#number() ? 'number' : undefined;
    if (byte === OPEN_BRACE) {
      return depth < MAX_DEPTH && this.#objectBody(depth + 1, undefined) ? 'object' : undefined;
    }
    if (byte === OPEN_BRACKET) return depth < MAX_DEPTH && this.#arrayBody(depth + 1) ? 'array' : undefined;
    return this.#literal(byte) ? 'literal' : undefined;
  }

  #string(): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    let pos = this.#pos + 1;
    while (pos < end) {
      const byte = bytes[pos++]!;
      if (byte === QUOTE) {
        this.#pos = pos;
        return true;
      }
      if (byte < 0x20) return false;
      if (byte === BACKSLASH) {
        const escaped = pos < end ? bytes[pos++]! : 0;
        if (escaped === 0x75) {
          for (let i = 0; i < 4; i++) if (pos >= end || !isHexDigit(bytes[pos++]!)) return false;
        } else if (!ESCAPES.has(escaped)) return false;
      }
    }
    return false;
  }

  #digits(): boolean {
    const start = this.#pos;
    for (let byte = this.#peek(); byte >= 0x30 && byte <= 0x39; byte = this.#peek()) this.#pos++;
    return this.#pos > start;
  }

  #number(): boolean {
    if (this.#peek() === 0x2d) this.#pos++;
    if (this.#peek() === 0x30) this.#pos++;
    else if (!this.#digits()) return false;
    if (this.#peek() === 0x2e) {
      this.#pos++;
      if (!this.#digits()) return false;
    }
    if (this.#peek() === 0x65 || this.#peek() === 0x45) {
      this.#pos++;
      if (this.#peek() === 0x2b || this.#peek() === 0x2d) this.#pos++;
      return this.#digits();
    }
    return true;
  }

  #literal(first: number): boolean {
    const word = LITERALS.get(first);
    if (!word || this.#pos + word.length > this.#end) return false;
    for (const byte of word) if (this.#bytes[this.#pos++] !== byte) return false;
    return true;
  }
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}
