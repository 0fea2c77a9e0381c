import { randomBytes } from 'node:crypto';
import type * as fsPromises from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Plan } from '../emit/plan.ts';
import { cancelled, failed, systemCode } from '../errors.ts';

/** The part of node:fs/promises that writing uses. */
export type Disk = Pick<
  typeof fsPromises,
  'mkdir' | 'readdir' | 'rename' | 'rm' | 'rmdir' | 'writeFile' | 'chmod'
>;

/** What `write` needs beside the plan. */
export type WriteDeps = {
  disk: Disk;
  /** Cancels between two files; what was written so far is removed. */
  signal?: AbortSignal;
  /** Runs in the complete temporary folder, before it gets its name. */
  finish?: (folder: string) => Promise<void>;
};

/** `missing`: to be made; `empty`: there, without a file in it (a `.git` folder does not count). */
type Target = 'missing' | 'empty';

/**
 * Looks at the target folder without changing anything.
 * @throws CliError (exit code 1) when it is a file, cannot be read or holds files already.
 */
export async function checkTarget(dir: string, disk: Disk): Promise<Target> {
  let entries: string[];
  try {
    entries = await disk.readdir(dir);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'missing';
    throw explain(error, dir, 0);
  }
  const own = entries.filter((entry) => entry !== '.git');
  if (own.length === 0) return 'empty';
  const shown = own.sort().slice(0, 3).join(', ') + (own.length > 3 ? ', …' : '');
  throw failed(
    `The folder ${dir} is not empty (${shown}); files of yours are never overwritten. Choose another folder with --dir, or move these files away.`,
  );
}

/**
 * Writes the plan to `dir`: into a temporary folder first, then by renaming, so that the target is either
 * complete or as it was. The temporary folder is a sibling of a new target and lies within an existing one,
 * which may be a mount point or the current folder.
 * @throws CliError (exit code 1 or 130); the temporary folder is removed by then.
 */
export async function write(plan: Plan, dir: string, deps: WriteDeps): Promise<void> {
  const { disk } = deps;
  const target = await checkTarget(dir, disk);
  const temporaryName = `.${basename(dir)}.${randomBytes(4).toString('hex')}.tmp`;
  const parent = target === 'empty' ? dir : dirname(dir);
  const temporary = join(parent, temporaryName);
  let firstMade: string | undefined;
  try {
    firstMade = await disk.mkdir(parent, { recursive: true });
    await disk.mkdir(temporary);
    await writeFiles(plan, temporary, deps);
    await deps.finish?.(temporary);
    await setImmediate(); // Ctrl-C reaches git too: its end may be seen a moment before the signal is
    stopIfCancelled(deps.signal);
    if (target === 'missing') await disk.rename(temporary, dir);
    else await moveInto(temporary, dir, disk);
  } catch (error) {
    await disk.rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    if (firstMade !== undefined) await removeEmpty(parent, firstMade, disk);
    throw explain(error, dir, planBytes(plan));
  }
}

/** Sum of the file sizes, bytes. */
export function planBytes(plan: Plan): number {
  return [...plan.values()].reduce((sum, file) => sum + file.bytes.length, 0);
}

async function writeFiles(plan: Plan, folder: string, { disk, signal }: WriteDeps): Promise<void> {
  const folders = new Set([...plan.keys()].map((path) => dirname(join(folder, path))));
  for (const made of [...folders].sort()) await disk.mkdir(made, { recursive: true });
  for (const [path, file] of plan) {
    stopIfCancelled(signal);
    await disk.writeFile(join(folder, path), file.bytes, { mode: file.mode });
  }
}

function stopIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}

/** Moves the entries of `from` up into the existing folder `to`; on an error those already moved are removed. */
async function moveInto(from: string, to: string, disk: Disk): Promise<void> {
  const moved: string[] = [];
  try {
    for (const entry of await disk.readdir(from)) {
      await disk.rename(join(from, entry), join(to, entry));
      moved.push(join(to, entry));
    }
    await disk.rmdir(from);
  } catch (error) {
    for (const path of moved) await disk.rm(path, { recursive: true, force: true });
    throw error;
  }
}

/** Removes `folder` and the folders above it up to `last`, as far as they are empty. */
async function removeEmpty(folder: string, last: string, disk: Disk): Promise<void> {
  for (let path = folder; path.length >= last.length; path = dirname(path)) {
    const removed = await disk.rmdir(path).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

/** What each system error means for the target, and what to do about it. */
function explain(error: unknown, dir: string, bytes: number): unknown {
  const parent = dirname(dir);
  const nothing = 'Nothing was left behind.';
  const messages: Record<string, string> = {
    ENOSPC: `No space is left on the disk that holds ${parent}: the service needs about ${kilobytes(bytes)} kB. Free some space or choose a folder on another disk with --dir. ${nothing}`,
    EDQUOT: `Your disk quota for ${parent} is used up: the service needs about ${kilobytes(bytes)} kB. Free some space or choose another folder with --dir. ${nothing}`,
    EACCES: `No permission to write ${dir}. Choose a folder of your own with --dir, or change the permissions of ${parent}. ${nothing}`,
    EROFS: `${parent} is on a read-only file system. Choose another folder with --dir. ${nothing}`,
    ENOTDIR: `${dir} cannot be a folder: it, or a part of its path, is a file. Choose another folder with --dir.`,
    ENAMETOOLONG: `The path ${dir} is longer than the file system allows. Choose a shorter one with --dir.`,
  };
  const code = systemCode(error);
  const message = messages[code === 'EPERM' ? 'EACCES' : code];
  if (message !== undefined) return failed(message);
  if (code === '') return error;
  return failed(
    `Writing ${dir} failed: ${error instanceof Error ? error.message : code}. ${nothing} Repair that, or choose another folder with --dir.`,
  );
}

function kilobytes(bytes: number): number {
  return Math.ceil(bytes / 1000);
}
