import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sealFigures } from '../../bench/seal.ts';

const round = (cpuUs: number) => ({ cpuUs, p99Ms: 1, recordsASecond: 1000 });

test('bytes are those that hold something, a span beside a span', () => {
  const turns = { ours: [round(5)], peer: [round(8)] };
  const ours = { records: 100, sealed: 100, usedBytes: 3000, fileBytes: 9000 };
  assert.deepEqual(sealFigures(turns, { ours, peer: { records: 200, fileBytes: 10_000 } }), {
    totalCpuRatio: 0.625,
    bytesRatio: 0.6,
  });
});
