import { basename, dirname } from 'node:path';
import type { Checkpoint } from '../../telemetry/batch.ts';
import { isCompressed } from './content.ts';
import { furthestHeld, parseState } from './file-state.ts';
import { FollowedLog } from './followed-log.ts';
import { FollowedPattern } from './followed-pattern.ts';
import type { LogFileGroup } from './group.ts';
import { isRotatedName, matchingPaths } from './names.ts';
import { OpenTails } from './open-tails.ts';
import { Folders, RotatedLook } from './rotated-look.ts';
import type { Tail, TailLimits } from './tail.ts';

export interface TailSetDeps {
  /** The position that was stored last for a source. */
  checkpoint(source: string): Promise<string | undefined>;
  /** Stores which files are known; rejects when that has to be tried again later. */
  save(records: Checkpoint[]): Promise<void>;
  nowMs(): number;
  warnOnce(path: string, message: string): void;
  /** A rotated file is given up. */
  unreadable(path: string, reason: string): void;
}

/**
 * Which files are read, and from where on: finds them by name, knows them again by device, inode and content, and
 * finds what rotation made of them, however often it did since the last look.
 */
export class TailSet {
  readonly #open: OpenTails;
  readonly #logs = new Map<string, FollowedLog>();
  readonly #groups: readonly LogFileGroup[];
  readonly #limits: TailLimits & { maxFiles: number };
  readonly #deps: TailSetDeps;
  readonly #look: RotatedLook;
  #patterns: FollowedPattern[] | undefined;
  /** Identities of the files that the patterns lead to, older files first. */
  #listed: string[] = [];

  constructor(groups: readonly LogFileGroup[], limits: TailLimits & { maxFiles: number }, deps: TailSetDeps) {
    this.#groups = groups;
    this.#limits = limits;
    this.#deps = deps;
    this.#open = new OpenTails(limits, deps.warnOnce);
    const noteStored = (log: FollowedLog, identity: string) => this.#noteStored(log, identity);
    this.#look = new RotatedLook(this.#open, { ...deps, noteStored });
  }

  /** Tails whose content is to be read: those that were rotated away first, then the others as they are listed. */
  get readable(): Tail[] {
    const ready = this.#open.all.filter((tail) => tail.resolved && !tail.shadow);
    const rank = (tail: Tail) => (tail.matched ? this.#listed.indexOf(tail.identity) : -1);
    return ready.sort((a, b) => rank(a) - rank(b) || a.age - b.age);
  }

  has(tail: Tail): boolean {
    return this.#open.get(tail.identity) === tail;
  }

  /** Looks which files there are now, and decides for new ones where to begin. */
  async discover(): Promise<void> {
    const live = await this.#findMatching();
    for (const [path, tail] of live) await this.#follow(this.#logs.get(path), tail);
    const folders = new Folders();
    for (const log of this.#logs.values()) await this.#look.ifDue(log, live.get(log.path), folders);
    for (const tail of this.#open.all) await this.#beginIfReady(tail);
    this.#forgetGone(live);
    await this.#save();
  }

  /** Opens what the patterns name; gives the tails by path. */
  async #findMatching(): Promise<Map<string, Tail>> {
    const live = new Map<string, Tail>();
    this.#patterns ??= await this.#loadPatterns();
    for (const pattern of this.#patterns) {
      const found = await this.#pathsOf(pattern.include);
      const paths = new Set([...pattern.paths, ...found]);
      for (const path of paths) if (!this.#logs.has(path)) await this.#addLog(path, pattern);
      pattern.paths = [...paths].filter((path) => this.#logs.has(path));
      for (const path of found) {
        const tail = await this.#open.open(path, pattern.group);
        if (!tail) continue;
        tail.path = path;
        live.set(path, tail);
      }
    }
    const matched = new Set([...live.values()].map(({ identity }) => identity));
    for (const tail of this.#open.all) tail.matched = matched.has(tail.identity);
    this.#listed = [...matched];
    return live;
  }

  async #loadPatterns(): Promise<FollowedPattern[]> {
    const patterns: FollowedPattern[] = [];
    for (const group of this.#groups) {
      for (const include of group.include) {
        const pattern = new FollowedPattern(include, group, this.#deps.nowMs());
        const record = await this.#deps.checkpoint(pattern.source);
        if (record !== undefined) pattern.restore(record);
        patterns.push(pattern);
      }
    }
    return patterns;
  }

  /** What is compressed is read only as what rotation made of a log. */
  async #pathsOf(include: string): Promise<string[]> {
    try {
      return (await matchingPaths(include)).filter((path) => !isCompressed(path));
    } catch (error) {
      this.#deps.warnOnce(include, `log files cannot be listed: ${(error as Error).message}`);
      return [];
    }
  }

  async #addLog(path: string, { group, sinceMs, isNew }: FollowedPattern): Promise<void> {
    // Above what may be open, and as many whose names are not there, logs are read but not followed.
    if (this.#logs.size >= 2 * this.#limits.maxFiles) return;
    const log = new FollowedLog(path, group);
    const record = await this.#deps.checkpoint(log.source);
    if (record === undefined || !log.restore(record)) {
      log.sinceMs = sinceMs;
      log.isNew = isNew ? 'with its pattern' : 'alone';
    }
    for (const identity of new Set(log.identities)) await this.#noteStored(log, identity);
    this.#logs.set(path, log);
  }

  async #noteStored(log: FollowedLog, identity: string): Promise<void> {
    const position = await this.#deps.checkpoint(identity);
    const state = position === undefined ? undefined : parseState(position);
    if (state) log.note(identity, state);
  }

  /** What has a log's name now is read on from where it was, if it still holds what was read of it. */
  async #follow(log: FollowedLog | undefined, tail: Tail): Promise<void> {
    if (!log) return;
    if (!tail.resolved) {
      await this.#noteStored(log, tail.identity);
      const own = log.read.filter(({ identity }) => identity === tail.identity);
      const [held] = await furthestHeld(tail.content, own);
      if (held) tail.resume(held.state);
    }
    if (tail.resolved && !tail.shadow) log.hold(tail);
  }

  /** Before its first line is complete a new file cannot be known again, and has nothing to read. */
  async #beginIfReady(tail: Tail): Promise<void> {
    if (tail.resolved || (tail.matched && (await tail.fingerprint()) === undefined)) return;
    tail.resume(undefined);
    this.#logs.get(tail.path)?.hold(tail);
  }

  /** A log is gone when neither its file is there nor any that rotation made of it. */
  #forgetGone(live: ReadonlyMap<string, Tail>): void {
    const absent = [...this.#logs.values()].filter((log) => !live.has(log.path));
    const isGone = (log: FollowedLog) => !log.again && log.rotated === 0;
    const isOpen = (log: FollowedLog) => this.#open.all.some((tail) => tail.log === log.path);
    const gone = absent.filter((log) => isGone(log) && !isOpen(log));
    const tooMany = absent.slice(0, -this.#limits.maxFiles);
    for (const pattern of this.#patterns ?? []) {
      const paths = new Set(pattern.paths);
      for (const { path } of [...gone, ...tooMany]) paths.delete(path);
      pattern.paths = [...paths];
    }
    const named = new Set(this.#patterns?.flatMap(({ paths }) => paths));
    for (const path of this.#logs.keys()) if (!named.has(path)) this.#logs.delete(path);
  }

  async #save(): Promise<void> {
    const unsaved = [...(this.#patterns ?? []), ...this.#logs.values()].flatMap((record) => {
      const position = record.unsaved();
      return position === undefined ? [] : [{ record, checkpoint: { source: record.source, position } }];
    });
    if (unsaved.length === 0) return;
    await this.#deps.save(unsaved.map(({ checkpoint }) => checkpoint));
    for (const { record } of unsaved) record.saved();
  }

  /**
   * The tail's file no longer holds what was read of it: it was copied away and truncated, or written anew. What rotation
   * made of it is to be read next, then the file itself from its beginning.
   */
  async replaced(tail: Tail): Promise<void> {
    const logs = [...this.#logs.values()];
    for (const log of logs) log.release(tail);
    tail.resolved = false;
    const folders = new Folders();
    const { path } = tail;
    const isCopyOf = (log: FollowedLog) =>
      dirname(log.realPath) === dirname(path) && isRotatedName(basename(path), basename(log.realPath));
    for (const log of logs.filter(isCopyOf)) await this.#look.look(log, this.#at(log.path), folders);
    const own = this.#logs.get(path);
    if (!tail.resolved) tail.resume(undefined);
    if (own) {
      if (!tail.shadow) own.hold(tail);
      await this.#look.look(own, tail, folders);
    }
    await this.#save();
  }

  #at(path: string): Tail | undefined {
    return this.#open.all.find((tail) => tail.matched && tail.path === path);
  }

  /** Closes a file that was read, or that is to be judged anew. */
  async drop(tail: Tail): Promise<void> {
    for (const log of this.#logs.values()) log.release(tail);
    const log = this.#logs.get(tail.log);
    if (log) log.again = true;
    await this.#open.drop(tail);
  }

  async close(): Promise<void> {
    for (const tail of this.#open.all) await this.#open.drop(tail);
  }
}
