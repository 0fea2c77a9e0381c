import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logFigures } from '../../bench/ingest-logs.ts';

const round = (cpuUs: number) => ({ cpuUs, p99Ms: Number.NaN, recordsASecond: 1000 });

test('a figure is the ratio of its case, and null where the case was left out', () => {
  const turns = { ours: [round(2), round(4)], peer: [round(8), round(8)] };
  assert.deepEqual(logFigures(new Map([['file', turns]])), { ratioOtlp: null, ratioFile: 0.375 });
});
