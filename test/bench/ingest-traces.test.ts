import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ingestFigures, type Measured } from '../../bench/ingest-traces.ts';

const round = (cpuUs: number, p99Ms: number) => ({ cpuUs, p99Ms, recordsASecond: 1000 });

test('a figure is the ratio of its case, and null where the case was left out', () => {
  const measured: Measured = new Map([
    [
      '512',
      { ours: [round(2, 40), round(2, 60), round(3, 50)], peer: [round(8, 1), round(8, 1), round(9, 1)] },
    ],
    ['json', { ours: [round(6, 9)], peer: [round(12, 9)] }],
  ]);
  assert.deepEqual(ingestFigures(measured), {
    ratio512: 0.25,
    ratio512Gzip: null,
    ratio128: null,
    ratio32: null,
    ratio8: null,
    ratioJson: 0.5,
    ackP99Ms: 50,
  });
});
