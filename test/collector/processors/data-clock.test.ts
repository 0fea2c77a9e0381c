import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDataClock } from '../../../collector/processors/data-clock.ts';
import { logBatch, sampleBatch, spanBatch } from '../../helpers/telemetry.ts';

const line = (time: bigint) => logBatch([{ time, severityNumber: 9, service: 'shop', body: 'x' }]);

test('the clock tells the newest time of any signal, never goes back, and before the first record what it is told', () => {
  const { clock, observe } = createDataClock(() => 7n);
  assert.equal(clock(), 7n);
  observe(logBatch([]));
  assert.equal(clock(), 7n);
  observe(line(100n));
  assert.equal(clock(), 100n);
  observe(line(90n));
  assert.equal(clock(), 100n);
  const span = {
    traceId: 'ab'.repeat(16),
    spanId: 'cd'.repeat(8),
    name: 'GET',
    service: 'shop',
    duration: 5n,
  };
  observe(
    spanBatch([
      { ...span, start: 130n },
      { ...span, spanId: 'ce'.repeat(8), start: 120n },
    ]),
  );
  assert.equal(clock(), 130n);
  const series = { name: 'up', labels: {}, kind: 'gauge', temporality: 'none' } as const;
  observe(sampleBatch([{ series, time: 140n, value: 1 }], []));
  assert.equal(clock(), 140n);
});
