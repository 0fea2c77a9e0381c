import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figureTargets, missesTarget, verdict } from '../../bench/targets.ts';

test('a value as large as its target meets it, the next one misses it', () => {
  const { binaryMB } = figureTargets['service-size'];
  assert.equal(verdict(binaryMB.most, binaryMB), 'met');
  assert.equal(verdict(binaryMB.most + 0.001, binaryMB), 'missed');
});

test('a value below the least that is wanted misses, and so does one that differs from the figure it should equal', () => {
  const { agreement } = figureTargets['gate-hadolint'];
  assert.equal(verdict(agreement.least, agreement), 'met');
  assert.equal(verdict(agreement.least - 0.001, agreement), 'missed');
  const { built } = figureTargets['dockerfile-real-modules'];
  assert.equal(verdict(12, built, { modules: 12 }), 'met');
  assert.equal(verdict(11, built, { modules: 12 }), 'missed');
});

test('a run does not fail by a miss that the bench explains', () => {
  const figures = { modules: 12, built: 11, ran: 12, rebuildCpuRatio: 0.05 };
  assert.ok(missesTarget('dockerfile-real-modules', figures));
  assert.ok(!missesTarget('dockerfile-real-modules', figures, ['built']));
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
