import { isIgnored, literalPattern, parseIgnore } from '../ignore/dockerignore.ts';
import { byText } from './closure.ts';
import { type Copies, joined, parentOf, patternsFor, type Unit } from './copies.ts';
import type { Folder } from './facts.ts';

/** What stays out of folders that are copied whole, unless the build reads it. */
const never = ['**/*_test.go', '**/testdata', '**/*.md', '**/.git', '**/.env*', '**/.DS_Store'];

/**
 * The text of .dockerignore: everything stays out but what the COPY lines bring.
 * @param needed every file that the build reads; all of them come through
 * @param head the lines of comment at the top
 */
export function renderIgnore(
  { units, excluded }: Copies,
  needed: readonly string[],
  folders: ReadonlyMap<string, Folder>,
  head: readonly string[],
): string {
  const open = [...head, '*', ...units.flatMap(lettingIn)];
  const rest = [...never, ...excluded.map(asPattern)];
  const lines = [...open, ...rest.filter((line, at) => rest.indexOf(line) === at)];
  const back = lettingBackIn(hiddenBy(lines, needed), new Set(needed), folders);
  const last = hiddenBy([...lines, ...back], needed).map((path) => `!${literalPattern(path)}`);
  return `${[...lines, ...back, ...last].join('\n')}\n`;
}

function hiddenBy(lines: readonly string[], paths: readonly string[]): string[] {
  const ignore = parseIgnore(lines.join('\n'));
  return paths.filter((path) => isIgnored(ignore, path));
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

/** Lines for embedded files that the general ones keep out: whole folders where all of it is needed, else files. */
function lettingBackIn(
  hidden: readonly string[],
  needed: ReadonlySet<string>,
  folders: ReadonlyMap<string, Folder>,
): string[] {
  const lines = new Set<string>();
  const whole = wholeFolders(needed, folders);
  for (const [dir, paths] of Map.groupBy(hidden, parentOf)) {
    const top = topmost(dir, whole);
    // Behind a folder that is let in anyway BuildKit passes over `!folder`, but not over what names its files.
    if (top !== undefined) lines.add(`!${literalPattern(top)}/**`);
    else {
      const names = paths.map((path) => path.slice(dir === '.' ? 0 : dir.length + 1));
      // `*.go` would let the tests back in as well.
      const [go, other] = [names.filter(isGo), names.filter((name) => !isGo(name))];
      for (const pattern of [...go, ...patternsFor(other, folders.get(dir)?.files ?? [])]) {
        lines.add(`!${asPattern(joined(dir, pattern))}`);
      }
    }
  }
  return [...lines].sort(byText);
}

function isGo(name: string): boolean {
  return name.endsWith('.go');
}

/** The folders in which, and below which, every file is needed. */
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
      folder?.files.every((name) => needed.has(joined(dir, name))) === true &&
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
