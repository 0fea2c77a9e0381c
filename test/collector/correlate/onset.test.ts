import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstOutside } from '../../../collector/correlate/onset.ts';
import { changePoint } from '../../../collector/correlate/stats.ts';

const times = (value: number, count: number) => new Array<number>(count).fill(value);

test('a change in two steps is dated to the first, though ranks place it at the second', () => {
  const values = [...times(1, 40), ...times(500, 6), ...times(2000, 60)];
  values[42] = 2;
  const index = changePoint([...times(1, 6), ...values.slice(40)])!.index + 34;
  assert.ok(firstOutside(values, Math.max(index, 46), 4) === 40);
});

test('one slow value long before the change is not its beginning', () => {
  const values = [...times(1, 20), ...times(900, 20)];
  values[14] = 33;
  assert.equal(firstOutside(values, 20, 4), 20);
});

test('a change placed a little early moves to the first unusual value, and stays when there is none', () => {
  assert.equal(firstOutside([1, 1, 1, 1, 9, 9], 3, 4), 4);
  assert.equal(firstOutside([1, 1, 1, 1], 2, 4), 2);
});
