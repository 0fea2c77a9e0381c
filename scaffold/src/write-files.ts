import { dirname, join } from 'node:path';
import { type Disk, readIfThere } from './disk.ts';
import { failed } from './errors.ts';

/** A file to write: what is there now, or nothing, and what is to be there. */
export type FileChange = { path: string; before: Uint8Array | undefined; after: Uint8Array };

/** A file to remove: what is there now. */
export type FileRemoval = { path: string; before: Uint8Array };

/**
 * Writes all files or none: each under a temporary name beside its place first, then by renaming; when one cannot take
 * its place, those that did are put back. What is to be removed goes last.
 * @param dir the folder that the paths are in
 * @throws CliError (exit code 1); everything is as it was by then
 */
export async function writeFiles(
  dir: string,
  files: readonly FileChange[],
  disk: Disk,
  removals: readonly FileRemoval[] = [],
): Promise<void> {
  // No other process has it, and it costs nothing: node:crypto takes as long to load as a small command to run.
  const suffix = `.${process.pid}-${process.hrtime.bigint()}.tmp`;
  const done: Pick<FileChange, 'path' | 'before'>[] = [];
  try {
    for (const file of [...files, ...removals]) await refuseEdited(dir, file, disk);
    for (const { path, before, after } of files) {
      const target = join(dir, path);
      await disk.mkdir(dirname(target), { recursive: true });
      await disk.writeFile(target + suffix, after);
      if (before !== undefined) await disk.chmod(target + suffix, (await disk.lstat(target)).mode & 0o7777);
    }
    for (const file of files) {
      await disk.rename(join(dir, file.path) + suffix, join(dir, file.path));
      done.push(file);
    }
    for (const file of removals) {
      await disk.rm(join(dir, file.path));
      done.push(file);
    }
  } catch (error) {
    for (const { path } of files) await quietly(disk.rm(join(dir, path) + suffix, { force: true }));
    for (const { path, before } of done) {
      const target = join(dir, path);
      await quietly(before === undefined ? disk.rm(target, { force: true }) : disk.writeFile(target, before));
    }
    const why = error instanceof Error ? error.message : String(error);
    throw failed(`Nothing was written below ${dir}: ${why.replace(/\.?$/, '.')} Mend that and run it again.`);
  }
}

/** Between planning and writing somebody else may have saved the file. */
async function refuseEdited(
  dir: string,
  { path, before }: Pick<FileChange, 'path' | 'before'>,
  disk: Disk,
): Promise<void> {
  const now = await readIfThere(join(dir, path), disk);
  const same = now === undefined || before === undefined ? now === before : Buffer.compare(now, before) === 0;
  if (!same) throw new Error(`${path} was changed by someone else meanwhile`);
}

async function quietly(step: Promise<unknown>): Promise<void> {
  await step.catch(() => undefined);
}
