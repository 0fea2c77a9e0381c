import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSelector } from '../../../collector/api/series.ts';

test('a name alone selects by name', () => {
  assert.deepEqual(parseSelector('up'), [{ label: '__name__', op: '=', value: 'up' }]);
});

test('all four operators, escapes and a last comma are read', () => {
  assert.deepEqual(parseSelector('x_total{a="1",b!="2\\"",c=~"3|4",d!~"5\\n",}'), [
    { label: '__name__', op: '=', value: 'x_total' },
    { label: 'a', op: '=', value: '1' },
    { label: 'b', op: '!=', value: '2"' },
    { label: 'c', op: '=~', value: '3|4' },
    { label: 'd', op: '!~', value: '5\n' },
  ]);
});

for (const selector of [
  '',
  '{}',
  'a b',
  'x{a=1}',
  'x{a="1"',
  'x{a="1" b="2"}',
  'x{a==“1”}',
  '1x',
  'x{="1"}',
]) {
  test(`refused: ${selector || 'nothing'}`, () => {
    assert.throws(() => parseSelector(selector), { code: 'bad-request' });
  });
}
