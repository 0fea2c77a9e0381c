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

/**
 * Whether the file or folder at `path` (relative to the context, forward slashes) stays out. The last pattern that
 * matches it or a folder above it decides.
 */
export function isIgnored(ignore: Ignore, path: string): boolean {
  const parts = path.split('/');
  // A pattern that has matched a folder matches all below it. As BuildKit walks down, a pattern that cannot change the
  // verdict for a folder is not asked there, and so matches less below; that is why this walks as well.
  const above = ignore.patterns.map(() => false);
  let ignored = false;
  for (let depth = 1; depth <= parts.length; depth++) {
    const at = parts.slice(0, depth).join('/');
    ignored = false;
    for (const [index, { exception }] of ignore.patterns.entries()) {
      if (!above[index] && exception === ignored) above[index] = matchesGlob(ignore.globs[index]!, at);
      if (above[index]) ignored = !exception;
    }
  }
  return ignored;
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
