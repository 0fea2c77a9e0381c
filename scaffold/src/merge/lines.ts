import { diff3MergeRegions, diffIndices } from 'node-diff3';

/** Lines that both sides changed, each in another way. */
export type Conflict = { ours: string[]; base: string[]; theirs: string[] };

/** A stretch of the result: settled, or in conflict. */
export type Piece = { lines: readonly string[] } | { conflict: Conflict };

/**
 * Bounds of one comparison (lines × lines, and pairs of equal lines), because node-diff3 takes time and memory in
 * proportion to them: both bounds are reached within about a second. Beyond, what lies between the first and the
 * last difference counts as changed, so the worst that comes out is one large conflict.
 */
const bounds = { product: 4e8, pairs: 4e6 } as const;

/**
 * Merges three versions of a text, line by line. A change on one side is taken, the same change on both sides once;
 * changes that touch each other in different ways are conflicts, without the lines at their edges that both sides
 * have in common (as git's zdiff3 does). Every line that only one side added is in a piece.
 */
export function mergeLines(
  base: readonly string[],
  ours: readonly string[],
  theirs: readonly string[],
): Piece[] {
  const [head, tail] = commonEnds([base, ours, theirs]);
  const inner = (lines: readonly string[]) => lines.slice(head, lines.length - tail);
  const [o, a, b] = [inner(base), inner(ours), inner(theirs)];
  const regions =
    comparable(o, a) && comparable(o, b)
      ? diff3MergeRegions(a, o, b).map((region) =>
          region.stable
            ? { lines: region.bufferContent }
            : { conflict: { ours: region.aContent, base: region.oContent, theirs: region.bContent } },
        )
      : [{ conflict: { ours: a, base: o, theirs: b } }];
  return [
    { lines: base.slice(0, head) },
    ...regions.flatMap((piece): Piece[] => ('conflict' in piece ? settled(piece.conflict) : [piece])),
    { lines: base.slice(base.length - tail) },
  ];
}

/** Two versions without a common ancestor: every difference is a conflict with an empty base. */
export function mergeWithoutBase(ours: readonly string[], theirs: readonly string[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const [start, oursLines, theirsLines] of differences(ours, theirs)) {
    pieces.push({ lines: ours.slice(at, start) });
    pieces.push({ conflict: { ours: oursLines, base: [], theirs: theirsLines } });
    at = start + oursLines.length;
  }
  return [...pieces, { lines: ours.slice(at) }];
}

/** Where `before` and `after` differ: index in `before`, the lines there, the lines that stand there after. */
export function differences(
  before: readonly string[],
  after: readonly string[],
): [start: number, removed: string[], added: string[]][] {
  const [head, tail] = commonEnds([before, after]);
  const a = before.slice(head, before.length - tail);
  const b = after.slice(head, after.length - tail);
  if (a.length === 0 && b.length === 0) return [];
  if (!comparable(a, b)) return [[head, a, b]];
  return diffIndices(a, b).map(({ buffer1, buffer1Content, buffer2Content }) => [
    head + buffer1[0],
    buffer1Content,
    buffer2Content,
  ]);
}

/** How many lines at the beginning and, beyond those, at the end are the same in all texts. */
function commonEnds(texts: readonly (readonly string[])[]): [head: number, tail: number] {
  const [first = [], ...others] = texts;
  const shortest = Math.min(...texts.map(({ length }) => length));
  let head = 0;
  while (head < shortest && others.every((other) => other[head] === first[head])) head += 1;
  let tail = 0;
  while (tail < shortest - head && others.every((other) => other.at(-1 - tail) === first.at(-1 - tail))) {
    tail += 1;
  }
  return [head, tail];
}

function comparable(a: readonly string[], b: readonly string[]): boolean {
  if (a.length * b.length > bounds.product) return false;
  const counts = new Map<string, number>();
  for (const line of a) counts.set(line, (counts.get(line) ?? 0) + 1);
  let pairs = 0;
  for (const line of b) pairs += counts.get(line) ?? 0;
  return pairs <= bounds.pairs;
}

/** What both sides have in common at the edges of a conflict is settled; a side that changed nothing gives way. */
function settled(conflict: Conflict): Piece[] {
  const { ours, base, theirs } = conflict;
  if (same(ours, theirs) || same(base, theirs)) return [{ lines: ours }];
  if (same(base, ours)) return [{ lines: theirs }];
  const [head, tail] = commonEnds([ours, theirs]);
  const inner = (lines: string[]) => lines.slice(head, lines.length - tail);
  return [
    { lines: ours.slice(0, head) },
    { conflict: { ours: inner(ours), base, theirs: inner(theirs) } },
    { lines: ours.slice(ours.length - tail) },
  ];
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, i) => line === b[i]);
}
