import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimit } from '../../../collector/processors/limit.ts';
import type { Processor } from '../../../collector/processors/processor.ts';
import type { Batch } from '../../../collector/telemetry/batch.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { logBatch, sampleBatch } from '../../helpers/telemetry.ts';

const SECOND = 1_000_000_000n;
const lines = (service: string, count: number) =>
  logBatch(Array.from({ length: count }, () => ({ time: 1n, severityNumber: 9, service, body: 'x' })));

/** What the limit says of a batch at a time: `passed`, or the seconds after which it may come again. */
function told(limit: Processor, batch: Batch, now = 0n): 'passed' | number | undefined {
  try {
    assert.equal(limit.process(batch, { clock: () => now }), batch);
    return 'passed';
  } catch (error) {
    assert.ok(error instanceof CollectorError);
    assert.equal(error.code, 'overloaded');
    return error.retryAfterSeconds;
  }
}

test('what exceeds ten seconds of the rate at once is refused whole, and passes when it was told to come', () => {
  const limit = createLimit({ recordsPerSecond: 10, bytesPerSecond: 1e9 });
  assert.equal(told(limit, lines('shop', 90)), 'passed');
  assert.equal(told(limit, lines('shop', 11)), 1);
  assert.equal(told(limit, lines('shop', 45)), 4);
  assert.equal(told(limit, lines('shop', 10)), 'passed');
  assert.equal(told(limit, lines('shop', 10), SECOND), 'passed');
  assert.equal(told(limit, lines('shop', 1), SECOND), 1);
});

test('one service that floods takes nothing from another', () => {
  const limit = createLimit({ recordsPerSecond: 1, bytesPerSecond: 1e9 });
  assert.equal(told(limit, lines('loud', 10)), 'passed');
  assert.equal(told(limit, lines('loud', 1)), 1);
  assert.equal(told(limit, lines('calm', 10)), 'passed');
});

test('a batch larger than the burst passes when the account is full, and is paid for afterwards', () => {
  const limit = createLimit({ recordsPerSecond: 1, bytesPerSecond: 1e9 });
  assert.equal(told(limit, lines('shop', 50)), 'passed');
  assert.equal(told(limit, lines('shop', 50)), 50);
  assert.equal(told(limit, lines('shop', 50), 49n * SECOND), 1);
  assert.equal(told(limit, lines('shop', 50), 50n * SECOND), 'passed');
});

test('a batch that was taken back is as if it had not come', () => {
  const limit = createLimit({ recordsPerSecond: 1, bytesPerSecond: 1e9 });
  const batch = lines('shop', 10);
  assert.equal(told(limit, batch), 'passed');
  limit.undo?.(batch, { clock: () => 0n });
  assert.equal(told(limit, batch), 'passed');
  assert.equal(told(limit, batch), 10);
});

test('samples count for the job they were scraped as', () => {
  const limit = createLimit({ recordsPerSecond: 1, bytesPerSecond: 1e9 });
  const of = (job: string) =>
    sampleBatch(
      Array.from({ length: 10 }, () => ({
        series: { name: 'up', labels: { job }, kind: 'gauge' as const, temporality: 'none' as const },
        time: 1n,
        value: 1,
      })),
    );
  assert.equal(told(limit, of('a')), 'passed');
  assert.equal(told(limit, of('a')), 10);
  assert.equal(told(limit, of('b')), 'passed');
});

test('bytes are limited beside records, and the seconds to wait are those of what is missing most', () => {
  const batch = lines('shop', 10);
  const bytes = batch.body.length;
  const limit = createLimit({ recordsPerSecond: 100, bytesPerSecond: bytes / 10 });
  assert.equal(told(limit, batch), 'passed');
  assert.equal(told(limit, batch), 10);
  assert.equal(told(limit, batch, 10n * SECOND), 'passed');
});

test('a service may have rates of its own, and keeps the others', () => {
  const services = { loud: { recordsPerSecond: 1 } };
  const limit = createLimit({ recordsPerSecond: 100, bytesPerSecond: 1e9, services });
  assert.equal(told(limit, lines('loud', 10)), 'passed');
  assert.equal(told(limit, lines('loud', 10)), 10);
  assert.equal(told(limit, lines('calm', 1000)), 'passed');
});

test('a batch of several services is charged to each for its part, and waits for the one that is over its rate', () => {
  const limit = createLimit({ recordsPerSecond: 1, bytesPerSecond: 1e9 });
  const mixed = logBatch(
    ['a', 'a', 'a', 'b', 'c', 'c'].map((service) => ({ time: 1n, severityNumber: 9, service, body: 'x' })),
  );
  assert.equal(told(limit, lines('a', 8)), 'passed');
  assert.equal(told(limit, mixed), 1);
  assert.equal(told(limit, lines('b', 10)), 'passed');
  assert.equal(told(limit, mixed), 1);
  assert.equal(told(limit, mixed, SECOND), 'passed');
  assert.equal(told(limit, lines('c', 8), SECOND), 'passed');
  assert.equal(told(limit, lines('c', 1), SECOND), 1);
});
