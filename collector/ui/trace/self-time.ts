import type { Tree } from './tree.ts';

/**
 * Time of each span that none of its children covers, in the unit of `duration`. Children are clipped to their
 * parent, so that skewed clocks never make it negative.
 */
export function selfTimes(tree: Tree, start: ArrayLike<number>, duration: ArrayLike<number>): Float64Array {
  const self = new Float64Array(tree.count);
  for (let span = 0; span < tree.count; span++) {
    const from = start[span]!;
    const to = from + duration[span]!;
    let covered = 0;
    // Children come in order of start: what lies before `reached` is counted.
    let reached = from;
    for (let c = tree.childFrom[span]!; c < tree.childFrom[span + 1]!; c++) {
      const child = tree.child[c]!;
      const end = Math.min(to, start[child]! + duration[child]!);
      const begin = Math.max(reached, start[child]!);
      if (end <= begin) continue;
      covered += end - begin;
      reached = end;
    }
    self[span] = Math.max(0, duration[span]! - covered);
  }
  return self;
}
