// Does with a folder what the build stage of a Dockerfile does with the context: leaves out what .dockerignore names
// and copies what the COPY lines name, so that a test sees without an engine what a build would find there.
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { ignoreMatcher, parseDockerfile, parseIgnore } from '../../images/index.ts';

/** Every file below a folder, relative to it, forward slashes, but what .git holds. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => posix.relative(folder, posix.join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith('.git/'))
    .sort();
}

/**
 * The files that the COPY lines without `--from` bring, by their path in the image below /src.
 * @param files every file of the context
 */
export function copiedFiles(
  files: readonly string[],
  dockerfile: string,
  dockerignore: string,
): Map<string, string> {
  const isIgnored = ignoreMatcher(parseIgnore(dockerignore));
  const sent = files.filter((path) => !isIgnored(path));
  const copied = new Map<string, string>();
  let workDir = '/';
  for (const { keyword, flags, words, json } of parseDockerfile(dockerfile).instructions) {
    const texts = json ?? words.map(({ text }) => text);
    if (keyword === 'workdir') workDir = posix.resolve(workDir, texts[0]!.replaceAll('"', ''));
    if (keyword !== 'copy' || flags.some(({ name }) => name === 'from')) continue;
    const target = texts.at(-1)!.replaceAll('\\$', '$');
    for (const source of texts.slice(0, -1)) {
      const found = bring(sent, source.replaceAll('\\$', '$'), target);
      if (found.length === 0) throw new Error(`COPY ${texts.join(' ')}: nothing of that is sent`);
      for (const [to, from] of found) copied.set(posix.relative('/src', posix.resolve(workDir, to)), from);
    }
  }
  return copied;
}

function bring(sent: readonly string[], source: string, target: string): [string, string][] {
  const plain = source.replaceAll('[[]', '[');
  const below = sent.filter((path) => path.startsWith(`${plain}/`));
  if (below.length > 0) return below.map((path) => [posix.join(target, path.slice(plain.length + 1)), path]);
  const glob = new RegExp(
    `^${source
      .split(/(\[.\]|\*)/)
      .map(asRegExp)
      .join('')}$`,
  );
  const isFolder = target.endsWith('/');
  return sent
    .filter((path) => glob.test(path))
    .map((path) => [isFolder ? posix.join(target, posix.basename(path)) : target, path]);
}

function asRegExp(part: string): string {
  if (part === '*') return '[^/]*';
  const literal = /^\[(.)\]$/.exec(part)?.[1] ?? part;
  return literal.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** Lays the copied files out in `target` as they lie in /src. */
export function layOut(folder: string, dockerfile: string, dockerignore: string, target: string): string[] {
  const copied = copiedFiles(filesUnder(folder), dockerfile, dockerignore);
  for (const [to, from] of copied) {
    mkdirSync(dirname(join(target, to)), { recursive: true });
    cpSync(join(folder, from), join(target, to));
  }
  return [...copied.keys()].sort();
}
