import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimit } from '../../../collector/processors/limit.ts';
import { isDropped } from '../../../collector/processors/processor.ts';
import { logBatch, sampleBatch } from '../../helpers/telemetry.ts';

const SECOND = 1_000_000_000n;
const lines = (service: string, count: number) =>
  logBatch(Array.from({ length: count }, () => ({ time: 1n, severityNumber: 9, service, body: 'x' })));

test('what exceeds ten seconds of the rate at once is dropped whole and counted, and passes again later', () => {
  let now = 0n;
  const limit = createLimit({ recordsPerSecond: 10 });
  const pass = (count: number) => limit(lines('shop', count), { clock: () => now });
  assert.ok(!isDropped(pass(90)));
  assert.deepEqual(pass(11), { dropped: 'rate-limit', records: 11 });
  assert.ok(!isDropped(pass(10)));
  now += SECOND;
  assert.ok(!isDropped(pass(10)));
  assert.ok(isDropped(pass(1)));
});

test('one service that floods takes nothing from another', () => {
  const limit = createLimit({ recordsPerSecond: 1 });
  const clock = () => 0n;
  assert.ok(!isDropped(limit(lines('loud', 10), { clock })));
  assert.ok(isDropped(limit(lines('loud', 1), { clock })));
  assert.ok(!isDropped(limit(lines('calm', 10), { clock })));
});

test('a batch larger than the burst passes when nothing else was sent', () => {
  let now = 0n;
  const limit = createLimit({ recordsPerSecond: 1 });
  assert.ok(!isDropped(limit(lines('shop', 50), { clock: () => now })));
  assert.ok(isDropped(limit(lines('shop', 50), { clock: () => now })));
  now += 50n * SECOND;
  assert.ok(!isDropped(limit(lines('shop', 50), { clock: () => now })));
});

test('samples count for the job they were scraped as', () => {
  const limit = createLimit({ recordsPerSecond: 1 });
  const of = (job: string) =>
    sampleBatch(
      Array.from({ length: 10 }, () => ({
        series: { name: 'up', labels: { job }, kind: 'gauge' as const, temporality: 'none' as const },
        time: 1n,
        value: 1,
      })),
    );
  const clock = () => 0n;
  assert.ok(!isDropped(limit(of('a'), { clock })));
  assert.ok(isDropped(limit(of('a'), { clock })));
  assert.ok(!isDropped(limit(of('b'), { clock })));
});
