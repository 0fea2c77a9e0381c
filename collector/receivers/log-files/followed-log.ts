import type { FileFacts } from './content.ts';
import { type FileState, parseState, renderState } from './file-state.ts';
import type { LogFileGroup } from './group.ts';
import { MAX_ROTATED } from './names.ts';
import type { Tail } from './tail.ts';

/** Files that are known although they are gone: what compressed them may be seen later. */
const MAX_GONE = 32;
/** Contents that are known of one file: one that is truncated, and an inode that is used again, have several. */
const MAX_CONTENTS = 8;
const MAX_KNOWN = 2 * MAX_ROTATED;
/** Looks in a row that miss a file which is gone: one that is being renamed may be missed by one. */
const LOOKS_TO_BE_GONE = 3;
const IDENTITY = /^log:\d{1,20}:\d{1,20}$/;

/** One file that the log consists of, or did. */
export interface KnownFile {
  identity: string;
  /** How far it was read; undefined when nothing of it was, and when it is `tail` that says so. */
  state: FileState | undefined;
  /** What reads it now. */
  tail?: Tail;
  /** Looks in a row that did not see it. */
  missed?: number;
}

/**
 * A log that is followed under one path: the file that has the name now, and those that had it before. Which they are is
 * stored, so that one that is not among them is known to be new, however often the name was handed on meanwhile.
 */
export class FollowedLog {
  readonly path: string;
  readonly group: LogFileGroup;
  /** A rotated file that is not known and did not change since then was there before the collector. */
  sinceMs = 0;
  /** It was never looked at before; `alone`: though its pattern was. */
  isNew: 'with its pattern' | 'alone' | undefined;
  /** The file that had the name at the last look. */
  live: string | undefined;
  /** Where the file really is: the path may be a link. */
  realPath: string;
  /** When the folder had changed last, as the last look saw it. */
  folderMs = -1;
  /** Files that rotation made of it and that were there at the last look. */
  rotated = 0;
  /** Something at the last look is not settled. */
  again = false;
  /** How often a file that could not be judged was looked at, by its size and time. */
  readonly tries = new Map<string, number>();
  /** What files looked like when there was nothing to read in them. */
  readonly #settled = new Map<string, string>();
  #known: KnownFile[] = [];
  #saved: string | undefined;

  constructor(path: string, group: LogFileGroup) {
    this.path = path;
    this.realPath = path;
    this.group = group;
  }

  /** Under which its record is stored. */
  get source(): string {
    return `log-files:${this.path}`;
  }

  get identities(): string[] {
    return this.#known.map(({ identity }) => identity);
  }

  /** It is one of the log's files, though nothing of it was read. */
  isUnread(identity: string): boolean {
    return this.#known.some(
      (file) => file.identity === identity && !(file.tail ? file.tail.state : file.state),
    );
  }

  get unreadTails(): Tail[] {
    return this.#known.flatMap(({ tail }) => (tail && !tail.state ? [tail] : []));
  }

  /** There is nothing to do for a rotated file until it changes. */
  settle({ identity, size, mtimeMs }: FileFacts): void {
    this.#settled.set(identity, `${size}:${mtimeMs}`);
  }

  isSettled({ identity, size, mtimeMs }: FileFacts): boolean {
    return this.#settled.get(identity) === `${size}:${mtimeMs}`;
  }

  /** All that was read of its files, by the file that it was read from. */
  get read(): { identity: string; state: FileState }[] {
    return this.#known.flatMap(({ identity, state, tail }) => {
      const now = tail ? tail.state : state;
      return now ? [{ identity, state: now }] : [];
    });
  }

  /** A tail reads one of its files, from its state on. */
  hold(tail: Tail): void {
    if (this.#known.some((file) => file.tail === tail)) return;
    this.#known = this.#known.filter(
      ({ identity, state }) => identity !== tail.identity || state !== undefined,
    );
    this.#forget(tail.identity, tail.state);
    this.#known.push({ identity: tail.identity, state: undefined, tail });
  }

  /** The tail reads that file no more, or no longer the content that it had. */
  release(tail: Tail): void {
    for (const file of this.#known) {
      if (file.tail !== tail) continue;
      file.state = tail.state;
      delete file.tail;
    }
  }

  /** So much was read of a file. */
  note(identity: string, state: FileState): void {
    this.#forget(identity, state);
    this.#known.push({ identity, state });
  }

  /** What `state` goes on from needs no entry of its own. */
  #forget(identity: string, state: FileState | undefined): void {
    this.#known = this.#known.filter(
      (file) =>
        file.identity !== identity ||
        !file.state ||
        file.tail ||
        file.state.fingerprint !== state?.fingerprint,
    );
  }

  /** Forgets most of the files that are gone, and most contents that a file had before; `present` are those that a look saw. */
  prune(present: ReadonlySet<string>): void {
    for (const file of this.#known) {
      file.missed = file.tail || present.has(file.identity) ? 0 : (file.missed ?? 0) + 1;
    }
    const gone = this.#known.filter(({ missed }) => missed! >= LOOKS_TO_BE_GONE).slice(0, -MAX_GONE);
    const byFile = Map.groupBy(this.#known, ({ identity }) => identity);
    const older = [...byFile.values()].flatMap((contents) => contents.slice(0, -MAX_CONTENTS));
    const forgotten = new Set([...gone, ...older]);
    this.#known = this.#known.filter((file) => !forgotten.has(file)).slice(-MAX_KNOWN);
    for (const identity of this.#settled.keys()) if (!present.has(identity)) this.#settled.delete(identity);
    if (!this.again) this.tries.clear();
  }

  /** The record to be stored; undefined when the one that is stored names the same files. */
  unsaved(): string | undefined {
    return this.identities.join() === this.#saved ? undefined : this.#render();
  }

  saved(): void {
    this.#saved = this.identities.join();
  }

  #render(): string {
    const known = this.#known.map(({ identity, state, tail }) => {
      const now = tail ? tail.state : state;
      return [identity, now ? renderState(now) : ''];
    });
    return JSON.stringify({ sinceMs: this.sinceMs, known });
  }

  /** Takes over a stored record; false, and nothing is changed, when the text is none. */
  restore(text: string): boolean {
    const record = parseRecord(text);
    if (!record) return false;
    this.sinceMs = record.sinceMs;
    this.#known = record.known;
    this.saved();
    return true;
  }
}

function parseRecord(text: string): { sinceMs: number; known: KnownFile[] } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { sinceMs, known } = (value ?? {}) as { sinceMs?: unknown; known?: unknown };
  if (typeof sinceMs !== 'number' || !Array.isArray(known)) return undefined;
  const files = known.flatMap((pair: unknown) => {
    const [identity, position] = Array.isArray(pair) ? pair : [];
    if (typeof identity !== 'string' || !IDENTITY.test(identity)) return [];
    return [{ identity, state: typeof position === 'string' ? parseState(position) : undefined }];
  });
  return { sinceMs, known: files };
}
