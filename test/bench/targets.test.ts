import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figureTargets, missesTarget, verdict } from '../../bench/targets.ts';

test('a value as large as its target meets it, the next one misses it', () => {
  const { binaryMB } = figureTargets['service-size'];
  assert.equal(verdict(binaryMB.most, binaryMB), 'met');
  assert.equal(verdict(binaryMB.most + 0.001, binaryMB), 'missed');
});

test('a run fails by a missed target', () => {
  assert.ok(missesTarget('service-size', { binaryMB: 13, imageMB: 13, ginBinaryMB: 13, redisBinaryMB: 13 }));
});

test('a run does not fail by a missed aim, a figure without a target, or one that could not be measured', () => {
  assert.ok(!missesTarget('create-to-first-trace', { warmSeconds: 99, coldSeconds: 999 }));
  assert.ok(
    !missesTarget('service-soak', { heapGrowthMB: 0, goroutineGrowth: -1, p99Ratio: 99, p999Ratio: 99 }),
  );
  assert.ok(
    !missesTarget('service-size', { binaryMB: 1, imageMB: null, ginBinaryMB: null, redisBinaryMB: null }),
  );
});
