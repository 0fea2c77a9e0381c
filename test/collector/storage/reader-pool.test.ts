/** What workers promise beside the contract: they come and go, and one that fails fails its own queries only. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { ReaderPool } from '../../../collector/storage/embedded/reader-pool.ts';
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import type { Store } from '../../../collector/storage/store.ts';
import type { CollectorError } from '../../../collector/telemetry/errors.ts';
import { id, spanBatch } from '../../helpers/telemetry.ts';
import { refused } from './contract.ts';

const ALL = { fromUnixNano: 0n, toUnixNano: 2n ** 62n };
const QUERY = { filter: { ...ALL, text: 'nowhere' }, order: 'newest' } as const;
const folder = mkdtempSync(join(tmpdir(), 'go-sre-pool-'));
const path = join(folder, 'store.db');
const options = { path, cacheBytes: 1e6, workers: 1 };
let store: Store;

const spanOf = (n: number) => ({
  traceId: 'ab'.repeat(16),
  spanId: n.toString(16).padStart(16, '0'),
  name: 'GET',
  service: 'shop',
  start: BigInt(n),
  duration: 1n,
  attributes: { user: `user-${n}` },
});

before(async () => {
  store = await openEmbeddedStore({ path, retentionMs: 1e9, maxBytes: 1e9, groupMs: 0 }, { clock: () => 1n });
  const spans = Array.from({ length: 8000 }, (_, n) => spanOf(n + 1));
  await store.append([spanBatch(spans)]);
});
after(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** A worker out of a line of JavaScript. */
const workerOf = (script: string) => new URL(`data:text/javascript,${encodeURIComponent(script)}`);

it('what is appended is in the next answer, though a worker reads the file for itself', async () => {
  const pool = new ReaderPool(options);
  const ask = async () =>
    (await pool.ask('trace', { traceIds: [id('ab'.repeat(16))], detail: 'index' })).matched;
  const first = await ask();
  await store.append([spanBatch([spanOf(first + 1)])]);
  assert.equal(await ask(), first + 1);
  await pool.close();
});

it('a query is cancelled amid its work, and one that waits for its turn is never begun', async () => {
  const pool = new ReaderPool(options);
  const readers = Array.from({ length: 6 }, () => new AbortController());
  const asked = readers.map(({ signal }) => pool.ask('findTraces', QUERY, { signal }));
  for (const reader of readers) reader.abort();
  for (const one of asked) await assert.rejects(one, refused('cancelled'));
  await pool.close();
});

it('more queries than may wait are refused, and told to come again', async () => {
  const pool = new ReaderPool(options);
  const asked = Array.from({ length: 100 }, () => pool.ask('findTraces', QUERY, { timeoutMs: 1 }));
  const outcomes = await Promise.allSettled(asked);
  const codes = outcomes.map((one) =>
    one.status === 'rejected' ? (one.reason as CollectorError).code : 'answered',
  );
  assert.equal(codes.filter((code) => code === 'overloaded').length, 100 - 64 - 2);
  assert.ok(codes.includes('too-slow'));
  await pool.close();
});

it('a worker that fails fails its queries with an error to try again after, and another takes its place', async () => {
  const failing = new ReaderPool({ ...options, file: workerOf('throw new Error("out of order")') });
  for (let n = 0; n < 2; n++) {
    await assert.rejects(failing.ask('findTraces', QUERY), (error) => {
      assert.match((error as Error).message, /out of order/);
      assert.ok((error as CollectorError).retryable);
      return refused('store-failed')(error);
    });
  }
  await failing.close();
});

it('a worker without a query ends after a while, and the next query starts one', async () => {
  const pool = new ReaderPool({ ...options, idleMs: 1 });
  const query = { traceIds: [id('cd'.repeat(16))], detail: 'index' } as const;
  assert.equal((await pool.ask('trace', query)).matched, 0);
  while (pool.running > 0) await new Promise(setImmediate);
  assert.equal((await pool.ask('trace', query)).matched, 0);
  await pool.close();
});

it('queries under way when the store is closed are told so', async () => {
  const pool = new ReaderPool(options);
  const asked = pool.ask('findTraces', QUERY);
  const refusal = assert.rejects(asked, refused('store-failed'));
  await new Promise(setImmediate);
  await pool.close();
  await refusal;
});
