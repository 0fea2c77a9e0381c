import { type FileHandle, open, stat } from 'node:fs/promises';
import { type FileState, parseState } from './file-state.ts';
import { type LogFileGroup, resourceOfPath } from './group.ts';
import { isLiteral, matchingPaths, rotatedPaths } from './names.ts';
import { identityOf, Tail, type TailLimits } from './tail.ts';

export interface TailSetDeps {
  /** The position that was stored last for a source. */
  checkpoint(source: string): Promise<string | undefined>;
  warnOnce(path: string, message: string): void;
}

/**
 * Which files are read, and from where on: finds them by name, knows them again by device, inode and content, and
 * finds what rotation made of them.
 */
export class TailSet {
  readonly #tails = new Map<string, Tail>();
  readonly #groups: readonly LogFileGroup[];
  readonly #limits: TailLimits & { maxFiles: number };
  readonly #deps: TailSetDeps;
  /** Identities of the files that the patterns lead to, older files first. */
  #listed: string[] = [];
  #started = false;

  constructor(groups: readonly LogFileGroup[], limits: TailLimits & { maxFiles: number }, deps: TailSetDeps) {
    this.#groups = groups;
    this.#limits = limits;
    this.#deps = deps;
  }

  /** Tails whose content is to be read: those that were rotated away first, then the others as they are listed. */
  get readable(): Tail[] {
    const ready = this.all.filter((tail) => tail.resolved && !tail.shadow);
    const rank = (tail: Tail) => (tail.matched ? this.#listed.indexOf(tail.identity) : -1);
    return ready.sort((a, b) => rank(a) - rank(b));
  }

  get all(): Tail[] {
    return [...this.#tails.values()];
  }

  /** Looks which files there are now, and decides for new ones where to begin. */
  async discover(): Promise<void> {
    const matched = new Set<string>();
    for (const group of this.#groups) {
      for (const include of group.include) {
        for (const path of await this.#pathsOf(include)) {
          const tail = await this.#openTail(path, group);
          if (!tail) continue;
          tail.path = path;
          matched.add(tail.identity);
        }
      }
    }
    for (const tail of this.all) tail.matched = matched.has(tail.identity);
    this.#listed = [...matched];
    if (!this.#started) await this.#findRotatedWhileDown();
    this.#started = true;
    await this.#resolve();
  }

  async #pathsOf(include: string): Promise<string[]> {
    try {
      return await matchingPaths(include);
    } catch (error) {
      this.#deps.warnOnce(include, `log files cannot be listed: ${(error as Error).message}`);
      return [];
    }
  }

  /**
   * The tail of a path, opened if it is new; undefined when it is no readable file or there are too many. What rotation
   * made of a file is of the same writer as the file at `origin`.
   */
  async #openTail(path: string, group: LogFileGroup, origin = path): Promise<Tail | undefined> {
    let file: FileHandle | undefined;
    try {
      const known = this.#tails.get(identityOf(await stat(path)));
      if (known) return known;
      file = await open(path, 'r');
      const tail = await this.#newTail(file, path, group, origin);
      if (tail) file = undefined;
      return tail;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') this.#deps.warnOnce(path, `a log file cannot be opened: ${message}`);
      return undefined;
    } finally {
      await file?.close();
    }
  }

  async #newTail(
    file: FileHandle,
    path: string,
    group: LogFileGroup,
    origin: string,
  ): Promise<Tail | undefined> {
    const stats = await file.stat();
    if (!stats.isFile() || this.#tails.has(identityOf(stats))) return undefined;
    if (this.#tails.size >= this.#limits.maxFiles) {
      this.#deps.warnOnce(path, `more than ${this.#limits.maxFiles} log files: narrow the include patterns`);
      return undefined;
    }
    const tail = new Tail(
      file,
      stats,
      { path, group, resource: resourceOfPath(group.resource, origin) },
      this.#limits,
    );
    this.#tails.set(tail.identity, tail);
    return tail;
  }

  /** Files that were renamed while the collector was down: no pattern leads to them, but their checkpoint does. */
  async #findRotatedWhileDown(): Promise<void> {
    for (const group of this.#groups) {
      const literal = group.include.filter(isLiteral);
      const found = this.all.filter((tail) => tail.group === group).map((tail) => tail.path);
      for (const path of new Set([...literal, ...found])) {
        for (const rotated of await rotatedPaths(path)) await this.#openIfUnfinished(rotated, group, path);
      }
    }
  }

  async #openIfUnfinished(path: string, group: LogFileGroup, origin: string): Promise<void> {
    const before = this.#tails.size;
    const tail = await this.#openTail(path, group, origin);
    if (!tail || this.#tails.size === before) return;
    tail.matched = false;
    const state = await this.#storedState(tail);
    if (state && (await tail.holds(state))) tail.resume(state);
    else await this.drop(tail);
  }

  /** Looked up once: nobody else writes it, and we do only for tails that are resolved. */
  async #storedState(tail: Tail): Promise<FileState | undefined> {
    if (tail.stored === undefined) {
      const position = await this.#deps.checkpoint(tail.identity);
      tail.stored = (position === undefined ? undefined : parseState(position)) ?? null;
    }
    return tail.stored ?? undefined;
  }

  /** Those with a checkpoint first: whether another file is a copy is told by them. */
  async #resolve(): Promise<void> {
    const fresh: Tail[] = [];
    for (const tail of this.all) {
      if (tail.resolved) continue;
      const state = await this.#storedState(tail);
      // Before its first line is complete a new file cannot be known again, and has nothing to read.
      if (!state && (await tail.fingerprint()) === undefined) continue;
      if (state && (await tail.holds(state))) tail.resume(state);
      else {
        if (state) await this.#resumeCopy(tail, state);
        fresh.push(tail);
      }
    }
    for (const tail of fresh) if (!tail.resolved) await this.#begin(tail);
    await this.#releaseDiverged();
  }

  /** Reads a file from its beginning, unless it is a copy of what is read under another name. */
  async #begin(tail: Tail): Promise<void> {
    tail.resume(undefined);
    tail.shadow = await this.#isCopy(tail);
  }

  /** A shadow that no longer holds what was read of any log beside it is a log of its own. */
  async #releaseDiverged(): Promise<void> {
    for (const tail of this.all.filter((t) => t.shadow)) {
      if (!(await this.#isCopy(tail))) tail.resume(undefined);
    }
  }

  /** True when a log that this file may be a rotated copy of reads the same, as far as both go. */
  async #isCopy(tail: Tail): Promise<boolean> {
    for (const other of this.all) {
      if (other === tail || other.shadow || !other.state || !other.matched) continue;
      if (!(await rotatedPaths(other.path)).includes(tail.path)) continue;
      if (await tail.sharesHistory(other.state)) return true;
    }
    return false;
  }

  /**
   * The tail's file no longer holds what was read of it: it was copied away and truncated, or written anew. What the
   * copy holds beyond that is read next; the file itself is read from its beginning.
   */
  async replaced(tail: Tail): Promise<void> {
    const { state } = tail;
    if (state) await this.#resumeCopy(tail, state);
    await this.#begin(tail);
  }

  /** Finds the copy that rotation made of a tail's file while `state` held, and reads on in it. */
  async #resumeCopy(tail: Tail, state: FileState): Promise<void> {
    for (const path of await rotatedPaths(tail.path)) {
      const before = this.#tails.size;
      const copy = await this.#openTail(path, tail.group, tail.path);
      if (!copy || copy === tail || (await this.#isReadAlready(copy))) continue;
      const opened = this.#tails.size > before;
      if (opened) copy.matched = false;
      if (await copy.holds(state)) {
        const own = await this.#storedState(copy);
        // A copy that was read before has a checkpoint of its own, which says how far.
        copy.resume(own && own.offset > state.offset && (await copy.holds(own)) ? own : state);
        copy.unsaved = true;
        return;
      }
      if (opened) await this.drop(copy);
    }
  }

  /** True for a tail that is read under its own name and whose file is still the one that was read. */
  async #isReadAlready(tail: Tail): Promise<boolean> {
    if (!tail.resolved || tail.shadow) return false;
    return tail.state === undefined || (await tail.holds(tail.state));
  }

  async drop(tail: Tail): Promise<void> {
    this.#tails.delete(tail.identity);
    await tail.close();
  }

  async close(): Promise<void> {
    for (const tail of this.all) await this.drop(tail);
  }
}
