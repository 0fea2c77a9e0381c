import { logAttribute } from '../../../slo/index.ts';
import type { HeldLines, UnwrappedLines } from '../../formats/log-line/stream-lines.ts';
import { type Content, type FileFacts, readAt } from './content.ts';
import { continues, type FileState, fingerprintOf, stateAt } from './file-state.ts';
import { type LogFileGroup, resourceOfPath } from './group.ts';
import { cutLines } from './line-chunks.ts';
import { Unwrapping, withHeld } from './unwrapping.ts';

const NEWLINE = 0x0a;
/** Bytes of a first chunk that are looked at again: a chunk that was truncated while it was read is of two contents. */
const HEAD_BYTES = 1024;

/** Lines to hand on: as they stand in the file, or unwrapped, those of one stream each. */
export type TailLines = UnwrappedLines | { stream: ''; body: Uint8Array };

/** What one read of a tail gave, and what holds once that is durable. */
export interface TailRead {
  lines: TailLines[];
  tooLong: number;
  next: FileState;
  /** Beginnings of lines that are to be joined; as before when absent. */
  held?: HeldLines;
}

export interface TailLimits {
  maxLineBytes: number;
  /** Bytes of one read. */
  chunkBytes: number;
}

/** One open file that is read as it grows. It keeps its handle, so that renaming and deleting do not lose it. */
export class Tail {
  readonly identity: string;
  readonly content: Content;
  /** The path under which its log is followed. */
  readonly log: string;
  /** Its name when it was last seen. */
  path: string;
  /** A configured path still leads to it; if not, it was rotated away and is closed once it is read. */
  matched = true;
  /** Of several files that were rotated away from one log the lower is the older. */
  age = 0;
  /** Reads in a row that found nothing new. */
  idleReads = 0;
  /** A copy of a file that is still read under its own name: what it holds comes from there. */
  shadow = false;
  /** It is decided where reading begins. */
  resolved = false;
  readonly #limits: TailLimits;
  #state: FileState | undefined;
  #seen = '';
  /** How far a line that is too long was looked through for its end. */
  #searched = 0;
  readonly #resource: Record<string, string>;
  readonly #resources = new Map<string, Record<string, string>>();
  readonly #unwrapping: Unwrapping;

  constructor(
    { content, facts }: { content: Content; facts: FileFacts },
    { path, log, group }: { path: string; log: string; group: LogFileGroup },
    limits: TailLimits,
  ) {
    this.content = content;
    this.identity = facts.identity;
    this.path = path;
    this.log = log;
    this.#resource = resourceOfPath(group.resource, log);
    this.#unwrapping = new Unwrapping(group.format, limits);
    this.#limits = limits;
  }

  get state(): FileState | undefined {
    return this.#state;
  }

  /** Attributes of all lines of a stream of this file. */
  resourceOf(stream: string): Record<string, string> {
    if (stream === '') return this.#resource;
    let resource = this.#resources.get(stream);
    if (resource === undefined) {
      resource = { ...this.#resource, [logAttribute.ioStream]: stream };
      this.#resources.set(stream, resource);
    }
    return resource;
  }

  /** The file's own fingerprint now; undefined while its first line is not complete. */
  fingerprint(): Promise<string | undefined> {
    return fingerprintOf(this.content);
  }

  /** True when the file begins with what `state` says was read. */
  holds(state: FileState): Promise<boolean> {
    return continues(this.content, state);
  }

  /** Goes on behind what was read; without a state, from the file's beginning. */
  resume(state: FileState | undefined): void {
    this.#state = state;
    this.#searched = 0;
    this.#seen = '';
    this.#unwrapping.resume(state);
    this.resolved = true;
    this.shadow = false;
  }

  /**
   * Reads on. Gives lines; `none` when there is nothing complete; `replaced` when the file no longer holds what was
   * read of it: it was truncated. What was read is checked behind the read, so that no half-truncated text gets out.
   */
  async read(): Promise<TailRead | 'none' | 'replaced'> {
    const stats = await this.content.stat();
    const { fixed } = this.content;
    const seen = `${stats.size}:${stats.mtimeMs}`;
    const offset = this.#state?.offset ?? 0;
    if (seen === this.#seen && stats.size <= offset + this.#searched) return 'none';
    if (stats.size < offset) return 'replaced';
    const chunk = await readAt(this.content, offset + this.#searched, this.#limits.chunkBytes);
    if (!fixed && !(await this.#stillHolds(chunk))) return 'replaced';
    const read =
      this.#searched > 0 ? await this.#endOfLongLine(chunk, offset) : await this.#lines(chunk, offset);
    if (read === 'none' && chunk.length < this.#limits.chunkBytes) this.#seen = seen;
    return read;
  }

  /** True when what was read before, or the beginning of the first chunk, is still there. */
  async #stillHolds(chunk: Buffer): Promise<boolean> {
    if (this.#state) return continues(this.content, this.#state);
    if (this.#searched > 0) return true;
    const head = chunk.subarray(0, HEAD_BYTES);
    return (await readAt(this.content, 0, head.length)).equals(head);
  }

  async #lines(chunk: Buffer, offset: number): Promise<TailRead | 'none'> {
    const unwrapper = await this.#unwrapping.unwrapper(this.content, chunk, offset);
    const limit = this.#longestLine(unwrapper !== null);
    const { body, consumed, tooLong } = cutLines(chunk, limit);
    if (consumed > 0) {
      const next = await this.#stateAt(offset + consumed, chunk, offset);
      if (unwrapper === null) return { lines: [{ stream: '', body }], tooLong, next };
      const before = await this.#unwrapping.held(this.content, unwrapper, this.#state);
      const { streams, held, ...counts } = unwrapper.unwrap(body, offset, before);
      return { lines: streams, held, ...counts, next: withHeld(next, held) };
    }
    if (chunk.length > limit) this.#searched = chunk.length;
    return 'none';
  }

  /** What is wrapped is longer than the line in it: at once only what does not fit into a chunk is left out. */
  #longestLine(wrapped: boolean): number {
    return wrapped ? this.#limits.chunkBytes - 1 : this.#limits.maxLineBytes;
  }

  async #endOfLongLine(chunk: Buffer, offset: number): Promise<TailRead | 'none'> {
    const newline = chunk.indexOf(NEWLINE);
    const start = offset + this.#searched;
    if (newline >= 0) {
      const next = await this.#stateAt(start + newline + 1, chunk, start);
      return { lines: [], tooLong: 1, next };
    }
    this.#searched += chunk.length;
    return 'none';
  }

  /** True while a line that is too long is searched for its end and more of it may be read at once. */
  async searching(): Promise<boolean> {
    if (this.#searched === 0) return false;
    return (await this.content.stat()).size > (this.#state?.offset ?? 0) + this.#searched;
  }

  /** What is left of a file that grows no more: its last line without its line end, and lines without their last part. */
  async rest(): Promise<TailRead | undefined> {
    const offset = this.#state?.offset ?? 0;
    const left = (await this.content.stat()).size - offset;
    const head = await readAt(this.content, offset, Math.max(0, Math.min(left, this.#limits.chunkBytes)));
    const unwrapper = await this.#unwrapping.unwrapper(this.content, head, offset);
    const before = unwrapper ? await this.#unwrapping.held(this.content, unwrapper, this.#state) : [];
    if (left <= 0 && before.every((line) => line === undefined)) return undefined;
    const tooLong = left > this.#longestLine(unwrapper !== null);
    const body = tooLong ? Buffer.alloc(0) : head;
    const next = withHeld(await this.#stateAt(offset + Math.max(0, left), body, offset), []);
    if (unwrapper === null) return { lines: [{ stream: '', body }], tooLong: tooLong ? 1 : 0, next };
    const last = unwrapper.unwrap(body, offset, before);
    const released = unwrapper.release(last.held);
    return {
      lines: [...last.streams, ...released.streams],
      tooLong: last.tooLong + released.tooLong + (tooLong ? 1 : 0),
      next,
      held: released.held,
    };
  }

  #stateAt(end: number, chunk: Buffer, chunkStart: number): Promise<FileState> {
    return stateAt(this.content, end, chunk, chunkStart, this.#state);
  }

  /** What was read is durable (or given up): the next read begins behind it. */
  advance({ next, held }: TailRead): void {
    this.#state = next;
    this.#unwrapping.advance(held);
    this.#searched = 0;
    this.idleReads = 0;
  }

  close(): Promise<void> {
    return this.content.close();
  }
}
