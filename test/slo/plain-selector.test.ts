import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counterOf, plainSelector, selectorText, windowPlaceholder } from '../../slo/index.ts';

const range = `[${windowPlaceholder}]`;

test('a selector is read with its matchers, its strings unescaped, in brackets too', () => {
  assert.deepEqual(plainSelector(`(up{a="b\\"c",d=~'e|f',g!=\`h\\d\`,i!~"\\\\d\\x41\\u0042"})`), {
    metric: 'up',
    matchers: [
      { label: 'a', op: '=', value: 'b"c' },
      { label: 'd', op: '=~', value: 'e|f' },
      { label: 'g', op: '!=', value: 'h\\d' },
      { label: 'i', op: '!~', value: '\\dAB' },
    ],
  });
  assert.deepEqual(plainSelector('up'), { metric: 'up', matchers: [] });
  assert.deepEqual(plainSelector('{__name__="up",a=""}'), {
    metric: 'up',
    matchers: [{ label: 'a', op: '=', value: '' }],
  });
});

test('what a selector prints is read as the same selector', () => {
  const selector = { metric: 'x_total', matchers: [{ label: 'a', op: '=~' as const, value: 'b\\.c|"d"\n' }] };
  assert.deepEqual(plainSelector(selectorText(selector)), selector);
});

for (const text of [
  'up offset 5m',
  'up @ 5',
  'up + up',
  'sum(up)',
  '{a="b"}',
  'up{a=~"(?i)x"}',
  '{"x.y"}',
  'up{',
  '',
  '1',
]) {
  test(`it is no plain selector: ${text}`, () => assert.equal(plainSelector(text), undefined));
}

test('the counter of an expression is what it is the rate or the increase of', () => {
  const metric = (text: string, by: string[] = []) => counterOf({ text, per: 'second' }, by)?.metric;
  assert.equal(counterOf({ counter: 'x_total' }, [])?.metric, 'x_total');
  assert.equal(metric(`rate(x_total${range})`), 'x_total');
  assert.equal(metric(`sum((increase(x_total{a="b"}${range})))`), 'x_total');
  assert.equal(metric(`sum by (region, code) (rate(x_total${range}))`, ['region']), 'x_total');
  assert.equal(metric(`sum(rate(x_total${range})) without (pod)`, ['region']), 'x_total');
});

test('a sum that loses a label of the grouping is no counter, nor is any other expression', () => {
  const metric = (text: string, by: string[] = []) => counterOf({ text, per: 'second' }, by)?.metric;
  assert.equal(metric(`sum(rate(x_total${range}))`, ['region']), undefined);
  assert.equal(metric(`sum by (code) (rate(x_total${range}))`, ['region']), undefined);
  assert.equal(metric(`sum without (region) (rate(x_total${range}))`, ['region']), undefined);
  for (const text of [
    `max(rate(x${range}))`,
    `irate(x${range})`,
    `2 * rate(x${range})`,
    `rate(x${range} offset 1h)`,
    `rate((x + y)${range.replace(']', ':]')})`,
  ])
    assert.equal(metric(text), undefined, text);
});
