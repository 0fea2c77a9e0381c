import { glob, lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';

/** Files beside a log that are looked at as its rotated forms, at the most. */
const MAX_ROTATED = 100;
const MAGIC = /[*?[\]{}]/;

/** Paths of the files that `include` names now; a path without wildcards is itself, if it exists. */
export async function matchingPaths(include: string): Promise<string[]> {
  if (!MAGIC.test(include)) {
    const stats = await stat(include).catch(() => undefined);
    return stats ? [include] : [];
  }
  const paths: string[] = [];
  for await (const path of glob(include)) paths.push(path);
  return oldestFirst(paths);
}

/** True for a path without wildcards: one file, whether it exists or not. */
export function isLiteral(include: string): boolean {
  return !MAGIC.test(include);
}

/**
 * Paths beside `path` that rotation gives its older content, newest first: `app.log.1`, `app.log-20260101`,
 * `app-2026-01-01T00-00-00.log` for `app.log` (logrotate, lumberjack).
 */
export async function rotatedPaths(path: string): Promise<string[]> {
  const real = await linkedPath(path);
  const folder = dirname(real);
  const name = basename(real);
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  const names = await readdir(folder).catch(() => []);
  const rotated = names.filter((other) => isRotated(other, name) || isRotated(other, stem, extension));
  const paths = rotated.slice(0, MAX_ROTATED).map((other) => join(folder, other));
  return (await oldestFirst(paths)).reverse();
}

/** Where a link leads, as the kubelet keeps them in /var/log/containers; any other path is itself. */
async function linkedPath(path: string): Promise<string> {
  const stats = await lstat(path).catch(() => undefined);
  return stats?.isSymbolicLink() ? await realpath(path).catch(() => path) : path;
}

/**
 * The regular files among the paths by their last change: what was rotated away comes before what followed it. File
 * times are coarse; of equal ones the longer, then the higher name is taken for the older file.
 */
async function oldestFirst(paths: readonly string[]): Promise<string[]> {
  const dated = await Promise.all(
    paths.map(async (path) => {
      const stats = await stat(path).catch(() => undefined);
      return { path, changed: stats?.isFile() ? stats.mtimeMs : undefined };
    }),
  );
  return dated
    .filter((entry) => entry.changed !== undefined)
    .sort((a, b) => (a.changed ?? 0) - (b.changed ?? 0) || olderName(a.path, b.path))
    .map(({ path }) => path);
}

function olderName(a: string, b: string): number {
  return b.length - a.length || (a < b ? 1 : -1);
}

function isRotated(name: string, prefix: string, suffix = ''): boolean {
  if (!name.startsWith(prefix) || !name.endsWith(suffix) || name.length <= prefix.length + suffix.length) {
    return false;
  }
  return /^[.-]\d/.test(name.slice(prefix.length));
}
