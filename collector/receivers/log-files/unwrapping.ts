import type { HeldLines } from '../../formats/log-line/stream-lines.ts';
import { detectFormat, Unwrapper } from '../../formats/log-line/unwrap.ts';
import { type Content, readAt } from './content.ts';
import type { FileState } from './file-state.ts';
import type { LogFileGroup } from './group.ts';
import { cutLines } from './line-chunks.ts';

/** Enough for the longest first line that Docker writes: 16 KiB, of which each byte may be escaped. */
const HEAD_BYTES = 128 * 1024;

/** How the lines of one file are unwrapped, and the beginnings of lines whose ends have not come. */
export class Unwrapping {
  readonly #format: LogFileGroup['format'];
  readonly #maxLineBytes: number;
  readonly #chunkBytes: number;
  /** Null when the lines are not wrapped, undefined before that is known. */
  #unwrapper: Unwrapper | null | undefined;
  /** Undefined when they are to be read from the file again. */
  #held: HeldLines | undefined = [];

  constructor(format: LogFileGroup['format'], limits: { maxLineBytes: number; chunkBytes: number }) {
    this.#format = format;
    this.#maxLineBytes = limits.maxLineBytes;
    this.#chunkBytes = limits.chunkBytes;
  }

  /** The file is read on from `state`, or is another now. */
  resume(state: FileState | undefined): void {
    this.#unwrapper = undefined;
    this.#held = state?.heldFrom === undefined ? [] : undefined;
  }

  /** Null when the lines are not wrapped; `chunk` was read at `offset`. */
  async unwrapper(file: Content, chunk: Buffer, offset: number): Promise<Unwrapper | null> {
    if (this.#unwrapper === undefined) {
      const head = offset === 0 || this.#format !== 'auto' ? chunk : await readAt(file, 0, HEAD_BYTES);
      const format = this.#format === 'auto' ? detectFormat(head) : this.#format;
      this.#unwrapper = format === 'json' ? null : new Unwrapper(format, this.#maxLineBytes);
    }
    return this.#unwrapper;
  }

  /** The beginnings of lines before the position; after a restart read again from where the first of them begins. */
  async held(file: Content, unwrapper: Unwrapper, state: FileState | undefined): Promise<HeldLines> {
    if (this.#held !== undefined) return this.#held;
    let held: HeldLines = [];
    const end = state?.offset ?? 0;
    for (let from = state?.heldFrom ?? end; from < end; ) {
      const length = Math.min(this.#chunkBytes, end - from);
      const { body, consumed } = cutLines(await readAt(file, from, length), this.#chunkBytes);
      ({ held } = unwrapper.unwrap(body, from, held));
      // A chunk without a line end is of a line that was left out.
      from += consumed || length;
    }
    this.#held = held;
    return held;
  }

  advance(held: HeldLines | undefined): void {
    if (held !== undefined) this.#held = held;
  }
}

/** The state with the place where the first of the lines begins that are held. */
export function withHeld({ fingerprint, offset, tail }: FileState, held: HeldLines): FileState {
  const starts = held.flatMap((line) => (line ? [line.from] : []));
  const state = { fingerprint, offset, tail };
  return starts.length === 0 ? state : { ...state, heldFrom: Math.min(...starts) };
}
