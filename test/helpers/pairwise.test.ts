import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allPairs, pairwise } from './pairwise.ts';

const anyParameters = fc
  .array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 7 })
  .map((sizes) =>
    Object.fromEntries(sizes.map((size, i) => [`p${i}`, Array.from({ length: size }, (_, value) => value)])),
  );

test('every pair of values of two parameters is in some combination', () => {
  fc.assert(
    fc.property(anyParameters, (parameters) => {
      const names = Object.keys(parameters);
      const covered = new Set(
        pairwise(parameters).flatMap((row) =>
          names.flatMap((a, i) =>
            names.slice(i + 1).map((b) =>
              JSON.stringify([
                [a, row[a]],
                [b, row[b]],
              ]),
            ),
          ),
        ),
      );
      assert.deepEqual(
        allPairs(parameters).filter((pair) => !covered.has(pair)),
        [],
      );
    }),
  );
});

test('the combinations are few, each has a value of every parameter, and they are the same each time', () => {
  const parameters = {
    router: ['a', 'b'],
    redis: [true, false],
    ci: [0, 1, 2, 3],
    module: [0, 1, 2],
    port: [1, 2],
  };
  const rows = pairwise(parameters);
  // Four by three values cannot be paired in fewer than twelve; all combinations are 96.
  assert.ok(rows.length >= 12 && rows.length <= 14, `${rows.length}`);
  for (const row of rows) assert.deepEqual(Object.keys(row), Object.keys(parameters));
  assert.deepEqual(pairwise(parameters), rows);
});
