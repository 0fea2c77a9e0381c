import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readMatrix } from '../../slo/index.ts';

const answer = (...result: object[]) => ({ status: 'success', data: { resultType: 'matrix', result } });
const up = { __name__: 'up', job: 'shop' };

test('answers are joined: series of the same labels become one, in the order of time, each moment once', () => {
  const read = readMatrix([
    answer({
      metric: up,
      values: [
        [60, '3'],
        [90, '4'],
      ],
    }),
    answer(
      {
        metric: { job: 'shop', __name__: 'up' },
        values: [
          [0, '1'],
          [30, '2'],
          [60, '9'],
        ],
      },
      { metric: { __name__: 'down' }, values: [] },
    ),
  ]);
  assert.ok(read.ok);
  assert.deepEqual(read.series, [
    { labels: up, timesMs: [0, 30_000, 60_000, 90_000], values: [1, 2, 3, 4] },
    { labels: { __name__: 'down' }, timesMs: [], values: [] },
  ]);
});

test('a sample that is no number is left out', () => {
  const read = readMatrix(
    answer({
      metric: up,
      values: [
        [0.5, 'NaN'],
        [1.5, '+Inf'],
        [2.5, '1e3'],
      ],
    }),
  );
  assert.ok(read.ok);
  assert.deepEqual(read.series[0], { labels: up, timesMs: [2_500], values: [1_000] });
});

for (const [name, value, problem] of [
  ['a text', 'x', /^the answer is no object/],
  [
    'an error of Prometheus',
    { status: 'error', error: 'query timed out' },
    /^the answer is an error of Prometheus: query timed out/,
  ],
  [
    'an instant vector',
    { status: 'success', data: { resultType: 'vector', result: [] } },
    /is a vector, not a matrix; ask .*query_range/,
  ],
  ['the second of two', [answer(), {}], /^answer 2 of 2 has no data\.result/],
  ['a native histogram', answer({ metric: up, histograms: [] }), /native histograms cannot be replayed/],
  ['a sample that is no pair', answer({ metric: up, values: [['now', '1']] }), /no \[time, value\]/],
] as const) {
  test(`refused with what it is instead: ${name}`, () => {
    const read = readMatrix(value);
    assert.ok(!read.ok);
    assert.match(read.problem, problem);
  });
}

test('any value at all is answered, never thrown at', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => assert.equal(typeof readMatrix(value).ok, 'boolean')));
});
