import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  benjaminiHochberg,
  changePoint,
  fisherExact,
  histogramQuantile,
  mannWhitney,
  median,
  quantile,
  riskDifference,
  robustZ,
  twoSidedNormal,
  wilson,
} from '../../../collector/correlate/stats.ts';

const close = (actual: number, expected: number, tolerance = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);

const small = fc.integer({ min: 0, max: 12 });
const table = fc
  .tuple(small, small, small, small)
  .map(([a, b, c, d]) => ({ hitsA: a, totalA: a + b, hitsB: c, totalB: c + d }));

function choose(n: number, k: number): bigint {
  let result = 1n;
  for (let i = 1n; i <= BigInt(k); i++) result = (result * (BigInt(n - k) + i)) / i;
  return result;
}

test('the two-sided normal tail equals its tabulated values, far tails included', () => {
  close(twoSidedNormal(0), 1);
  close(twoSidedNormal(1.959963984540054), 0.05, 1e-12);
  close(twoSidedNormal(-2.5758293035489), 0.01, 1e-12);
  close(twoSidedNormal(5) / 5.733031437583875e-7, 1, 1e-9);
  close(twoSidedNormal(10) / 1.52397060483211e-23, 1, 1e-9);
});

test('Fisher exact equals the published values of the convicted twins and the tasted tea', () => {
  close(fisherExact(2, 17, 10, 13), 0.0005367241, 1e-9);
  close(fisherExact(3, 4, 1, 4), 0.4857142857, 1e-9);
});

test('Fisher exact equals the sum over all tables with the same margins, counted in whole numbers', () => {
  fc.assert(
    fc.property(table, ({ hitsA, totalA, hitsB, totalB }) => {
      const hits = hitsA + hitsB;
      const ways = (k: number) => choose(totalA, k) * choose(totalB, hits - k);
      const low = Math.max(0, hits - totalB);
      const all = Array.from({ length: Math.min(totalA, hits) - low + 1 }, (_, i) => ways(low + i));
      const sum = (values: bigint[]) => Number(values.reduce((x, y) => x + y, 0n));
      const expected = sum(all.filter((w) => w <= ways(hitsA))) / sum(all);
      close(fisherExact(hitsA, totalA, hitsB, totalB), totalA === 0 || totalB === 0 ? 1 : expected, 1e-6);
    }),
  );
});

test('Fisher exact of very many observations stays finite and near the exact value', () => {
  const exact = fisherExact(5200, 50_000, 5000, 50_000);
  const approximate = fisherExact(5201, 50_001, 5000, 50_000);
  close(approximate / exact, 1, 0.06);
  assert.ok(fisherExact(90_000, 100_000, 10, 100_000) < 1e-9);
});

test("Wilson's interval equals the examples published by Newcombe", () => {
  for (const [hits, total, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    const interval = wilson(hits, total);
    close(interval.low, low, 5e-5);
    close(interval.high, high, 5e-5);
  }
});

test("the interval of a difference equals Newcombe's examples of his method 10", () => {
  for (const [a, na, b, nb, low, high] of [
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [10, 10, 0, 20, 0.6791, 1],
  ] as const) {
    const interval = riskDifference(a, na, b, nb);
    close(interval.difference, a / na - b / nb);
    close(interval.low, low, 5e-5);
    close(interval.high, high, 5e-5);
  }
});

test('an interval holds its share, lies in 0 to 1 and mirrors when hits and misses are swapped', () => {
  fc.assert(
    fc.property(small, small, (hits, misses) => {
      const [a, b] = [wilson(hits, hits + misses), wilson(misses, hits + misses)];
      const share = hits + misses === 0 ? 0.5 : hits / (hits + misses);
      assert.ok(a.low >= 0 && a.low <= share + 1e-12 && share <= a.high + 1e-12 && a.high <= 1);
      close(a.low, 1 - b.high, 1e-12);
    }),
  );
});

test('Mann-Whitney gives the p that SciPy documents for its example', () => {
  const result = mannWhitney([20, 11, 17, 12], [19, 22, 16, 29, 24]);
  close(result.p, 0.11134688653314041, 1e-12);
  close(result.auc, 17 / 20);
});

test('the area is the share of pairs in which b is larger, ties half, and swapping the sides mirrors it', () => {
  const values = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(values, values, (a, b) => {
      let larger = 0;
      for (const x of a) for (const y of b) larger += y > x ? 1 : y === x ? 0.5 : 0;
      const result = mannWhitney(a, b);
      close(result.auc, larger / (a.length * b.length), 1e-12);
      close(mannWhitney(b, a).auc, 1 - result.auc, 1e-12);
      close(mannWhitney(b, a).p, result.p, 1e-12);
      assert.ok(result.p >= 0 && result.p <= 1);
    }),
  );
});

test('of values that are all the same Mann-Whitney tells nothing', () => {
  assert.deepEqual(mannWhitney([3, 3, 3], [3, 3]), { auc: 0.5, p: 1 });
  assert.deepEqual(mannWhitney([], [1]), { auc: 0.5, p: 1 });
});

test('Benjamini-Hochberg rejects four of the fifteen hypotheses of its own paper at 5 %', () => {
  const p = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528,
    0.759, 1,
  ];
  const q = benjaminiHochberg(p);
  assert.equal(q.filter((value) => value <= 0.05).length, 4);
  close(q[3]!, (0.0095 * 15) / 4, 1e-12);
});

test('adjusted values never lie below p, keep its order, and reject what the step-up rule rejects', () => {
  const ps = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(ps, fc.constantFrom(0.01, 0.05, 0.2), (p, level) => {
      const q = benjaminiHochberg(p);
      const sorted = p.toSorted((a, b) => a - b);
      const k = sorted.findLastIndex((value, i) => value <= ((i + 1) / p.length) * level);
      p.forEach((value, i) => {
        assert.ok(q[i]! >= value - 1e-12 && q[i]! <= 1);
        if (Math.abs(q[i]! - level) > 1e-9) assert.equal(q[i]! <= level, k >= 0 && value <= sorted[k]!);
      });
    }),
  );
});

test('a quantile lies between its neighbours in order, and the median splits the values in half', () => {
  const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
      const sorted = list.toSorted((a, b) => a - b);
      const position = q * (list.length - 1);
      const value = quantile(list, q);
      assert.ok(value >= sorted[Math.floor(position)]! && value <= sorted[Math.ceil(position)]!);
      const middle = median(list);
      assert.ok(list.filter((x) => x < middle).length <= list.length / 2);
      assert.ok(list.filter((x) => x > middle).length <= list.length / 2);
    }),
  );
  assert.ok(Number.isNaN(median([])));
  assert.equal(quantile([1, 2, 3, 4], 0.25), 1.75);
});

test('a robust z does not move with an outlier and does not explode over a constant baseline', () => {
  const quiet = [10, 11, 9, 10, 12, 10, 9, 11];
  close(robustZ(20, [...quiet, 5000], 0), robustZ(20, quiet, 0), 2.5);
  assert.equal(robustZ(200, [100, 100, 100], 1), 10);
  assert.equal(robustZ(5, [0, 0, 0], 1), 5);
});

test('a histogram quantile interpolates inside its bucket as Prometheus does', () => {
  const bounds = [0.1, 0.2, 0.5, Number.POSITIVE_INFINITY];
  close(histogramQuantile(0.5, bounds, [10, 20, 30, 40]), 0.2, 1e-12);
  close(histogramQuantile(0.25, bounds, [20, 20, 30, 40]), 0.05, 1e-12);
  close(histogramQuantile(0.6, bounds, [10, 20, 30, 40]), 0.32, 1e-12);
  assert.equal(histogramQuantile(0.99, bounds, [10, 20, 30, 40]), 0.5);
  assert.ok(Number.isNaN(histogramQuantile(0.99, bounds, [0, 0, 0, 0])));
  assert.ok(Number.isNaN(histogramQuantile(0.99, [Number.POSITIVE_INFINITY], [3])));
});

test('a histogram quantile lies in the bucket that holds the true quantile', () => {
  const bounds = [1, 2, 5, 10, Number.POSITIVE_INFINITY];
  const values = fc.array(fc.double({ min: 0.01, max: 10, noNaN: true }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(values, fc.constantFrom(0.5, 0.9, 0.99), (list, q) => {
      const cumulative = bounds.map((bound) => list.filter((value) => value <= bound).length);
      const true_ = list.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * list.length) - 1)]!;
      const i = bounds.findIndex((bound) => true_ <= bound);
      const found = histogramQuantile(q, bounds, cumulative);
      assert.ok(found <= bounds[i]! + 1e-9 && found >= (i === 0 ? 0 : bounds[i - 1]!) - 1e-9);
    }),
  );
});

test('a step is found at its place, and a level sequence has none', () => {
  const length = fc.integer({ min: 3, max: 40 });
  fc.assert(
    fc.property(length, length, fc.integer({ min: 1, max: 100 }), (before, after, step) => {
      const values = [...Array(before).fill(7), ...Array(after).fill(7 + step)] as number[];
      assert.equal(changePoint(values)?.index, before);
    }),
  );
  assert.equal(changePoint([1, 1, 1, 1, 1]), undefined);
  assert.equal(changePoint([1, 2, 3]), undefined);
  assert.ok(changePoint([1, 1, 1, 1, 1, 1, 1, 1, 9, 9, 9, 9, 9, 9, 9, 9])!.p < 0.01);
});
