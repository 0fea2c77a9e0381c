import { basename, dirname, resolve } from 'node:path';
import type { GoSreDeps } from '../command.ts';
import { readIfThere } from '../disk.ts';
import { writeFiles } from '../write-files.ts';

/**
 * Writes one file that a flag names, whole or not at all.
 * @throws CliError (exit code 1)
 */
export async function writeOneFile(
  file: string,
  text: string,
  { disk, cwd }: Pick<GoSreDeps, 'disk' | 'cwd'>,
): Promise<void> {
  const path = resolve(cwd, file);
  const before = await readIfThere(path, disk);
  await writeFiles(dirname(path), [{ path: basename(path), before, after: Buffer.from(text) }], disk);
}
