import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildTree, type Tree } from '../../../../collector/ui/trace/tree.ts';
import { anyForest } from './forest.ts';

/** Positions of the children of a span, in order. */
function childrenOf(tree: Tree, span: number): number[] {
  return [...tree.child.subarray(tree.childFrom[span], tree.childFrom[span + 1])];
}

test('siblings stand in order of start, each above what is below it', () => {
  const tree = buildTree([-1, 0, 0, 2, 0], [0, 30, 10, 12, 20]);
  assert.deepEqual([...tree.order], [0, 2, 3, 4, 1]);
  assert.deepEqual([...tree.depth], [0, 1, 1, 2, 1]);
  assert.deepEqual([...tree.size], [5, 1, 2, 1, 1]);
});

test('a span without a stored parent is a root beside the others', () => {
  const tree = buildTree([-1, 0, -1, 2, 99], [0, 1, 5, 6, 3]);
  assert.deepEqual([...tree.roots], [0, 4, 2]);
  assert.deepEqual([...tree.order], [0, 1, 4, 2, 3]);
});

test('a circle of parents is cut at its earliest span, and no span is lost', () => {
  const tree = buildTree([2, 0, 1, 1, 4], [5, 3, 4, 9, 1]);
  assert.deepEqual([...tree.cut], [0, 1, 0, 0, 1]);
  assert.deepEqual([...tree.roots], [4, 1]);
  assert.deepEqual([...tree.order], [4, 1, 2, 0, 3]);
});

test('an empty trace is an empty tree', () => {
  assert.equal(buildTree([], []).count, 0);
});

test('a chain of a hundred thousand spans is walked without recursion', () => {
  const count = 100_000;
  const parent = Array.from({ length: count }, (_, i) => i - 1);
  const tree = buildTree(parent, parent);
  assert.equal(tree.depth[count - 1], count - 1);
  assert.equal(tree.size[0], count);
});

test('whatever the parents are, every span stands once, under its parent, with its subtree behind it', () => {
  fc.assert(
    fc.property(anyForest, ({ parent, start }) => {
      const tree = buildTree(parent, start);
      assert.deepEqual(
        [...tree.order].sort((a, b) => a - b),
        [...parent.keys()],
      );
      for (const [i, span] of tree.order.entries()) {
        assert.equal(tree.place[span], i);
        const up = tree.parent[span]!;
        const kept = up === (parent[span]! < parent.length ? parent[span] : -1);
        assert.ok(kept || (up === -1 && tree.cut[span] === 1));
        const children = childrenOf(tree, span);
        assert.ok(children.every((c) => tree.parent[c] === span && tree.depth[c] === tree.depth[span]! + 1));
        assert.equal(tree.size[span], 1 + children.reduce((sum, c) => sum + tree.size[c]!, 0));
        const below = tree.order.subarray(i + 1, i + tree.size[span]!);
        assert.ok([...below].every((s) => tree.depth[s]! > tree.depth[span]!));
        assert.deepEqual(
          children,
          [...children].sort((a, b) => start[a]! - start[b]! || a - b),
        );
      }
    }),
    { numRuns: 500 },
  );
});
