import { glob, lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { type FileFacts, factsOf } from './content.ts';

/** Files beside a log that are looked at as its rotated forms, at the most. */
export const MAX_ROTATED = 1000;
const MAGIC = /[*?[\]{}]/;
/** What rotation adds behind a name: a number, a date, both. A number alone behind a dash would be another writer's. */
const BEHIND = /^(?:\.\d|[.-]\d{4}-?\d\d)[\dTZ:._+-]*$/;
/** What it adds before the extension: a date. `shop.1.log` and `shop-1.log` are rather logs of their own. */
const BETWEEN = /^[.-]\d{4}-?\d\d[\dTZ:._+-]*$/;
/** Of these the higher is the older: `app.log.1`, `app.log.2.gz`. Dates, and numbers with leading zeros, go up. */
const INDEX = /[.-]([1-9]\d{0,2})(?:\.gz)?$/;

/** A file beside a log, found by its name. */
export type RotatedFile = FileFacts & { path: string };

/** Paths of the files that `include` names now; a path without wildcards is itself, if it exists. */
export async function matchingPaths(include: string): Promise<string[]> {
  if (isLiteral(include)) {
    const stats = await stat(include).catch(() => undefined);
    return stats ? [include] : [];
  }
  const paths: string[] = [];
  for await (const path of glob(include)) paths.push(path);
  return (await oldestFirst(paths)).map(({ path }) => path);
}

/** True for a path without wildcards: one file, whether it exists or not. */
export function isLiteral(include: string): boolean {
  return !MAGIC.test(include);
}

/**
 * What stands in the folder of `path` (which is no link) that rotation gives its older content, oldest first:
 * `app.log.1`, `app.log-20260101`, `app-2026-01-01T00-00-00.log` for `app.log`, each with or without `.gz` (logrotate, Docker, the kubelet,
 * lumberjack). `names` is the folder's listing. `left` counts what is above MAX_ROTATED.
 */
export async function rotatedFiles(
  path: string,
  names: readonly string[],
): Promise<{ files: RotatedFile[]; left: number }> {
  const folder = dirname(path);
  const rotated = names.filter((name) => isRotatedName(name, basename(path)));
  const paths = rotated.sort(olderName).slice(0, MAX_ROTATED);
  const files = await oldestFirst(paths.map((name) => join(folder, name)));
  return { files, left: rotated.length - paths.length };
}

/** True when rotation may have given the content of a log of this name to a file of the name `other`. */
export function isRotatedName(other: string, name: string): boolean {
  const plain = other.endsWith('.gz') ? other.slice(0, -3) : other;
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  return BEHIND.test(added(plain, name, '')) || BETWEEN.test(added(plain, stem, extension));
}

/** What a name has between a beginning and an end; nothing when it has others. */
function added(name: string, beginning: string, end: string): string {
  if (!name.startsWith(beginning) || !name.endsWith(end)) return '';
  return name.slice(beginning.length, name.length - end.length);
}

/** Names in a folder; none when it cannot be read. */
export function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** Where a link leads, as the kubelet keeps them in /var/log/containers; any other path is itself. */
export async function linkedPath(path: string): Promise<string> {
  const stats = await lstat(path).catch(() => undefined);
  return stats?.isSymbolicLink() ? await realpath(path).catch(() => path) : path;
}

/**
 * The regular files among the paths by their last change: what was rotated away comes before what followed it. File
 * times are coarse; among equal ones the name decides.
 */
async function oldestFirst(paths: readonly string[]): Promise<RotatedFile[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const stats = await stat(path, { bigint: true }).catch(() => undefined);
      const facts = stats && factsOf(stats);
      return facts ? [{ path, ...facts }] : [];
    }),
  );
  return found.flat().sort((a, b) => a.mtimeMs - b.mtimeMs || olderName(a.path, b.path));
}

function olderName(a: string, b: string): number {
  if (a.startsWith(b) || b.startsWith(a)) return b.length - a.length;
  const [indexA, indexB] = [INDEX.exec(a), INDEX.exec(b)];
  const comparable = indexA && indexB && a.slice(0, indexA.index) === b.slice(0, indexB.index);
  if (comparable && indexA[1] !== indexB[1]) return Number(indexB[1]) - Number(indexA[1]);
  return a < b ? -1 : 1;
}
