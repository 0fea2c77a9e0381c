import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adjustedCount } from '../../../collector/telemetry/sampling.ts';

for (const [what, attributes, state, count] of [
  ['no threshold: the request stands for itself', {}, '', 1],
  ['threshold 0: everything was kept', {}, 'ot=th:0', 1],
  ['half rejected: two requests', {}, 'ot=th:8', 2],
  ['another vendor before it', {}, 'vendor=x,ot=rv:6e6d1a75832a2f;th:c', 4],
  ['a stated count wins over the threshold', { 'sampling.adjusted_count': 1 }, 'ot=th:c', 1],
  ['another key that ends in th is not the threshold', {}, 'ot=xth:c', 1],
  ['not hex', {}, 'ot=th:zz', 1],
] as const) {
  test(`adjusted count: ${what}`, () => {
    assert.equal(adjustedCount(attributes, state), count);
  });
}

test('one in twenty stands for twenty', () => {
  assert.ok(Math.abs(adjustedCount({}, 'ot=th:f3333333333333') - 20) < 1e-9);
});
