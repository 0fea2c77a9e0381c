import { posix } from 'node:path';

/**
 * What two files must have in common to be one that was moved: git's default for renames (diffcore.h,
 * DEFAULT_RENAME_SCORE: 30000 of 60000).
 */
const leastSimilarity = 0.5;

/** Contents by path. */
type Contents = ReadonlyMap<string, Uint8Array>;

/**
 * How much of two files is the same, 0 to 1, as git measures it (diffcore-delta.c): the bytes of lines that both
 * have, wherever they stand, over the bytes of the larger file. Line ends do not count.
 */
function similarity(a: Lines, b: Lines): number {
  const larger = Math.max(a.bytes, b.bytes);
  if (larger === 0 || Math.min(a.bytes, b.bytes) / larger < leastSimilarity) return 0;
  let common = 0;
  for (const [line, count] of a.counts)
    common += Math.min(count, b.counts.get(line) ?? 0) * (line.length + 1);
  return common / larger;
}

/** The lines of a file, counted. */
type Lines = { bytes: number; counts: ReadonlyMap<string, number> };

function linesOf(content: Uint8Array): Lines {
  const counts = new Map<string, number>();
  let bytes = 0;
  for (const line of Buffer.from(content).toString('latin1').split(/\r?\n/)) {
    if (line === '') continue; // empty lines make no file resemble another
    counts.set(line, (counts.get(line) ?? 0) + 1);
    bytes += line.length + 1;
  }
  return { bytes, counts };
}

/**
 * Which file of `missing` each file of `candidates` was, at most one each: the most similar pairs first, among equal
 * ones the pair that kept its name.
 * @returns old path -> new path
 */
export function findMoves(missing: Contents, candidates: Contents): Map<string, string> {
  const [from, to] = [missing, candidates].map((files) =>
    [...files].map(([path, bytes]) => ({ path, lines: linesOf(bytes) })),
  );
  const pairs = from!.flatMap((old) =>
    to!.map((now) => ({ from: old.path, to: now.path, score: similarity(old.lines, now.lines) })),
  );
  const keepsName = ({ from, to }: { from: string; to: string }) =>
    Number(posix.basename(from) === posix.basename(to));
  const best = pairs
    .filter(({ score }) => score >= leastSimilarity)
    .sort((a, b) => b.score - a.score || keepsName(b) - keepsName(a) || (a.to < b.to ? -1 : 1));
  const moves = new Map<string, string>();
  const taken = new Set<string>();
  for (const pair of best) {
    if (moves.has(pair.from) || taken.has(pair.to)) continue;
    moves.set(pair.from, pair.to);
    taken.add(pair.to);
  }
  return moves;
}

/**
 * Folders that were moved as a whole: nothing emitted is left in the old one, and most of its moved files went to
 * the new one (git's rule for renamed directories, Documentation/technical/directory-rename-detection.adoc).
 * @param emitted paths of the files as they were emitted
 * @param stays whether the user still has an emitted file at its old path
 * @returns old folder -> new folder
 */
export function folderMoves(
  moves: ReadonlyMap<string, string>,
  emitted: Iterable<string>,
  stays: (path: string) => boolean,
): Map<string, string> {
  const votes = new Map<string, Map<string, number>>();
  for (const [from, to] of moves) {
    const [old, now] = [posix.dirname(from), posix.dirname(to)];
    const counts = votes.get(old) ?? new Map<string, number>();
    votes.set(old, counts.set(now, (counts.get(now) ?? 0) + 1));
  }
  for (const path of emitted) if (stays(path)) votes.delete(posix.dirname(path));
  const folders = new Map<string, string>();
  for (const [old, counts] of votes) {
    const [[now, most] = ['', 0], [, second] = ['', 0]] = [...counts].sort(([, a], [, b]) => b - a);
    if (old !== '.' && now !== old && most > second) folders.set(old, now);
  }
  return folders;
}

/** Where a new file of the template belongs: in the folder that the user made of the template's. */
export function movedPath(path: string, folders: ReadonlyMap<string, string>): string {
  for (let folder = posix.dirname(path); folder !== '.'; folder = posix.dirname(folder)) {
    const now = folders.get(folder);
    if (now !== undefined) return posix.join(now, path.slice(folder.length + 1));
  }
  return path;
}
