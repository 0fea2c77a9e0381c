import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Growing } from '../../../../collector/correlate/ranking/growing.ts';
import { Sums } from '../../../../collector/correlate/ranking/sums.ts';

const keys = fc.oneof(fc.nat(50), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
const pairs = fc.array(fc.tuple(keys, fc.integer({ min: -5, max: 5 })), { maxLength: 3000 });

test('sums are those of a map, also when they are used again', () => {
  const sums = new Sums();
  fc.assert(
    fc.property(pairs, (added) => {
      sums.clear();
      const naive = new Map<number, number>();
      for (const [key, value] of added) {
        assert.equal(sums.add(key, value), naive.get(key) ?? 0);
        naive.set(key, (naive.get(key) ?? 0) + value);
      }
      for (const [key, value] of naive) assert.equal(sums.get(key), value);
      assert.equal(sums.get(2 ** 52 + 1), naive.get(2 ** 52 + 1) ?? 0);
    }),
    { numRuns: 50 },
  );
});

test('a column that grows holds what was pushed', () => {
  const column = new Growing((n) => new Float64Array(n));
  const values = Array.from({ length: 5000 }, (_, i) => i / 3);
  for (const value of values) column.push(value);
  assert.deepEqual(Array.from(column.view()), values);
  column.clear();
  column.push(7);
  assert.deepEqual(Array.from(column.view()), [7]);
});
