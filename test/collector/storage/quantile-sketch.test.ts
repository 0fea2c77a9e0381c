import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { QuantileSketch } from '../../../collector/storage/embedded/quantile-sketch.ts';

const sketchOf = (values: Iterable<number>) => {
  const sketch = new QuantileSketch();
  for (const value of values) sketch.add(value);
  return sketch;
};

it('quantiles of few values are exact', () => {
  const sketch = sketchOf([4, 1, 3, 2]);
  assert.deepEqual(
    [0, 0.5, 1].map((q) => sketch.quantile(q)),
    [1, 2.5, 4],
  );
  assert.ok(Number.isNaN(new QuantileSketch().quantile(0.5)));
});

it('quantiles of many values are within 0.25 % of the true ones', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
      let state = seed;
      const values = Array.from({ length: 100_000 }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.exp((state / 2 ** 32) * 20 - 8);
      });
      const sketch = sketchOf(values);
      const sorted = values.toSorted((a, b) => a - b);
      for (const q of [0.01, 0.5, 0.9, 0.99, 0.999]) {
        const truth = sorted[Math.floor(q * (sorted.length - 1))]!;
        assert.ok(
          Math.abs(sketch.quantile(q) / truth - 1) < 0.0026,
          `q ${q}: ${sketch.quantile(q)} for ${truth}`,
        );
      }
    }),
    { numRuns: 3 },
  );
});

it('zeros among many values stay zeros', () => {
  const sketch = sketchOf(Array.from({ length: 70_000 }, (_, n) => (n % 2 === 0 ? 0 : 5)));
  assert.equal(sketch.quantile(0.25), 0);
  assert.ok(Math.abs(sketch.quantile(0.75) - 5) < 0.02);
});
