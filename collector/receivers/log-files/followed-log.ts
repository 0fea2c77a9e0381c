import type { FileFacts } from './content.ts';
import { type FileState, parseState, renderState } from './file-state.ts';
import type { LogFileGroup } from './group.ts';
import { MAX_ROTATED } from './names.ts';
import type { Tail } from './tail.ts';

/**
 * Contents that are known although no file is known to have them any more: it is gone, or was truncated, or its inode is used
 * again. What they were copied or compressed to may be seen later.
 */
const MAX_SPARE = 100;
const MAX_KNOWN = 2 * MAX_ROTATED;
/** Of the contents that a file had, which one it has now is not always the newest that is known. */
const CONTENTS_OF_A_FILE = 3;
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

  /** Forgets contents that no file has any more, above a number; `present` are the files that a look saw. */
  prune(present: ReadonlySet<string>): void {
    const byFile = Map.groupBy(this.#known, ({ identity }) => identity);
    const newest = new Set([...byFile.values()].flatMap((contents) => contents.slice(-CONTENTS_OF_A_FILE)));
    for (const file of this.#known) {
      file.missed = file.tail || present.has(file.identity) ? 0 : (file.missed ?? 0) + 1;
    }
    const spare = this.#known.filter(
      (file) => !file.tail && (file.missed! >= LOOKS_TO_BE_GONE || !newest.has(file)),
    );
    // Of what was found again in another file first.
    const { found = [], lost = [] } = Object.groupBy(spare, (file) =>
      this.#isElsewhere(file) ? 'found' : 'lost',
    );
    const forgotten = new Set([...found, ...lost].slice(0, Math.max(0, spare.length - MAX_SPARE)));
    this.#known = this.#known.filter((file) => !forgotten.has(file)).slice(-MAX_KNOWN);
    for (const identity of this.#settled.keys()) if (!present.has(identity)) this.#settled.delete(identity);
    if (!this.again) this.tries.clear();
  }

  /** Another file that is there has what was read of this one. */
  #isElsewhere({ identity, state }: KnownFile): boolean {
    return this.#known.some((other) => {
      const now = other.tail ? other.tail.state : other.state;
      if (other.identity === identity || other.missed !== 0 || !now || !state) return false;
      return now.fingerprint === state.fingerprint && now.offset >= state.offset;
    });
  }

  /** The record to be stored; undefined when the one that is stored tells the same but of files that are being read. */
  unsaved(): string | undefined {
    return this.#gist() === this.#saved ? undefined : this.#render();
  }

  saved(): void {
    this.#saved = this.#gist();
  }

  /** What must be stored: how far a file is read that is being read is stored with its lines. */
  #gist(): string {
    return this.#known
      .map(({ identity, state, tail }) => (tail || !state ? identity : `${identity} ${renderState(state)}`))
      .join();
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
