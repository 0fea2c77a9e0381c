import { glob, readdir, stat } from 'node:fs/promises';
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
  return paths.sort();
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
  const folder = dirname(path);
  const name = basename(path);
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  const names = await readdir(folder).catch(() => []);
  const rotated = names.filter((other) => isRotated(other, name) || isRotated(other, stem, extension));
  const dated = await Promise.all(
    rotated.slice(0, MAX_ROTATED).map(async (other) => {
      const full = join(folder, other);
      const stats = await stat(full).catch(() => undefined);
      return { full, mtimeMs: stats?.isFile() ? stats.mtimeMs : undefined };
    }),
  );
  return dated
    .filter((entry) => entry.mtimeMs !== undefined)
    .sort((a, b) => (b.mtimeMs ?? 0) - (a.mtimeMs ?? 0))
    .map(({ full }) => full);
}

function isRotated(name: string, prefix: string, suffix = ''): boolean {
  if (!name.startsWith(prefix) || !name.endsWith(suffix) || name.length <= prefix.length + suffix.length) {
    return false;
  }
  return /^[.-]\d/.test(name.slice(prefix.length));
}
