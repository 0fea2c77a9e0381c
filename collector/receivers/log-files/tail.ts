import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { continues, type FileState, fingerprintOf, readAt, renderState, stateAt } from './file-state.ts';
import { cutLines } from './line-chunks.ts';

const NEWLINE = 0x0a;

/** What one read of a tail gave: lines to hand on, and the state that holds once they are durable. */
export interface TailRead {
  body: Uint8Array;
  tooLong: number;
  next: FileState;
}

export interface TailLimits {
  maxLineBytes: number;
  /** Bytes of one read. */
  chunkBytes: number;
}

/** Device and inode: what stays when a file is renamed. */
export function identityOf(stats: Stats): string {
  return `log:${stats.dev}:${stats.ino}`;
}

/** One open file that is read as it grows. It keeps its handle, so that renaming and deleting do not lose it. */
export class Tail {
  readonly identity: string;
  readonly resource: Record<string, string>;
  /** Its name when it was last seen. */
  path: string;
  /** A configured path still leads to it; if not, it was rotated away and is closed once it is read. */
  matched = true;
  /** Reads in a row that found nothing new. */
  idleReads = 0;
  /** A copy of a file that is still read under its own name: what it holds comes from there. */
  shadow = false;
  /** It is decided where reading begins. */
  resolved = false;
  /** What its checkpoint says; null when there is none, undefined before it was looked up. */
  stored: FileState | null | undefined;
  /** Where it begins came from another file and is not yet stored under its own name. */
  unsaved = false;
  readonly #file: FileHandle;
  readonly #limits: TailLimits;
  #state: FileState | undefined;
  #seen = '';
  /** How far a line that is too long was looked through for its end. */
  #searched = 0;

  constructor(
    file: FileHandle,
    stats: Stats,
    path: string,
    resource: Record<string, string>,
    limits: TailLimits,
  ) {
    this.#file = file;
    this.identity = identityOf(stats);
    this.path = path;
    this.resource = resource;
    this.#limits = limits;
  }

  get state(): FileState | undefined {
    return this.#state;
  }

  get position(): string | undefined {
    return this.#state && renderState(this.#state);
  }

  /** The file's own fingerprint now; undefined while its first line is not complete. */
  fingerprint(): Promise<string | undefined> {
    return fingerprintOf(this.#file);
  }

  /** True when the file begins with what `state` says was read. */
  holds(state: FileState): Promise<boolean> {
    return continues(this.#file, state);
  }

  /** True when the file begins with as much of what `state` says was read as it is long. */
  async sharesHistory(state: FileState): Promise<boolean> {
    if ((await this.#file.stat()).size >= state.offset) return this.holds(state);
    return (await this.fingerprint()) === state.fingerprint;
  }

  /** Goes on behind what was read; without a state, from the file's beginning. */
  resume(state: FileState | undefined): void {
    this.#state = state;
    this.#searched = 0;
    this.#seen = '';
    this.resolved = true;
    this.shadow = false;
  }

  /**
   * Reads on. Gives lines; `none` when there is nothing complete; `replaced` when the file no longer holds what was
   * read of it: it was truncated. What was read is checked behind the read, so that no half-truncated text gets out.
   */
  async read(): Promise<TailRead | 'none' | 'replaced'> {
    const stats = await this.#file.stat();
    const seen = `${stats.size}:${stats.mtimeMs}`;
    const offset = this.#state?.offset ?? 0;
    if (seen === this.#seen && stats.size <= offset + this.#searched) return 'none';
    if (stats.size < offset) return 'replaced';
    const chunk = await readAt(this.#file, offset + this.#searched, this.#limits.chunkBytes);
    if (this.#state && !(await continues(this.#file, this.#state))) return 'replaced';
    const read =
      this.#searched > 0 ? await this.#endOfLongLine(chunk, offset) : await this.#lines(chunk, offset);
    if (read === 'none' && chunk.length < this.#limits.chunkBytes) this.#seen = seen;
    return read;
  }

  async #lines(chunk: Buffer, offset: number): Promise<TailRead | 'none'> {
    const { body, consumed, tooLong } = cutLines(chunk, this.#limits.maxLineBytes);
    if (consumed > 0) return { body, tooLong, next: await this.#stateAt(offset + consumed, chunk, offset) };
    if (chunk.length > this.#limits.maxLineBytes) this.#searched = chunk.length;
    return 'none';
  }

  async #endOfLongLine(chunk: Buffer, offset: number): Promise<TailRead | 'none'> {
    const newline = chunk.indexOf(NEWLINE);
    const start = offset + this.#searched;
    if (newline >= 0) {
      const next = await this.#stateAt(start + newline + 1, chunk, start);
      return { body: new Uint8Array(0), tooLong: 1, next };
    }
    this.#searched += chunk.length;
    return 'none';
  }

  /** True while a line that is too long is searched for its end and more of it may be read at once. */
  async searching(): Promise<boolean> {
    if (this.#searched === 0) return false;
    return (await this.#file.stat()).size > (this.#state?.offset ?? 0) + this.#searched;
  }

  /** The last line of a file that grows no more, without its line end. */
  async rest(): Promise<TailRead | undefined> {
    const offset = this.#state?.offset ?? 0;
    const { size } = await this.#file.stat();
    if (size <= offset) return undefined;
    const tooLong = size - offset > this.#limits.maxLineBytes;
    const body = tooLong ? Buffer.alloc(0) : await readAt(this.#file, offset, size - offset);
    return { body, tooLong: tooLong ? 1 : 0, next: await this.#stateAt(size, body, offset) };
  }

  #stateAt(end: number, chunk: Buffer, chunkStart: number): Promise<FileState> {
    return stateAt(this.#file, end, chunk, chunkStart, this.#state);
  }

  /** What was read is durable (or given up): the next read begins behind it. */
  advance(next: FileState): void {
    this.#state = next;
    this.#searched = 0;
    this.idleReads = 0;
    this.unsaved = false;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
