import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Intake } from '../../collector/own/intake.ts';
import { createPipeline } from '../../collector/pipeline.ts';
import { createLimit } from '../../collector/processors/limit.ts';
import type { Processor } from '../../collector/processors/processor.ts';
import { type Batch, checkpointOnly } from '../../collector/telemetry/batch.ts';
import { CollectorError } from '../../collector/telemetry/errors.ts';

const clock = () => 60_000_000_000n;
const drop: Processor = {
  name: 'filter',
  process: (batch) => ({ dropped: 'too-many', records: batch.count }),
};
const pass: Processor = { name: 'pass', process: (batch) => batch };

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
  await createPipeline({ before: [pass], after: [] }, store, new Intake(clock), { clock })([batch]);
  assert.deepEqual(store.appended, [[batch]]);
});

test('a dropped batch is counted by its reason, and its checkpoint is stored all the same', async () => {
  const store = recorder();
  const intake = new Intake(clock);
  await createPipeline({ before: [drop], after: [] }, store, intake, { clock })([lines(7)]);
  assert.deepEqual(intake.signal('logs').dropped, [{ reason: 'too-many', records: 7 }]);
  assert.equal(store.appended[0]?.[0]?.count, 0);
  assert.deepEqual(store.appended[0]?.[0]?.checkpoint, { source: 'file', position: '9' });
});

test('what the store refuses reaches the receiver with its code', async () => {
  const full = new CollectorError('store-full', 'no room');
  const store = { append: () => Promise.reject(full) };
  const consume = createPipeline({ before: [], after: [] }, store, new Intake(clock), { clock });
  await assert.rejects(consume([lines(1)]), full);
});

test('a batch over the rate reaches its receiver as a refusal, and neither it nor its checkpoint is stored', async () => {
  let now = 0n;
  const store = recorder();
  const intake = new Intake(clock);
  const before = [createLimit({ recordsPerSecond: 10, bytesPerSecond: 1e9 })];
  const consume = createPipeline({ before, after: [] }, store, intake, { clock: () => now });
  await consume([lines(90)]);
  await assert.rejects(consume([lines(40)]), (error) => {
    assert.ok(error instanceof CollectorError);
    assert.deepEqual([error.code, error.retryable, error.retryAfterSeconds], ['overloaded', true, 3]);
    return true;
  });
  assert.equal(store.appended.length, 1);
  assert.deepEqual(intake.signal('logs').dropped, []);
  now = 3_000_000_000n;
  await consume([lines(40)]);
  assert.equal(store.appended[1]?.[0]?.count, 40);
});

test('when one of several batches is refused nothing of them is stored, counted, observed or charged', async () => {
  const store = recorder();
  const intake = new Intake(clock);
  const seen: number[] = [];
  const odd: Processor = {
    name: 'odd',
    process: (batch) => (batch.count === 7 ? { dropped: 'odd', records: 7 } : batch),
  };
  const consume = createPipeline(
    {
      before: [odd, createLimit({ recordsPerSecond: 10, bytesPerSecond: 1e9 })],
      after: [(batch) => seen.push(batch.count)],
    },
    store,
    intake,
    { clock },
  );
  for (let turn = 0; turn < 3; turn++) {
    await assert.rejects(consume([lines(7), lines(60), lines(60)]), { code: 'overloaded' });
  }
  assert.deepEqual([store.appended, seen, intake.counts()], [[], [], []]);
  await consume([lines(100)]);
  assert.deepEqual(seen, [100]);
});

test('a batch that the store could not write is charged and observed once, when it comes again', async () => {
  const seen: number[] = [];
  let full = true;
  const store = {
    append: async () => {
      if (full) throw new CollectorError('store-full', 'no room');
    },
  };
  const consume = createPipeline(
    {
      before: [createLimit({ recordsPerSecond: 10, bytesPerSecond: 1e9 })],
      after: [(batch) => seen.push(batch.count)],
    },
    store,
    new Intake(clock),
    { clock },
  );
  for (let turn = 0; turn < 3; turn++) await assert.rejects(consume([lines(100)]), { code: 'store-full' });
  assert.deepEqual(seen, []);
  full = false;
  await consume([lines(100)]);
  assert.deepEqual(seen, [100]);
});

test('observers are told of a batch as it came, even of one that a processor drops', async () => {
  const seen: number[] = [];
  const after = [(batch: Batch) => seen.push(batch.count)];
  await createPipeline({ before: [drop], after }, recorder(), new Intake(clock), { clock })([lines(7)]);
  assert.deepEqual(seen, [7]);
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

test('what the first processors make of a batch is all that others see, and a refusal behind them undoes nothing of it', async () => {
  const store = recorder();
  const seen: number[] = [];
  const mask: Processor = { name: 'mask', process: (batch) => ({ ...batch, count: batch.count - 1 }) };
  const stages = { first: [mask], before: [pass], after: [(batch: Batch) => seen.push(batch.count)] };
  await createPipeline(stages, store, new Intake(clock), { clock })([lines(3)]);
  assert.deepEqual([store.appended[0]?.[0]?.count, seen], [2, [2]]);
});

test('of a batch of which a part is dropped the rest is stored, and the part is counted', async () => {
  const store = recorder();
  const intake = new Intake(clock);
  const part: Processor = {
    name: 'part',
    process: (batch) => ({ dropped: 'too-large', records: 2, rest: { ...batch, count: batch.count - 2 } }),
  };
  await createPipeline({ before: [part, pass], after: [] }, store, intake, { clock })([lines(7)]);
  assert.deepEqual(intake.signal('logs').dropped, [{ reason: 'too-large', records: 2 }]);
  assert.equal(store.appended[0]?.[0]?.count, 5);
});
