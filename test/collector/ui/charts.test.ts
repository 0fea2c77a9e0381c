import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FindingChart } from '../../../collector/api/types.ts';
import { formatValue, gridlines, sharedScale } from '../../../collector/ui/charts/scale.ts';
import { sparkShape } from '../../../collector/ui/charts/spark-path.ts';

function chart(scale: FindingChart['scale'], value: (number | null)[], threshold?: number): FindingChart {
  const base = { title: 'p99', unit: 'ms' as const, scale, at: value.map((_, i) => i), value };
  return threshold === undefined ? base : { ...base, threshold: { value: threshold, label: 'limit' } };
}

test('charts side by side share one scale: decades for durations, from 0 for the rest', () => {
  const log = sharedScale([chart('log', [142, 2310]), chart('log', [96, 0, null])]);
  assert.deepEqual(log, { log: true, min: 10, max: 10_000 });
  assert.deepEqual(gridlines(log), [10, 100, 1000, 10_000]);
  assert.deepEqual(sharedScale([chart('linear', [118, 283])]), { log: false, min: 0, max: 300 });
  assert.deepEqual(gridlines({ log: false, min: 0, max: 300 }), [0, 100, 200, 300]);
});

test('a threshold above all values stays in the picture', () => {
  assert.equal(sharedScale([chart('linear', [1, 2], 4.8)]).max, 5);
});

test('a chart of nothing still has an axis', () => {
  assert.deepEqual(sharedScale([chart('linear', [null])]), { log: false, min: 0, max: 1 });
  assert.ok(sharedScale([chart('log', [null, 0])]).max > 0);
  assert.equal(gridlines(sharedScale([chart('linear', [2])])).at(-1), 2);
});

test('values carry their unit', () => {
  assert.equal(formatValue('ms', 2310), '2.31 s');
  assert.equal(formatValue('share', 0.73), '73 %');
  assert.equal(formatValue('ratio', 2.4), '×2.4');
  assert.equal(formatValue('per-second', 283), '283/s');
});

test('a sparkline changes its tone at the onset and keeps gaps open', () => {
  const shape = sparkShape([0, 10, 20, 30, 40], [1, 1, null, 2, 2], 2, 25);
  assert.equal(shape.onset, 625);
  assert.equal(shape.before, 'M0 50L250 50');
  assert.equal(shape.after, 'M750 0L1000 0');
  assert.equal(sparkShape([0, 10], [1, 1], 2, 99).onset, undefined);
});

test('a small value does not fill the height of a sparkline', () => {
  assert.equal(sparkShape([0, 10], [1, 1], 100).before, 'M0 99L1000 99');
  assert.equal(sparkShape([0, 10], [0, 0], 0).before, 'M0 100L1000 100');
  assert.equal(sparkShape([], [], 1).before, '');
});

test('a single value between two gaps is drawn as a dash', () => {
  assert.equal(sparkShape([0, 10, 20], [null, 1, null], 1).before, 'M500 0h4');
});
