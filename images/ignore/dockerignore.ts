// Which files of a build context .dockerignore keeps out, as BuildKit decides it.
// Source: https://github.com/moby/patternmatcher (what the patterns mean) and
// https://docs.docker.com/build/concepts/context/#dockerignore-files
import { type Glob, matchesGlob, parseGlob } from './glob.ts';

/** One line that counts. */
type IgnorePattern = {
  /** As BuildKit has it, cleaned and without `!`. */
  text: string;
  /** It begins with `!`: what it matches is let in again. */
  exception: boolean;
  /** From 1. */
  line: number;
};

export type Ignore = {
  patterns: readonly IgnorePattern[];
  /** Lines that BuildKit refuses, and so the whole file. */
  problems: readonly { line: number; message: string }[];
  /** Of `patterns`, at the same index. */
  globs: readonly Glob[];
};

/** Reads the text of a .dockerignore file; never throws. */
export function parseIgnore(text: string): Ignore {
  const patterns: IgnorePattern[] = [];
  const globs: Glob[] = [];
  const problems: { line: number; message: string }[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const written = raw.trim();
    if (raw.startsWith('#') || written === '') continue;
    const exception = written.startsWith('!');
    const cleaned = clean(exception ? written.slice(1).trim() : written);
    const line = index + 1;
    if (cleaned === '' || (exception && cleaned === '/')) {
      problems.push({ line, message: `"${written}" lets nothing in: a path belongs behind the "!"` });
      continue;
    }
    const glob = parseGlob(cleaned);
    if (glob === undefined) {
      problems.push({
        line,
        message: `"${written}" is no pattern: its [ has no end, or it ends with a backslash`,
      });
      continue;
    }
    patterns.push({ text: cleaned, exception, line });
    globs.push(glob);
  }
  return { patterns, problems, globs };
}

/** Whether one file or folder stays out; for many of them, see `ignoreMatcher`. */
export function isIgnored(ignore: Ignore, path: string): boolean {
  return ignoreMatcher(ignore)(path);
}

/** What is known of a folder: the indexes of the patterns that have matched it or one above it, and the verdict. */
type Verdict = { matched: readonly number[]; ignored: boolean };

/**
 * Tells whether the file or folder at a path (relative to the context, forward slashes) stays out: the last pattern that
 * matches it or a folder above it decides. Remembers folders, so that many files are asked of cheaply.
 */
export function ignoreMatcher({ patterns, globs }: Ignore): (path: string) => boolean {
  const folders = new Map<string, Verdict>();
  const top: Verdict = { matched: [], ignored: false };
  const { literal, others } = sorted(globs);
  // A pattern that has matched a folder matches all below it. As BuildKit walks down, a pattern that cannot change the
  // verdict for a folder is not asked there, and so matches less below; that is why this walks as well.
  const judge = (path: string, above: Verdict): Verdict => {
    const before = new Set(above.matched);
    const asked = [...others, ...(literal.get(path) ?? []), ...above.matched].sort((a, b) => a - b);
    const matched: number[] = [];
    let ignored = false;
    for (const index of asked) {
      if (matched.at(-1) === index) continue;
      const { exception } = patterns[index]!;
      if (!before.has(index) && (exception !== ignored || !matchesGlob(globs[index]!, path))) continue;
      matched.push(index);
      ignored = !exception;
    }
    return { matched, ignored };
  };
  const folder = (path: string): Verdict => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const verdict = judge(path, above(path));
    folders.set(path, verdict);
    return verdict;
  };
  const above = (path: string): Verdict => {
    const slash = path.lastIndexOf('/');
    return slash < 0 ? top : folder(path.slice(0, slash));
  };
  return (path) => judge(path, above(path)).ignored;
}

/** Patterns that are the path they match, by it; and the others, which have to be tried. Both by their indexes. */
function sorted(globs: readonly Glob[]) {
  const literal = new Map<string, number[]>();
  const others: number[] = [];
  for (const [index, glob] of globs.entries()) {
    if ('ending' in glob || glob.steps.length > 0) others.push(index);
    else literal.set(glob.head, [...(literal.get(glob.head) ?? []), index]);
  }
  return { literal, others };
}

/** A pattern that matches this path and nothing else. */
export function literalPattern(path: string): string {
  return path.replace(/[\\*?[\]]/g, '\\$&').replace(/^([!#])/, '\\$1');
}

/** Go's filepath.Clean with the leading slash taken off. */
function clean(pattern: string): string {
  if (pattern === '') return '';
  const kept: string[] = [];
  for (const part of pattern.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (part !== '..' || !pattern.startsWith('/')) kept.push(part);
  }
  if (kept.length > 0) return kept.join('/');
  return pattern.startsWith('/') ? '/' : '.';
}
