import { relative, resolve, sep } from 'node:path';
import type { GoSreDeps } from '../command.ts';
import { readIfThere } from '../disk.ts';
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
      const context = folder ?? (await contextSaid(path, disk)) ?? own;
      targets.push({ path, name: toldPath(path, cwd), context });
    }
  }
  return targets;
}

/**
 * The folder above that a comment of a Dockerfile says it is built from: `# docker build --file app/Dockerfile .`, as
 * `go-sre dockerfile` writes it.
 */
async function contextSaid(
  path: string,
  disk: Pick<GoSreDeps['disk'], 'readFile'>,
): Promise<string | undefined> {
  const text = (await readIfThere(path, disk))?.toString() ?? '';
  const comment = /^#.*\bdocker (?:buildx )?build\b.*?\s(?:--file|-f)[ =](\S+)(?: .*)? \.$/m.exec(text);
  const said = comment?.[1]?.split('/') ?? [];
  const isThis = said.length > 1 && path.split(sep).slice(-said.length).join('/') === said.join('/');
  return isThis ? resolve(path, ...said.map(() => '..')) : undefined;
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
