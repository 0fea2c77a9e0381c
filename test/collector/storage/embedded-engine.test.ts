/** What the embedded engine promises beside the contract: groups, a full disk, room given back, good manners. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import {
  type EmbeddedStoreDeps,
  type EmbeddedStoreOptions,
  openEmbeddedStore,
} from '../../../collector/storage/embedded/store.ts';
import { NANOS_PER_SECOND } from '../../../collector/telemetry/clock.ts';
import type { CollectorError } from '../../../collector/telemetry/errors.ts';
import { id, logBatch, type PlainSpan, spanBatch } from '../../helpers/telemetry.ts';
import { refused } from './contract.ts';

const ALL = { fromUnixNano: 0n, toUnixNano: 2n ** 62n };
const TRACE = 'ab'.repeat(16);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'go-sre-engine-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (options: Partial<EmbeddedStoreOptions> = {}, deps: Partial<EmbeddedStoreDeps> = {}) =>
  openEmbeddedStore(
    { path: join(folder, 'store.db'), retentionMs: 1000, maxBytes: 1e9, groupMs: 0, ...options },
    { clock: () => 0n, ...deps },
  );

const span = (n: number, over: Partial<PlainSpan> = {}): PlainSpan => ({
  traceId: TRACE,
  spanId: n.toString(16).padStart(16, '0'),
  name: 'GET',
  service: 'shop',
  start: BigInt(n),
  duration: 1n,
  ...over,
});

/** A log record that compression makes no smaller. */
const bulky = (n: number, bytes: number) =>
  logBatch([
    {
      time: BigInt(n),
      severityNumber: 9,
      service: 'shop',
      body: Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('base64'),
    },
  ]);

/** A timer that the test fires. */
function manualTimer() {
  const pending = new Set<() => void>();
  return {
    pending,
    schedule: (callback: () => void) => {
      pending.add(callback);
      return () => void pending.delete(callback);
    },
    fire: () => {
      for (const callback of [...pending]) {
        pending.delete(callback);
        callback();
      }
    },
  };
}

it('appends share one transaction: one timer, nothing acknowledged or readable before it, all after it', async () => {
  const timer = manualTimer();
  const store = await open({}, { schedule: timer.schedule });
  let acknowledged = 0;
  const appends = [1, 2, 3].map((n) => store.append([spanBatch([span(n)])]).then(() => acknowledged++));
  await new Promise(setImmediate);
  assert.equal(timer.pending.size, 1);
  assert.equal(acknowledged, 0);
  assert.equal((await store.status()).signals.traces.records, 0);
  timer.fire();
  await Promise.all(appends);
  assert.equal((await store.status()).signals.traces.records, 3);
  await store.close();
});

it('a group that has enough records does not wait for the timer', async () => {
  const timer = manualTimer();
  const store = await open({}, { schedule: timer.schedule });
  await store.append([spanBatch(Array.from({ length: 4096 }, (_, n) => span(n + 1)))]);
  assert.equal(timer.pending.size, 0);
  await store.close();
});

it('what is waiting when the store is closed is stored', async () => {
  const timer = manualTimer();
  const store = await open({}, { schedule: timer.schedule });
  const append = store.append([spanBatch([span(1)])]);
  await new Promise(setImmediate);
  await store.close();
  await append;
  const again = await open();
  assert.equal((await again.status()).signals.traces.records, 1);
  await again.close();
});

it('a full file refuses a whole group, reads go on, and writing resumes once there is room', async () => {
  let now = 0n;
  const warnings: string[] = [];
  const timer = manualTimer();
  const store = await open(
    { hardLimitBytes: 400_000 },
    { clock: () => now, schedule: timer.schedule, warn: (message) => void warnings.push(message) },
  );
  const append = async (n: number, bytes: number) => {
    const done = store.append([bulky(n, bytes)]);
    await new Promise(setImmediate);
    return done;
  };
  let stored = 0;
  const fill = async (): Promise<CollectorError> => {
    for (;;) {
      const done = append(stored + 1, 20_000);
      await new Promise(setImmediate);
      timer.fire();
      try {
        await done;
        stored++;
      } catch (error) {
        return error as CollectorError;
      }
    }
  };
  const error = await fill();
  assert.ok(refused('store-full')(error));
  assert.ok(error.retryable && (error.retryAfterSeconds ?? 0) > 0);
  assert.ok(stored > 3, `${stored} fitted`);

  // One small and one large append in one group: neither is stored.
  const group = [append(1000, 10), append(1001, 60_000)];
  const outcomes = Promise.allSettled(group);
  await new Promise(setImmediate);
  timer.fire();
  assert.deepEqual(
    (await outcomes).map((one) => one.status),
    ['rejected', 'rejected'],
  );
  const found = await store.findLogs({ ...ALL, order: 'oldest' });
  assert.equal(found.matched, stored);

  now = 10n * NANOS_PER_SECOND;
  assert.equal(await store.evict(), stored);
  const done = append(2000, 20_000);
  await new Promise(setImmediate);
  timer.fire();
  await done;
  assert.equal((await store.findLogs({ ...ALL, order: 'oldest' })).matched, 1);
  assert.equal(warnings.length, 2, 'said once when it began and once when it was over');
  await store.close();
});

it('the file shrinks when its records have gone', async () => {
  let now = 0n;
  const store = await open({}, { clock: () => now });
  for (let n = 1; n <= 30; n++) await store.append([bulky(n, 30_000)]);
  const full = (await store.status()).bytes;
  now = 10n * NANOS_PER_SECOND;
  await store.evict();
  const empty = (await store.status()).bytes;
  assert.ok(full > 1_000_000 && empty < 150_000, `${full} bytes became ${empty}`);
  await store.close();
});

it('a long query lets others have their turn, and ends when its reader goes away amid it', async () => {
  let nowMs = 0;
  let breaths = 0;
  const reader = new AbortController();
  const store = await open(
    {},
    {
      monotonicMs: () => (nowMs += 3),
      breathe: async () => {
        if (++breaths === 5) reader.abort();
      },
    },
  );
  for (let n = 1; n <= 50; n++) await store.append([spanBatch([span(n)])]);
  const query = { filter: ALL, order: 'newest' } as const;
  await store.findTraces(query);
  assert.ok(breaths >= 5, `${breaths} breaths over 50 blocks`);
  breaths = 0;
  await assert.rejects(store.findTraces(query, { signal: reader.signal }), refused('cancelled'));
  nowMs = 0;
  await assert.rejects(store.findTraces(query, { timeoutMs: 60 }), refused('too-slow'));
  await store.close();
});

it('appends go on while a query is under way, and the query does not see them', async () => {
  let breathe: () => Promise<void> = async () => {};
  let nowMs = 0;
  const store = await open({}, { monotonicMs: () => (nowMs += 10), breathe: () => breathe() });
  await store.append(Array.from({ length: 10 }, (_, n) => spanBatch([span(n + 1)])));
  let appended = 0;
  breathe = () => store.append([spanBatch([span(100 + ++appended)])]);
  const found = await store.trace({ traceIds: [id(TRACE)], detail: 'index' });
  assert.ok(appended > 0);
  assert.equal(found.matched, 10);
  breathe = async () => {};
  assert.equal((await store.trace({ traceIds: [id(TRACE)], detail: 'index' })).matched, 10 + appended);
  await store.close();
});

it('answers are the same without any room for decoded blocks', async () => {
  const store = await open({ cacheBytes: 0 });
  await store.append([spanBatch([span(1, { attributes: { user: 'Anna' } })]), bulky(1, 10)]);
  const filter = { ...ALL, attributes: [{ key: 'user', value: 'Anna' }] };
  assert.equal((await store.findTraces({ filter, order: 'slowest' })).matched, 1);
  assert.equal((await store.findLogs({ ...ALL, order: 'oldest' })).count, 1);
  await store.close();
});

it('scrapes of the same series keep them once', async () => {
  const { sampleBatch } = await import('../../helpers/telemetry.ts');
  const series = Array.from({ length: 500 }, (_, n) => ({
    name: 'http_server_request_duration_seconds_bucket',
    labels: { le: String(n), job: 'shop' },
    kind: 'histogram' as const,
    temporality: 'cumulative' as const,
  }));
  const store = await open();
  const bytesAfter = async (scrapes: number) => {
    for (let n = 0; n < scrapes; n++) {
      await store.append([sampleBatch(series.map((one, i) => ({ series: one, time: BigInt(n), value: i })))]);
    }
    return (await store.status()).signals.metrics.bytes;
  };
  const bytes = await bytesAfter(20);
  assert.ok(bytes / (20 * 500) < 12, `${bytes / 10_000} bytes a sample`);
  const found = await store.series({
    ...ALL,
    matchers: [{ label: 'le', op: '=', value: '7' }],
    exemplars: false,
  });
  assert.equal(found.count, 20);
  await store.close();
});

it('a loud service of few large records that shares its blocks with a quiet one evicts only itself once they are sealed', async () => {
  const store = await open({ retentionMs: 1e9, maxBytes: 1_500_000 });
  const quiet = (n: number) =>
    logBatch([{ time: BigInt(n), severityNumber: 9, service: 'quiet', body: `request ${n}` }]);
  const loud = (n: number) =>
    logBatch([
      {
        ...{ time: BigInt(n), severityNumber: 9, service: 'loud' },
        body: Buffer.from(crypto.getRandomValues(new Uint8Array(40_000))).toString('base64'),
      },
    ]);
  for (let n = 0; n < 80; n++) {
    await store.append([...Array.from({ length: 10 }, (_, i) => quiet(n * 10 + i)), loud(n)]);
    if (n % 20 === 19) await store.seal();
  }
  const evicted = await store.evict();
  assert.deepEqual((await store.status()).evictions, [
    { signal: 'logs', reason: 'size', service: 'loud', records: evicted },
  ]);
  assert.ok(evicted >= 20, `${evicted} went`);
  assert.equal((await store.findLogs({ ...ALL, service: 'quiet', order: 'oldest' })).matched, 800);
  await store.close();
});

it('evictions are counted by name for a bounded number of services, and for all others together', async () => {
  let now = 0n;
  const store = await open({}, { clock: () => now });
  const of = (n: number) => logBatch([{ time: 1n, severityNumber: 9, service: `made-up-${n}`, body: 'x' }]);
  for (let round = 0; round < 2; round++) {
    await store.append(Array.from({ length: 150 }, (_, n) => of(n)));
    now += 10n * NANOS_PER_SECOND;
    assert.equal(await store.evict(), 150);
  }
  const { evictions } = await store.status();
  assert.equal(evictions.length, 101);
  assert.equal(evictions.find(({ service }) => service === '_other')?.records, 100);
  assert.ok(evictions.every(({ service, records }) => records === 2 || service === '_other'));
  await store.close();
});
