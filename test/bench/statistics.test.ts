import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { median, overheadRatio, spread } from '../../bench/statistics.ts';

test('the median is the middle, or the mean of the two in the middle, in whatever order the values come', () => {
  assert.equal(median([30, 1, 2]), 2);
  assert.equal(median([4, 1, 30, 2]), 3);
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const middle = median(values);
      const below = values.filter((value) => value < middle).length;
      const above = values.filter((value) => value > middle).length;
      assert.ok(below <= values.length / 2 && above <= values.length / 2);
    }),
  );
});

test('the median of no values is refused, and so is their spread', () => {
  assert.throws(() => median([]), RangeError);
  assert.throws(() => spread([]), RangeError);
});

test('the spread is least, median and most', () => {
  assert.deepEqual(spread([5, 1, 3]), { least: 1, median: 3, most: 5 });
});

test('overhead is what comes on top of the bare handler', () => {
  assert.equal(overheadRatio(300, 1100, 100), 0.2);
});

test('a peer that costs no more than the bare handler is a broken measurement', () => {
  assert.throws(() => overheadRatio(300, 100, 100), /costs no more than the bare handler/);
});
