/**
 * The spans of one trace as a forest in typed arrays. Spans are positions in the trace's columns; no object is
 * made per span, so that a hundred thousand of them stay cheap.
 */
export interface Tree {
  count: number;
  /** Position of the parent, -1 for a root. Cycles are cut. */
  parent: Int32Array;
  /** 1 where a cycle was cut to make this span a root. */
  cut: Uint8Array;
  /** Children of span `i` are `child[childFrom[i]]` up to, not including, `childFrom[i + 1]`, in order of start. */
  childFrom: Int32Array;
  child: Int32Array;
  roots: Int32Array;
  /** Spans in the order in which a waterfall lists them. */
  order: Int32Array;
  /** Where a span stands in `order`. */
  place: Int32Array;
  depth: Int32Array;
  /** Spans below and including this one. */
  size: Int32Array;
}

const NEW = 0;
const DONE = -1;

/** Cuts every cycle at its earliest span; answers which spans were cut. `parent` is changed in place. */
function cutCycles(parent: Int32Array, start: ArrayLike<number>): Uint8Array {
  const count = parent.length;
  const cut = new Uint8Array(count);
  // Which walk saw a span first; DONE where its way up is known to end at a root.
  const seen = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    if (seen[i] !== NEW) continue;
    const walk = i + 1;
    let at = i;
    while (at >= 0 && seen[at] === NEW) {
      seen[at] = walk;
      at = parent[at]!;
    }
    if (at >= 0 && seen[at] === walk) {
      let earliest = at;
      for (let next = parent[at]!; next !== at; next = parent[next]!) {
        const before = start[next]! - start[earliest]!;
        if (before < 0 || (before === 0 && next < earliest)) earliest = next;
      }
      parent[earliest] = -1;
      cut[earliest] = 1;
    }
    for (let done = i; done >= 0 && seen[done] === walk; done = parent[done]!) seen[done] = DONE;
  }
  return cut;
}

/** Sorts a slice of positions by start; equal starts keep the order of the columns. */
function byStart(positions: Int32Array, start: ArrayLike<number>): void {
  positions.sort((a, b) => start[a]! - start[b]! || a - b);
}

function childrenOf(
  parent: Int32Array,
  start: ArrayLike<number>,
): { childFrom: Int32Array; child: Int32Array; roots: Int32Array } {
  const count = parent.length;
  const childFrom = new Int32Array(count + 1);
  let rootCount = 0;
  for (let i = 0; i < count; i++) {
    if (parent[i]! < 0) rootCount++;
    else childFrom[parent[i]! + 1]!++;
  }
  for (let i = 0; i < count; i++) childFrom[i + 1]! += childFrom[i]!;
  const child = new Int32Array(count - rootCount);
  const roots = new Int32Array(rootCount);
  const filled = childFrom.slice();
  let nextRoot = 0;
  for (let i = 0; i < count; i++) {
    const up = parent[i]!;
    if (up < 0) roots[nextRoot++] = i;
    else child[filled[up]!++] = i;
  }
  for (let i = 0; i < count; i++) {
    if (childFrom[i + 1]! - childFrom[i]! > 1) byStart(child.subarray(childFrom[i], childFrom[i + 1]), start);
  }
  byStart(roots, start);
  return { childFrom, child, roots };
}

/**
 * Builds the forest. `parents[i]` is the position of the parent of span `i`; anything that is no position makes a
 * root, and so does the earliest span of a cycle. `start` gives the order among siblings.
 */
export function buildTree(parents: ArrayLike<number>, start: ArrayLike<number>): Tree {
  const count = parents.length;
  const parent = Int32Array.from(parents, (p) => (p >= 0 && p < count ? p : -1));
  const cut = cutCycles(parent, start);
  const { childFrom, child, roots } = childrenOf(parent, start);
  const order = new Int32Array(count);
  const place = new Int32Array(count);
  const depth = new Int32Array(count);
  const size = new Int32Array(count).fill(1);
  const stack = new Int32Array(count);
  let height = 0;
  for (let r = roots.length - 1; r >= 0; r--) stack[height++] = roots[r]!;
  for (let next = 0; height > 0; next++) {
    const span = stack[--height]!;
    order[next] = span;
    place[span] = next;
    const up = parent[span]!;
    depth[span] = up < 0 ? 0 : depth[up]! + 1;
    for (let c = childFrom[span + 1]! - 1; c >= childFrom[span]!; c--) stack[height++] = child[c]!;
  }
  for (let i = count - 1; i >= 0; i--) {
    const span = order[i]!;
    const up = parent[span]!;
    if (up >= 0) size[up]! += size[span]!;
  }
  return { count, parent, cut, childFrom, child, roots, order, place, depth, size };
}
