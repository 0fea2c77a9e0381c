import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { CollectorError } from './telemetry/errors.ts';

/**
 * Makes the folder of the store file. The nearest folder that exists is looked at first: mkdir does not say which part
 * of a path is in the way, and below some of them, such as /proc, a recursive one never ends. Throws `store-failed`.
 */
export async function makeFolder(storePath: string): Promise<void> {
  const refuse = (why: string, cause?: unknown) =>
    new CollectorError(
      'store-failed',
      `The store ${storePath} cannot be opened: ${why}. Name a file in a folder that can be written with --data or store.path.`,
      { cause },
    );
  const at = await stat(storePath).catch(() => undefined);
  if (at && !at.isFile()) throw refuse('it is no file');
  let folder = dirname(storePath);
  let found = await stat(folder).catch(() => undefined);
  while (!found && dirname(folder) !== folder) {
    folder = dirname(folder);
    found = await stat(folder).catch(() => undefined);
  }
  if (!found?.isDirectory()) throw refuse(`${folder} is no folder`);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    if (at) await access(storePath, constants.R_OK | constants.W_OK);
    for (const part of relative(folder, dirname(storePath)).split(sep).filter(Boolean)) {
      folder = join(folder, part);
      await mkdir(folder);
    }
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
}
