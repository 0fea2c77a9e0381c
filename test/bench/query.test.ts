import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Measured, pairsOf, queryFigures } from '../../bench/query.ts';

const none: Measured = { trace: [], rare: [], common: [], quantiles: [], hot: [] };

it('a value is rare up to one in a hundred spans, and keys take turns', () => {
  const attributes = Array.from({ length: 200 }, (_, n) => ({
    scheme: 'https',
    user: `user-${n >> 1}`,
    ...(n < 2 ? { flag: 'on', port: 80 + n } : {}),
  }));
  const { rare, common } = pairsOf({ attributes });
  assert.deepEqual(common, [{ key: 'scheme', value: 'https' }]);
  assert.deepEqual(
    rare.slice(0, 5).map(({ key, value }) => `${key}=${value}`),
    ['user=user-0', 'flag=on', 'port=80', 'user=user-1', 'port=81'],
  );
  assert.equal(rare.length, 103);
});

it('figures are quantiles of the times, and null for what was not asked', () => {
  const million = { ...none, trace: [1, 2, 3], rare: [10, 20], hot: [100], quantiles: [7, 9, 8] };
  const figures = queryFigures(million, none);
  assert.equal(figures.traceP99Ms1M, 2.98);
  assert.equal(figures.attributeSealedP95Ms1M, 19.5);
  assert.equal(figures.attributeHotP95Ms1M, 100);
  assert.equal(figures.quantileByRouteMs1M, 8);
  assert.equal(figures.traceP99Ms10M, null);
});
