import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { criticalPath } from '../../../../collector/ui/trace/critical-path.ts';
import { selfTimes } from '../../../../collector/ui/trace/self-time.ts';
import { buildTree, type Tree } from '../../../../collector/ui/trace/tree.ts';
import { anyForest, type Forest } from './forest.ts';

function treeOf(forest: Forest): Tree {
  return buildTree(forest.parent, forest.start);
}

/** The path as readable stretches. */
function pathOf(forest: Forest, root = 0): string[] {
  const path = criticalPath(treeOf(forest), forest.start, forest.duration, root);
  return Array.from(path.span, (span, i) => `${span}: ${path.from[i]}–${path.to[i]}`);
}

/** The truth, slowly: self time counts the ticks of a span that lie in none of its children. */
function naiveSelf({ start, duration }: Forest, tree: Tree, span: number): number {
  let self = 0;
  for (let tick = start[span]!; tick < start[span]! + duration[span]!; tick++) {
    const covered = start.some((s, c) => tree.parent[c] === span && s <= tick && tick < s + duration[c]!);
    if (!covered) self++;
  }
  return self;
}

/** The truth, slowly: who is waited for during the tick that begins at `tick`, when `span` fills `from` to `to`. */
function naiveOwner(
  forest: Forest,
  tree: Tree,
  span: number,
  from: number,
  to: number,
  tick: number,
): number {
  const { start, duration } = forest;
  let cursor = to;
  for (;;) {
    let best = -1;
    let bestEnd = -1;
    let bestStart = -1;
    for (let child = 0; child < tree.count; child++) {
      if (tree.parent[child] !== span) continue;
      const begin = Math.max(from, start[child]!);
      const end = Math.min(to, start[child]! + duration[child]!);
      if (end <= begin || end > cursor) continue;
      // The one that ended last; of those the longest, then the first.
      if (end > bestEnd || (end === bestEnd && start[child]! < bestStart)) {
        best = child;
        bestEnd = end;
        bestStart = start[child]!;
      }
    }
    if (best < 0 || tick >= bestEnd) return span;
    const begin = Math.max(from, bestStart);
    if (tick >= begin) return naiveOwner(forest, tree, best, begin, bestEnd, tick);
    cursor = begin;
  }
}

test('self time is what no child covers, however children overlap or leave their parent', () => {
  assert.deepEqual(
    [...selfTimes(buildTree([-1, 0, 0, 0], [0, 2, 3, 8]), [0, 2, 3, 8], [10, 4, 2, 9])],
    [4, 4, 2, 9],
  );
  fc.assert(
    fc.property(anyForest, (forest) => {
      const tree = treeOf(forest);
      const expected = forest.start.map((_, span) => naiveSelf(forest, tree, span));
      assert.deepEqual([...selfTimes(tree, forest.start, forest.duration)], expected);
    }),
    { numRuns: 500 },
  );
});

test('calls one after another are all on the critical path, with the time between them their caller’s', () => {
  const forest = { parent: [-1, 0, 0], start: [0, 1, 5], duration: [10, 3, 4] };
  assert.deepEqual(pathOf(forest), ['0: 0–1', '1: 1–4', '0: 4–5', '2: 5–9', '0: 9–10']);
});

test('of parallel calls only the one that ends last counts', () => {
  const forest = { parent: [-1, 0, 0, 2], start: [0, 1, 2, 3], duration: [10, 6, 7, 2] };
  assert.deepEqual(pathOf(forest), ['0: 0–2', '2: 2–3', '3: 3–5', '2: 5–9', '0: 9–10']);
});

test('a child whose clock runs ahead stays inside its parent', () => {
  const forest = { parent: [-1, 0], start: [5, 0], duration: [10, 30] };
  assert.deepEqual(pathOf(forest), ['1: 5–15']);
});

test('the critical path agrees with a tick-by-tick account and covers its root without gaps', () => {
  fc.assert(
    fc.property(anyForest, (forest) => {
      const tree = treeOf(forest);
      const root = tree.roots[0]!;
      const path = criticalPath(tree, forest.start, forest.duration, root);
      let at = forest.start[root]!;
      const end = at + forest.duration[root]!;
      path.span.forEach((span, i) => {
        assert.equal(path.from[i], at);
        for (let tick = at; tick < path.to[i]!; tick++) {
          assert.equal(naiveOwner(forest, tree, root, forest.start[root]!, end, tick), span);
        }
        at = path.to[i]!;
      });
      assert.equal(at, end);
    }),
    { numRuns: 1000 },
  );
});
