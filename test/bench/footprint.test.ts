import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tenths } from '../../bench/footprint.ts';

test('memory is told as the most in each tenth of the spans, and a tenth between two samples is left out', () => {
  const samples = [5, 10, 20, 35, 100].map((spans) => ({ spans, residentMB: 200 - spans }));
  assert.deepEqual(tenths(samples), [
    { spans: 10, residentMB: 195 },
    { spans: 20, residentMB: 180 },
    { spans: 40, residentMB: 165 },
    { spans: 100, residentMB: 100 },
  ]);
});
