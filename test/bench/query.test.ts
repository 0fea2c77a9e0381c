import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Measured, pairsOf, queryFigures } from '../../bench/query.ts';

const none: Measured = { trace: [], rare: [], common: [], quantiles: [], hot: [] };

it('a value that is met once is rare, and keys take turns', () => {
  const attributes = [
    { scheme: 'https', user: 'user-1', port: 80 },
    { scheme: 'https', user: 'user-2', flag: true },
  ];
  const told = (pairs: { key: string; value: string }[]) => pairs.map(({ key, value }) => `${key}=${value}`);
  const { rare, common } = pairsOf({ attributes });
  assert.deepEqual(told(common), ['scheme=https']);
  assert.deepEqual(told(rare), ['user=user-1', 'port=80', 'flag=true', 'user=user-2']);
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
