import { type KeyVisitor, scanObject } from './json-scanner.ts';
import { readTime } from './time-reader.ts';
import { streamOf, type WrappedLine, type Wrapping } from './wrapped-line.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;
const LETTER_U = 0x75;
/** Bytes of the escapes that do not stand for their own letter, RFC 8259 section 7. */
const ESCAPED = Object.entries({ b: 8, f: 12, n: 10, r: 13, t: 9 });
const UNESCAPED = Uint8Array.from({ length: 256 }, (_, byte) => byte);
for (const [letter, byte] of ESCAPED) UNESCAPED[letter.charCodeAt(0)] = byte;
const KEYS = { log: Buffer.from('log'), stream: Buffer.from('stream'), time: Buffer.from('time') };

/**
 * Lines of Docker's json-file driver: `{"log":"…\n","stream":"stdout","time":"…"}`. What a program wrote is cut at
 * 16 KiB, and only the last part of a line ends with its line end. `attrs` is the same for all lines of a container
 * and is not kept. Source: moby/moby, daemon/logger/jsonfilelog.
 */
export function createDockerWrapping(): Wrapping {
  const fields = new DockerFields();
  return {
    read: (bytes, start, end, into) => fields.read(bytes, start, end, into),
    copy: (bytes, { contentStart, contentEnd }, out, at) =>
      copyUnescaped(bytes, contentStart, contentEnd, out, at),
  };
}

class DockerFields implements KeyVisitor {
  #bytes: Buffer = Buffer.alloc(0);
  #log = -1;
  #logEnd = -1;
  #stream = 0;
  #time = -1;
  #timeEnd = -1;

  read(bytes: Buffer, start: number, end: number, into: WrappedLine): boolean {
    this.#bytes = bytes;
    this.#log = -1;
    this.#stream = 0;
    this.#time = -1;
    if (!scanObject(bytes, start, end, this)) return false;
    if (this.#log < 0 || this.#stream === 0 || this.#time < 0) return false;
    if (!readTime(bytes, this.#time, this.#timeEnd, into.time)) return false;
    const whole = endsWithNewline(bytes, this.#log, this.#logEnd);
    into.stream = this.#stream;
    into.partial = !whole;
    into.contentStart = this.#log;
    into.contentEnd = whole ? this.#logEnd - 2 : this.#logEnd;
    return true;
  }

  visit(keyStart: number, keyEnd: number, _escaped: boolean, valueStart: number, valueEnd: number): void {
    if (this.#bytes[valueStart] !== QUOTE) return;
    if (this.#isKey(KEYS.log, keyStart, keyEnd)) {
      this.#log = valueStart + 1;
      this.#logEnd = valueEnd - 1;
    } else if (this.#isKey(KEYS.stream, keyStart, keyEnd)) {
      this.#stream = streamOf(this.#bytes, valueStart + 1, valueEnd - 1);
    } else if (this.#isKey(KEYS.time, keyStart, keyEnd)) {
      this.#time = valueStart + 1;
      this.#timeEnd = valueEnd - 1;
    }
  }

  #isKey(key: Buffer, start: number, end: number): boolean {
    return end - start === key.length && this.#bytes.compare(key, 0, key.length, start, end) === 0;
  }
}

/** True when the string's content in bytes[start, end) ends with the escape of a line end. */
function endsWithNewline(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < 2 || bytes[end - 1] !== LETTER_N) return false;
  let first = end - 1;
  while (first > start && bytes[first - 1] === BACKSLASH) first--;
  // An even number of backslashes are backslashes, and the n is an n.
  return (end - 1 - first) % 2 === 1;
}

/** Copies the content of a valid JSON string without its escapes. */
function copyUnescaped(bytes: Buffer, start: number, end: number, out: Buffer, at: number): number {
  let to = at;
  for (let from = start; from < end; ) {
    const byte = bytes[from++]!;
    if (byte !== BACKSLASH) out[to++] = byte;
    else if (bytes[from] !== LETTER_U) out[to++] = UNESCAPED[bytes[from++]!]!;
    else {
      // As many as there are in a row, because two of them may be one character.
      let behind = from + 5;
      while (bytes[behind] === BACKSLASH && bytes[behind + 1] === LETTER_U && behind < end) behind += 6;
      to += out.write(JSON.parse(`"\\${bytes.toString('latin1', from, behind)}"`), to, 'utf8');
      from = behind;
    }
  }
  return to;
}
