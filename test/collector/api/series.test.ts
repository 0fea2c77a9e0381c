import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seriesRows } from '../../../collector/api/series.ts';
import type { SeriesColumns } from '../../../collector/storage/store.ts';

const info = (name: string) => ({ name, labels: {}, kind: 'gauge' as const, temporality: 'none' as const });

function columns(series: string[], of: number[], value: (i: number) => number): SeriesColumns {
  return {
    series: series.map(info),
    seriesIndex: Uint32Array.from(of),
    timeUnixNano: BigInt64Array.from(of, (_, i) => BigInt(i)),
    value: Float64Array.from(of, (_, i) => value(i)),
    exemplars: {
      seriesIndex: Uint32Array.of(1),
      timeUnixNano: BigInt64Array.of(9n),
      value: Float64Array.of(0.5),
      traceId: new Uint8Array(16).fill(0xab),
      spanId: new Uint8Array(8).fill(0xcd),
    },
  };
}

test('samples and exemplars stand in the row of their series, and what is no number is null', () => {
  const rows = seriesRows(columns(['a', 'b', 'none'], [0, 0, 1], (i) => (i === 1 ? Number.NaN : i)));
  const exemplar = { timeUnixNano: '9', value: 0.5, traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) };
  assert.deepEqual(rows, [
    { name: 'a', labels: {}, timeUnixNano: ['0', '1'], value: [0, null], exemplars: [] },
    { name: 'b', labels: {}, timeUnixNano: ['2'], value: [2], exemplars: [exemplar] },
    { name: 'none', labels: {}, timeUnixNano: [], value: [], exemplars: [] },
  ]);
});

test('every sample is looked at once, however many series there are', () => {
  const of = Array.from({ length: 2_000 }, (_, i) => i);
  const made = columns(of.map(String), of, (i) => i);
  let reads = 0;
  const counted = new Proxy(made.seriesIndex, {
    get: (target, key) => {
      if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
      return Reflect.get(target, key, target);
    },
  });
  assert.equal(seriesRows({ ...made, seriesIndex: counted }).length, 2_000);
  assert.equal(reads, 2_000);
});
