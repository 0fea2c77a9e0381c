import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Intake } from '../../collector/own/intake.ts';
import { createPipeline } from '../../collector/pipeline.ts';
import type { Processor } from '../../collector/processors/processor.ts';
import { type Batch, checkpointOnly } from '../../collector/telemetry/batch.ts';
import { CollectorError } from '../../collector/telemetry/errors.ts';

const clock = () => 60_000_000_000n;
const drop: Processor = (batch) => ({ dropped: 'too-many', records: batch.count });
const pass: Processor = (batch) => batch;

function lines(count: number): Batch {
  const batch = checkpointOnly({ source: 'file', position: '9' });
  assert.ok(batch);
  return { ...batch, count };
}

function recorder() {
  const appended: (readonly Batch[])[] = [];
  return { appended, append: async (batches: readonly Batch[]) => void appended.push(batches) };
}

test('a batch that every processor passes is appended as it came', async () => {
  const store = recorder();
  const batch = lines(3);
  await createPipeline([{ name: 'pass', process: pass }], store, new Intake(clock), { clock })([batch]);
  assert.deepEqual(store.appended, [[batch]]);
});

test('a dropped batch is counted by its reason, and its checkpoint is stored all the same', async () => {
  const store = recorder();
  const intake = new Intake(clock);
  await createPipeline([{ name: 'limit', process: drop }], store, intake, { clock })([lines(7)]);
  assert.deepEqual(intake.signal('logs').dropped, [{ reason: 'too-many', records: 7 }]);
  assert.equal(store.appended[0]?.[0]?.count, 0);
  assert.deepEqual(store.appended[0]?.[0]?.checkpoint, { source: 'file', position: '9' });
});

test('what the store refuses reaches the receiver with its code', async () => {
  const full = new CollectorError('store-full', 'no room');
  const consume = createPipeline([], { append: () => Promise.reject(full) }, new Intake(clock), { clock });
  await assert.rejects(consume([lines(1)]), full);
});

test('received is what came, kept is what was left after refusals and drops', () => {
  const intake = new Intake(clock);
  intake.accepted('otlp-http', 'logs', 10);
  intake.refused('otlp-http', 'logs', 4, 'store-full');
  intake.dropped('limit', 'logs', 3, 'rate');
  const { received, kept } = intake.signal('logs');
  assert.deepEqual({ received, kept }, { received: 14, kept: 7 });
});

test('the rate is of the last minute only', () => {
  let now = 100_000_000_000n;
  const intake = new Intake(() => now);
  intake.accepted('otlp-http', 'traces', 600);
  now += 30_000_000_000n;
  intake.accepted('otlp-http', 'traces', 600);
  now += 29_000_000_000n;
  assert.equal(Math.round(intake.signal('traces').perSecond * 59), 1200);
  now += 20_000_000_000n;
  assert.equal(intake.signal('traces').perSecond, 10);
});
