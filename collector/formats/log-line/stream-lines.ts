import { storeTime, type TimeParts } from './time-reader.ts';
import type { WrappedLine, Wrapping } from './wrapped-line.ts';

/** Lines of one stream without their wrapping, joined where the runtime had cut them. */
export interface UnwrappedLines {
  /** `stdout`, `stderr`, or '' of lines that are not wrapped. */
  stream: string;
  body: Uint8Array;
  offset: Uint32Array;
  length: Uint32Array;
  /** When the runtime got (the first part of) each line; 0 where it does not say. */
  timeUnixNano: BigInt64Array;
}

/** The beginning of a line whose end has not come. */
interface HeldLine {
  content: Uint8Array;
  time: TimeParts;
  /** Where in the file its first part begins. */
  from: number;
  /** It is too long already: what follows of it is left out as well. */
  tooLong: boolean;
}

/** By the number of their stream. */
export type HeldLines = readonly (HeldLine | undefined)[];

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Collects the lines of one stream. */
export class StreamLines {
  tooLong = 0;
  readonly #name: string;
  readonly #room: number;
  readonly #maxLineBytes: number;
  #out: Buffer | undefined;
  #at = 0;
  readonly #offset: number[] = [];
  readonly #length: number[] = [];
  readonly #times: TimeParts[] = [];
  /** The line that is being joined. */
  #open = false;
  #start = 0;
  #from = 0;
  #time: TimeParts = { seconds: 0, nanos: 0 };
  #skipping = false;

  /** With what is held of a line before, and room for `bytes` more. */
  constructor(name: string, held: HeldLine | undefined, bytes: number, maxLineBytes: number) {
    this.#name = name;
    this.#maxLineBytes = maxLineBytes;
    // A line end more than there was in the file, for a last line without one.
    this.#room = (held?.content.length ?? 0) + bytes + 1;
    if (held === undefined) return;
    this.#open = true;
    this.#from = held.from;
    this.#time = held.time;
    this.#skipping = held.tooLong;
    this.#buffer.set(held.content);
    this.#at = held.content.length;
  }

  get #buffer(): Buffer {
    this.#out ??= Buffer.allocUnsafe(this.#room);
    return this.#out;
  }

  /** Adds the content of a line that `wrapping` read; `from` is where the line begins in the file. */
  add(bytes: Buffer, line: WrappedLine, wrapping: Wrapping, from: number): void {
    if (!this.#open) {
      this.#open = true;
      this.#start = this.#at;
      this.#from = from;
      this.#time = { ...line.time };
      this.#skipping = false;
    }
    if (!this.#skipping) {
      this.#at = wrapping.copy(bytes, line, this.#buffer, this.#at);
      if (this.#at - this.#start > this.#maxLineBytes) {
        this.#skipping = true;
        this.#at = this.#start;
      }
    }
    if (!line.partial) this.endLine();
  }

  /** Adds a line as it stands. */
  addWhole(bytes: Buffer, start: number, end: number): void {
    this.#start = this.#at;
    this.#skipping = end - start > this.#maxLineBytes;
    if (!this.#skipping) this.#at += bytes.copy(this.#buffer, this.#at, start, end);
    this.endLine();
  }

  /** Ends the line that is being joined; an empty one is none. */
  endLine(): void {
    this.#open = false;
    if (this.#skipping) {
      this.tooLong++;
      return;
    }
    const out = this.#buffer;
    if (this.#at > this.#start && out[this.#at - 1] === CARRIAGE_RETURN) this.#at--;
    if (this.#at === this.#start) return;
    this.#offset.push(this.#start);
    this.#length.push(this.#at - this.#start);
    this.#times.push(this.#time);
    out[this.#at++] = NEWLINE;
  }

  /** The whole lines; undefined when there are none. */
  lines(): UnwrappedLines | undefined {
    if (this.#offset.length === 0) return undefined;
    const timeUnixNano = new BigInt64Array(this.#times.length);
    const words = new Uint32Array(timeUnixNano.buffer);
    for (const [i, time] of this.#times.entries()) storeTime(words, i, time);
    const last = this.#offset.length - 1;
    return {
      stream: this.#name,
      body: this.#buffer.subarray(0, this.#offset[last]! + this.#length[last]! + 1),
      offset: Uint32Array.from(this.#offset),
      length: Uint32Array.from(this.#length),
      timeUnixNano,
    };
  }

  /** What waits for its end; copied, so that it does not keep the chunk. */
  held(): HeldLine | undefined {
    if (!this.#open) return undefined;
    const content = Uint8Array.from(this.#buffer.subarray(this.#start, this.#at));
    return { content, time: this.#time, from: this.#from, tooLong: this.#skipping };
  }
}
