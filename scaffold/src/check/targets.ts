import { relative, resolve } from 'node:path';
import type { GoSreDeps } from '../command.ts';
import { usage } from '../errors.ts';
import { dockerfilesAt } from './context.ts';

/** One Dockerfile to judge. */
export type Target = {
  /** Absolute path; undefined: standard input. */
  path: string | undefined;
  /** What the user is told it is called. */
  name: string;
  /** Absolute path of the folder that is sent to the build; standard input has none unless one is named. */
  context: string | undefined;
};

/**
 * What the words of the command line mean.
 * @throws CliError (exit code 2) where nothing is there, or no Dockerfile
 */
export async function findTargets(
  words: readonly string[],
  { recursive, context }: { recursive: boolean; context: string | undefined },
  { disk, cwd }: Pick<GoSreDeps, 'disk' | 'cwd'>,
): Promise<Target[]> {
  const folder = context === undefined ? undefined : resolve(cwd, context);
  if (folder !== undefined && !(await isFolder(folder, disk)))
    throw usage(`There is no folder ${context}. --context names the one that is sent to the build.`);
  const targets: Target[] = [];
  for (const word of words.length === 0 ? ['.'] : words) {
    if (word === '-') {
      targets.push({ path: undefined, name: 'Dockerfile', context: folder });
      continue;
    }
    const found = await dockerfilesAt(resolve(cwd, word), recursive, disk);
    if (found === undefined)
      throw usage(`There is no ${word}. Name a Dockerfile, a folder that has one, or -.`);
    if (found.files.length === 0) {
      const below = recursive ? ' or below it' : ', --recursive looks below it';
      throw usage(`There is no Dockerfile in ${word}${below}.`);
    }
    // Below the named folder each is taken to be built in its own.
    for (const path of found.files) {
      const own = recursive || found.named ? resolve(path, '..') : found.folder;
      targets.push({ path, name: toldPath(path, cwd), context: folder ?? own });
    }
  }
  return targets;
}

async function isFolder(path: string, disk: GoSreDeps['disk']): Promise<boolean> {
  try {
    return (await disk.lstat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** A path as it is told: relative to where the user stands, where it lies below. */
export function toldPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short === '' || short.startsWith('..') ? path : short.replaceAll('\\', '/');
}
