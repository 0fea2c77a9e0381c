import { ignoreMatcher, literalPattern, parseIgnore } from '../ignore/dockerignore.ts';
import { byText, groupedBy } from './closure.ts';
import { type Copies, joined, parentOf, patternsFor, type Unit } from './copies.ts';
import type { Folder } from './facts.ts';

/**
 * Tests, what go passes over, and what lies beside code to be read by people; what of it is embedded is let in again.
 * Source: https://pkg.go.dev/cmd/go#hdr-Package_lists_and_patterns
 */
const never = [
  ...['**/*_test.go', '**/testdata', '**/.*', '**/_*'],
  ...['**/*.md', '**/*.sh', '**/Makefile', '**/Dockerfile*'],
];

/**
 * The text of .dockerignore: everything stays out but what the COPY lines bring. What begins with `!` has no `**` but at
 * its end, as Docker before 23 looks into no folder for it otherwise.
 * @param needed every file that the build reads; all of them come through
 * @param head the lines of comment at the top
 */
export function renderIgnore(
  { units, excluded }: Copies,
  needed: readonly string[],
  folders: ReadonlyMap<string, Folder>,
  head: readonly string[],
): string {
  const lines = [...head, '*', ...units.flatMap(lettingIn), ...never, ...excluded.map(asPattern)];
  lines.push(...lettingBackIn(lines, needed, folders));
  const last = hiddenBy(lines, needed).map((path) => `!${literalPattern(path)}`);
  return `${[...lines, ...last].join('\n')}\n`;
}

function hiddenBy(lines: readonly string[], paths: readonly string[]): string[] {
  return paths.filter(ignoreMatcher(parseIgnore(lines.join('\n'))));
}

function isGo(path: string): boolean {
  return path.endsWith('.go');
}

function lettingIn({ kind, dir, patterns }: Unit): string[] {
  if (kind === 'folder') return [`!${literalPattern(dir)}`];
  return patterns.map((pattern) => `!${asPattern(joined(dir, pattern))}`);
}

/** A path whose last part may be `*.ext`. */
function asPattern(path: string): string {
  const glob = /(^|\/)\*(\.[\w-]+)$/.exec(path);
  if (glob === null) return literalPattern(path);
  return `${literalPattern(path.slice(0, glob.index))}${glob[1]}*${glob[2]}`;
}

/** Lines for files that those before keep out: whole folders where every file is needed, else names or `*.ext`. */
function lettingBackIn(
  before: readonly string[],
  needed: readonly string[],
  folders: ReadonlyMap<string, Folder>,
): string[] {
  const lines = new Set<string>();
  const whole = wholeFolders(new Set(needed), folders);
  const isIgnored = ignoreMatcher(parseIgnore(before.join('\n')));
  const hidden = needed.filter(isIgnored);
  for (const [dir, paths] of groupedBy(hidden, parentOf)) {
    const top = topmost(dir, whole);
    // BuildKit passes over `!folder` where the folder is let in anyway, but not over what names its files.
    if (top !== undefined) lines.add(`!${literalPattern(top)}${isIgnored(top) ? '' : '/**'}`);
    else {
      const names = paths.map((path) => path.slice(dir === '.' ? 0 : dir.length + 1));
      // `*.go` would let the tests back in as well.
      const [go, other] = [names.filter(isGo), names.filter((name) => !isGo(name))];
      const patterns = [...go, ...patternsFor(other, folders.get(dir)?.files ?? [])];
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
