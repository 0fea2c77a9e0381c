import { isIgnored, literalPattern, parseIgnore } from '../ignore/dockerignore.ts';
import { byText } from './closure.ts';
import { type Copies, joined, parentOf, patternsFor, type Unit } from './copies.ts';
import type { Folder } from './facts.ts';

/**
 * What go passes over, and tests; what of it is embedded is let in again below.
 * Source: https://pkg.go.dev/cmd/go#hdr-Package_lists_and_patterns
 */
const never = ['**/*_test.go', '**/testdata/**', '**/.*', '**/.*/**', '**/_*', '**/_*/**'];

/**
 * The text of .dockerignore: everything stays out but what the COPY lines bring. Of a folder that is copied whole come
 * its Go files, whatever they will be, and every other file that the build reads by its name.
 * @param needed every file that the build reads; all of them come through
 * @param head the lines of comment at the top
 */
export function renderIgnore(
  { units, excluded }: Copies,
  needed: readonly string[],
  folders: ReadonlyMap<string, Folder>,
  head: readonly string[],
): string {
  const lines = [...head, '*', ...units.flatMap((unit) => lettingIn(unit, needed)), ...never];
  // BuildKit does not ask of a folder that stays out anyway, and would let in again what is below `folder` alone.
  lines.push(...excluded.map((path) => (isGo(path) ? asPattern(path) : `${literalPattern(path)}/**`)));
  const others = needed.filter((path) => !isGo(path));
  lines.push(...byName(hiddenBy(lines, others), needed, folders));
  // Go files that are embedded as tests or lie in testdata, and names that no pattern is for.
  const last = hiddenBy(lines, needed).map((path) => `!${literalPattern(path)}`);
  return `${[...lines, ...last].join('\n')}\n`;
}

function hiddenBy(lines: readonly string[], paths: readonly string[]): string[] {
  const ignore = parseIgnore(lines.join('\n'));
  return paths.filter((path) => isIgnored(ignore, path));
}

function isGo(path: string): boolean {
  return path.endsWith('.go');
}

function lettingIn({ kind, dir, patterns }: Unit, needed: readonly string[]): string[] {
  if (kind === 'files') return patterns.map((pattern) => `!${asPattern(joined(dir, pattern))}`);
  const go = needed.filter((path) => isGo(path) && path.startsWith(`${dir}/`));
  if (go.length === 0) return [];
  const flat = go.every((path) => parentOf(path) === dir);
  return [`!${literalPattern(dir)}/${flat ? '' : '**/'}*.go`];
}

/** A path whose last part may be `*.ext`. */
function asPattern(path: string): string {
  const glob = /(^|\/)\*(\.[\w-]+)$/.exec(path);
  if (glob === null) return literalPattern(path);
  return `${literalPattern(path.slice(0, glob.index))}${glob[1]}*${glob[2]}`;
}

/** Lines for files that are no Go: whole folders where every file is needed, else names or `*.ext`. */
function byName(
  hidden: readonly string[],
  needed: readonly string[],
  folders: ReadonlyMap<string, Folder>,
): string[] {
  const lines = new Set<string>();
  const whole = wholeFolders(new Set(needed), folders);
  for (const [dir, paths] of Map.groupBy(hidden, parentOf)) {
    const top = topmost(dir, whole);
    // Behind a folder that is let in anyway BuildKit passes over `!folder`, but not over what names its files.
    if (top !== undefined) lines.add(`!${literalPattern(top)}/**`);
    else {
      const names = paths.map((path) => path.slice(dir === '.' ? 0 : dir.length + 1));
      const patterns = patternsFor(names, folders.get(dir)?.files ?? []);
      for (const pattern of patterns) lines.add(`!${asPattern(joined(dir, pattern))}`);
    }
  }
  return [...lines].sort(byText);
}

/** The folders without Go files in which, and below which, every file is needed. */
function wholeFolders(
  needed: ReadonlySet<string>,
  folders: ReadonlyMap<string, Folder>,
): ReadonlySet<string> {
  const known = new Map<string, boolean>([['.', false]]);
  const isWhole = (dir: string): boolean => {
    const before = known.get(dir);
    if (before !== undefined) return before;
    const folder = folders.get(dir);
    const whole =
      folder?.files.every((name) => needed.has(joined(dir, name)) && !isGo(name)) === true &&
      folder.folders.every((name) => isWhole(joined(dir, name)));
    known.set(dir, whole);
    return whole;
  };
  return new Set([...folders.keys()].filter(isWhole));
}

function topmost(dir: string, whole: ReadonlySet<string>): string | undefined {
  let found: string | undefined;
  for (let at = dir; at !== '.'; at = parentOf(at)) if (whole.has(at)) found = at;
  return found;
}
