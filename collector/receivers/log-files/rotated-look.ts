import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type Content, type FileFacts, isCompressed, openContent } from './content.ts';
import { continues, stateOfWhole } from './file-state.ts';
import type { FollowedLog } from './followed-log.ts';
import { judge, type ReadFile, type Surroundings, type Verdict } from './judge.ts';
import { linkedPath, MAX_ROTATED, namesIn, type RotatedFile, rotatedFiles } from './names.ts';
import { isGone, type OpenTails } from './open-tails.ts';
import type { Tail } from './tail.ts';

/** Looks after which a file that cannot be read is given up: compressing a large one takes its time. */
const MAX_TRIES = 60;

export interface RotatedLookDeps {
  /** Tells the log what was read of a file, as far as it is stored. */
  noteStored(log: FollowedLog, identity: string): Promise<void>;
  warnOnce(path: string, message: string): void;
  unreadable(path: string, reason: string): void;
}

/** Folders as they are at one look: when they changed last, and their names, each read once. */
export class Folders {
  readonly #changed = new Map<string, Promise<number>>();
  readonly #names = new Map<string, Promise<string[]>>();

  changedMs(folder: string): Promise<number> {
    const changed = this.#changed.get(folder) ?? changedMsOf(folder);
    this.#changed.set(folder, changed);
    return changed;
  }

  /** True when nothing in it was renamed since `changedMs` was asked. */
  async isAsItWas(folder: string): Promise<boolean> {
    return (await this.changedMs(folder)) === (await changedMsOf(folder));
  }

  names(folder: string): Promise<string[]> {
    const names = this.#names.get(folder) ?? namesIn(folder);
    this.#names.set(folder, names);
    return names;
  }
}

interface Opened {
  content: Content;
  facts: FileFacts;
}

function changedMsOf(folder: string): Promise<number> {
  return stat(folder).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

/** What one look at a log's rotated files goes by. */
interface Look {
  log: FollowedLog;
  live: Tail | undefined;
  files: RotatedFile[];
  /** Files may be there that it did not see: some were renamed meanwhile. */
  isBlurred: boolean;
}

/** Finds what rotation made of a log, and has read what was not read yet. */
export class RotatedLook {
  readonly #open: OpenTails;
  readonly #deps: RotatedLookDeps;

  constructor(open: OpenTails, deps: RotatedLookDeps) {
    this.#open = open;
    this.#deps = deps;
  }

  /** Looks when another file has the log's name, its folder changed, or the last look left something open. */
  async ifDue(log: FollowedLog, live: Tail | undefined, folders: Folders): Promise<void> {
    const isSame = log.live === live?.identity && log.folderMs >= 0;
    if (!isSame && live) log.realPath = await linkedPath(log.path);
    const folderMs = await folders.changedMs(dirname(log.realPath));
    if (isSame && log.folderMs === folderMs && !log.again) return;
    // The folder may change once more within the resolution of its time: the next look is made in any case.
    log.again = log.folderMs !== folderMs;
    log.live = live?.identity;
    log.folderMs = folderMs;
    await this.look(log, live, folders);
  }

  /** Looks now. Rejects when the store does not answer; the next look is made in any case then. */
  async look(log: FollowedLog, live: Tail | undefined, folders: Folders): Promise<void> {
    const folder = dirname(log.realPath);
    await folders.changedMs(folder);
    const names = await folders.names(folder);
    const { files, left } = await rotatedFiles(log.realPath, names);
    if (left > 0) {
      this.#deps.warnOnce(log.path, `more than ${MAX_ROTATED} rotated files: ${left} are not looked at`);
    }
    log.rotated = files.length;
    const isBlurred = !(await folders.isAsItWas(folder));
    if (isBlurred) log.again = true;
    try {
      await this.#settleAll({ log, live, files, isBlurred }, names);
    } catch (error) {
      log.again = true;
      throw error;
    }
    if (!isBlurred) log.prune(new Set([...files.map(({ identity }) => identity), live?.identity ?? '']));
  }

  async #settleAll(look: Look, names: readonly string[]): Promise<void> {
    const { log, live, files } = look;
    if (log.isNew) await this.#noteHistory(look);
    log.isNew = undefined;
    for (const [age, file] of files.entries()) {
      // A file that was compressed is there in both forms until that is done.
      const isDouble = isCompressed(file.path) && names.includes(basename(file.path, '.gz'));
      if (file.identity === live?.identity || isDouble) continue;
      await this.#settle(look, file);
      const tail = this.#open.get(file.identity);
      if (tail) tail.age = age;
    }
  }

  /**
   * What is there before the log is looked at first is history, by its time; what follows is only for the files that
   * time does not tell of: the newest, whose writer may still have it open, and those that claim to be of the future.
   */
  async #noteHistory({ log, files }: Look): Promise<void> {
    const newest = files.filter(({ path }) => !isCompressed(path)).at(-1);
    for (const file of files) {
      const isPast = file.mtimeMs <= log.sinceMs;
      if (isPast ? file !== newest : log.isNew === 'alone') continue;
      if (this.#open.get(file.identity)) continue;
      await this.#deps.noteStored(log, file.identity);
      if (log.identities.includes(file.identity)) continue;
      const opened = await openContent(file.path).catch(() => undefined);
      const state = opened && (await stateOfWhole(opened.content).catch(() => undefined));
      if (state) log.note(file.identity, state);
      await opened?.content.close();
    }
  }

  async #settle(look: Look, file: RotatedFile): Promise<void> {
    const { log } = look;
    const tail = this.#open.get(file.identity);
    if (tail ? await goesOn(tail) : log.isSettled(file)) {
      if (tail) log.hold(tail);
      return;
    }
    if (file.size === 0) return this.#wait(log, file);
    if (!tail) await this.#deps.noteStored(log, file.identity);
    try {
      if (tail) return await this.#judgeTail(look, file, tail);
      const opened = await openContent(file.path);
      if (!opened) return;
      await this.#judgeOpened(look, file, opened);
    } catch (error) {
      if (isGone(error)) return;
      const isHistory = file.mtimeMs <= log.sinceMs && !log.identities.includes(file.identity);
      if (isHistory) log.settle(file);
      else this.#wait(log, file, (error as Error).message);
    }
  }

  async #judgeTail(look: Look, file: RotatedFile, tail: Tail): Promise<void> {
    const { log } = look;
    const verdict = await judge(file, tail.content, this.#around(look, file, tail));
    const isFresh = verdict.is === 'ours' && !verdict.from;
    if (isFresh && tail.matched && (await tail.fingerprint()) === undefined) {
      log.again = true;
      return;
    }
    log.release(tail);
    tail.resume(verdict.is === 'ours' ? verdict.from : undefined);
    tail.shadow = verdict.is !== 'ours';
    if (tail.shadow) log.again = true;
    else log.hold(tail);
  }

  async #judgeOpened(look: Look, file: RotatedFile, opened: Opened): Promise<void> {
    let isKept = false;
    try {
      if (opened.facts.identity !== file.identity) look.log.again = true;
      else {
        const verdict = await judge(file, opened.content, this.#around(look, file));
        isKept = await this.#apply(verdict, look, file, opened);
      }
    } finally {
      if (!isKept) await opened.content.close();
    }
  }

  /** True when the file is in other hands now. */
  async #apply(verdict: Verdict, { log, live }: Look, file: RotatedFile, opened: Opened): Promise<boolean> {
    if (verdict.is === 'copy') {
      // Nothing tells that a file was truncated of which nothing was read.
      if (!live?.state) log.again = true;
      return false;
    }
    if (verdict.is === 'ours' && !verdict.whole) {
      const { path } = file;
      const tail = await this.#open.add(opened, { path, log: log.path, group: log.group });
      if (!tail) log.again = true;
      else {
        tail.matched = false;
        tail.resume(verdict.from);
        log.hold(tail);
        if (opened.content.fixed) log.settle(file);
      }
      return true;
    }
    if (verdict.is === 'ours' && verdict.from) log.note(file.identity, verdict.from);
    log.settle(file);
    return false;
  }

  #around(look: Look, file: RotatedFile, tail?: Tail): Surroundings {
    const { log, live } = look;
    return {
      read: log.read,
      known: log.isUnread(file.identity),
      old: !tail?.matched && file.mtimeMs <= log.sinceMs,
      open: [...(live ? [live.content] : []), ...log.unreadTails.map(({ content }) => content)],
      stillHolds: (read) => this.#stillHolds(read, look),
    };
  }

  async #stillHolds({ identity, state }: ReadFile, { log, files, isBlurred }: Look): Promise<boolean> {
    const tail = this.#open.get(identity);
    if (tail) return tail.holds(state);
    const file = files.find((other) => other.identity === identity);
    if (!file) return isBlurred;
    const opened = await openContent(file.path).catch(() => undefined);
    try {
      if (opened?.facts.identity === identity) return await continues(opened.content, state);
      // It was renamed since the folder was read: the next look tells.
      log.again = true;
      return true;
    } finally {
      await opened?.content.close();
    }
  }

  /** It is tried again at the next look, until it is given up. */
  #wait(log: FollowedLog, file: RotatedFile, reason?: string): void {
    const key = `${file.identity}:${file.size}:${file.mtimeMs}`;
    const tries = (log.tries.get(key) ?? 0) + 1;
    log.tries.set(key, tries);
    if (tries < MAX_TRIES) log.again = true;
    else log.settle(file);
    if (tries === MAX_TRIES && reason !== undefined) this.#deps.unreadable(file.path, reason);
  }
}

/** True for a tail whose file still holds what was read of it. */
async function goesOn(tail: Tail): Promise<boolean> {
  if (!tail.resolved || tail.shadow) return false;
  return tail.content.fixed === true || !tail.state || (await tail.holds(tail.state));
}
