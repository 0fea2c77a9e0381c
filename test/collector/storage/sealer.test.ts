/** When blocks are sealed, and that nothing is lost or doubled whatever happens meanwhile. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { BlockMeta } from '../../../collector/storage/embedded/block.ts';
import { Catalog } from '../../../collector/storage/embedded/catalog.ts';
import { openFile, openForReading } from '../../../collector/storage/embedded/file.ts';
import { type SealedRun, sealRun } from '../../../collector/storage/embedded/sealed/seal-run.ts';
import { Sealer, type SealerDeps } from '../../../collector/storage/embedded/sealer.ts';
import { SealingThread } from '../../../collector/storage/embedded/sealing-thread.ts';
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import { GroupWriter } from '../../../collector/storage/embedded/writer.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { logBatch, spanBatch } from '../../helpers/telemetry.ts';

const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const SECOND = 1_000_000_000n;
const OPTIONS = { afterMs: 60_000, maxWaiting: 4000, spreadMs: 3_600_000 };

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(ROOT, 'go-sre-sealer-'));
  path = join(folder, 'store.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

const spans = (count: number, from = 0) =>
  spanBatch(
    Array.from({ length: count }, (_, n) => ({
      traceId: 'ab'.repeat(16),
      spanId: (from + n + 1).toString(16).padStart(16, '0'),
      name: 'GET',
      service: 'shop',
      start: BigInt(from + n),
      duration: 1n,
      // Of many values, so that a sealed block has several columns with rows of their own.
      attributes: { 'user.id': hash('sha1', `${from + n}`), 'cart.id': hash('sha1', `${n}`) },
    })),
  );

/** A file with its sealer, whose clock, timer and load the test moves. */
function started(over: Partial<SealerDeps> = {}, options = OPTIONS) {
  const db = openFile(path);
  const catalog = Catalog.load(db);
  const warnings: string[] = [];
  let looks: (() => void)[] = [];
  const state = { now: 0n, busy: 0, asked: 0 };
  const deps: SealerDeps = {
    clock: () => state.now,
    schedule: (callback) => {
      looks.push(callback);
      return () => {
        looks = looks.filter((one) => one !== callback);
      };
    },
    warn: (message) => warnings.push(message),
    seal: async (metas) => {
      state.asked++;
      return sealRun(db, metas);
    },
    busy: () => state.busy,
    ...over,
  };
  const writer = new GroupWriter(
    db,
    catalog,
    { groupMs: 0, groupRecords: 1, groupBytes: 1 },
    { schedule: () => () => {}, warn: () => {} },
  );
  const sealer = new Sealer(db, catalog, options, deps);
  sealer.start();
  /** Lets the sealer look, and finish what it begins. */
  const look = async () => {
    const due = looks;
    looks = [];
    for (const callback of due) callback();
    for (let n = 0; n < 20; n++) await Promise.resolve();
  };
  const append = (...batches: Parameters<GroupWriter['append']>[0]) => writer.append(batches, state.now);
  return { db, catalog, state, warnings, sealer, look, append, scheduled: () => looks.length };
}

const stages = (catalog: Catalog) => catalog.all().map(({ stage, count }) => `${stage} ${count}`);

describe('the sealer', () => {
  it('leaves few and young records as they came, and seals them when they have waited', async () => {
    const { db, catalog, state, sealer, look, append } = started();
    await append(spans(900));
    await append(spans(200, 900));
    await look();
    assert.deepEqual(stages(catalog), ['raw 900', 'raw 200']);
    state.now = 61n * SECOND;
    await look();
    assert.deepEqual(stages(catalog), ['sealed 1100']);
    await sealer.close();
    db.close();
  });

  it('does not seal what is too little to be worth a block, however long it waits', async () => {
    const { db, catalog, state, sealer, look, append } = started();
    await append(spans(100));
    state.now = 3000n * SECOND;
    await look();
    assert.deepEqual(stages(catalog), ['raw 100']);
    await sealer.close();
    db.close();
  });

  it('gives way to ingest, until more waits than may', async () => {
    const { db, catalog, state, sealer, look, append } = started();
    state.busy = 0.9;
    await append(spans(3000));
    state.now = 61n * SECOND;
    await look();
    assert.deepEqual(stages(catalog), ['raw 3000']);
    await append(spans(1001, 3000));
    await look();
    assert.deepEqual(stages(catalog), ['sealed 4001']);
    await sealer.close();
    db.close();
  });

  it('keeps records of other kinds, and those that arrived long after, apart', async () => {
    const { db, catalog, state, sealer, append } = started();
    await append(spans(10));
    await append(logBatch([{ time: 1n, severityNumber: 9, service: 'shop', body: 'request' }]));
    await append(spans(10, 10));
    state.now = 3601n * SECOND;
    await append(spans(10, 20));
    assert.equal(await sealer.sealAll(), 31);
    assert.deepEqual(stages(catalog).sort(), ['sealed 1', 'sealed 10', 'sealed 20']);
    await sealer.close();
    db.close();
  });

  it('seals one run at a time, and none after it was closed', async () => {
    let finish: (run: SealedRun) => void = () => {};
    let runs = 0;
    const { db, catalog, state, sealer, look, append, scheduled } = started({
      seal: () => {
        runs++;
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
    });
    await append(spans(2000));
    state.now = 61n * SECOND;
    await look();
    await look();
    assert.deepEqual([runs, scheduled()], [1, 0]);
    const closed = sealer.close();
    finish(sealRun(db, catalog.all()));
    await closed;
    assert.deepEqual(stages(catalog), ['raw 2000']);
    assert.equal(scheduled(), 0);
    db.close();
  });

  it('leaves the file as it is when one of the blocks was evicted meanwhile, and seals the others then', async () => {
    let evict: (() => void) | undefined;
    const { db, catalog, state, sealer, look, append } = started({
      seal: async (metas: readonly BlockMeta[]) => {
        const run = sealRun(db, metas);
        evict?.();
        evict = undefined;
        return run;
      },
    });
    await append(spans(1500));
    await append(spans(1200, 1500));
    evict = () => {
      db.exec('DELETE FROM blocks WHERE id = 1');
      catalog.remove(new Set([1]));
    };
    state.now = 61n * SECOND;
    await look();
    assert.deepEqual(stages(catalog), ['raw 1200']);
    await look();
    assert.deepEqual(stages(catalog), ['sealed 1200']);
    await sealer.close();
    db.close();
  });

  it('leaves a block that cannot be decoded as it is, says so once, and seals the others', async () => {
    const { db, catalog, state, sealer, look, append, warnings } = started();
    for (let n = 0; n < 3; n++) await append(spans(1000, n * 1000));
    db.exec('UPDATE blocks SET offsets = zeroblob(8) WHERE id = 2');
    state.now = 61n * SECOND;
    for (let n = 0; n < 3; n++) await look();
    assert.deepEqual(stages(catalog), ['sealed 2000', 'raw 1000']);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /Block 2 of the store cannot be decoded and stays unsealed/);
    await sealer.close();
    db.close();
  });

  it('says that it failed, and tries again', async () => {
    const { db, catalog, state, sealer, look, append, warnings } = started();
    await append(spans(2000));
    db.exec(`CREATE TRIGGER full BEFORE INSERT ON sealed_columns BEGIN SELECT RAISE(ABORT, 'no room'); END`);
    state.now = 61n * SECOND;
    await look();
    assert.equal(warnings.length, 1);
    assert.deepEqual(stages(catalog), ['raw 2000']);
    db.exec('DROP TRIGGER full');
    await look();
    assert.deepEqual(stages(catalog), ['sealed 2000']);
    await sealer.close();
    db.close();
  });
});

describe('sealing', () => {
  it('that fails amid its transaction loses and doubles nothing, in the file and in the catalogue', async () => {
    const { db, catalog, sealer, append } = started();
    await append(spans(500));
    await append(spans(500, 500));
    const rows = () => counted(db);
    const before = [rows(), stages(catalog), catalog.lastId];
    db.exec(`CREATE TRIGGER crash BEFORE INSERT ON sealed_columns WHEN (SELECT count(*) FROM sealed_columns) = 3
      BEGIN SELECT RAISE(ABORT, 'crash'); END`);
    await assert.rejects(sealer.sealAll(), (error: unknown) => error instanceof CollectorError);
    assert.deepEqual([rows(), stages(catalog), catalog.lastId], before);
    db.exec('DROP TRIGGER crash');
    assert.equal(await sealer.sealAll(), 1000);
    assert.deepEqual(stages(catalog), ['sealed 1000']);
    assert.equal(rows().records, 1000);
    await sealer.close();
    db.close();
  });

  it('runs in a thread of its own, which ends when it has nothing to do', async () => {
    const { db, catalog, sealer, append } = started();
    await append(spans(300));
    const thread = new SealingThread(path, 1);
    const run = await thread.seal(catalog.all());
    assert.deepEqual(
      [run.members, run.blocks.map(({ meta }) => meta.count), run.unreadable],
      [[1], [300], []],
    );
    assert.deepEqual(plain(run), plain(sealRun(db, catalog.all())));
    while (thread.isRunning) await new Promise((resolve) => setImmediate(resolve));
    const again = assert.rejects(thread.seal(catalog.all()), /could not be sealed: it was stopped/);
    await thread.close();
    await again;
    await sealer.close();
    db.close();
  });

  it('goes on in the background of an open store, and its end does not wait for it', async () => {
    let now = 0n;
    const store = await openEmbeddedStore(
      { path, retentionMs: 1e9, maxBytes: 1e9, groupMs: 0, seal: { afterMs: 1000, maxWaiting: 1e6 } },
      { clock: () => now, busy: () => 0, schedule: soon },
    );
    await store.append([spans(1500)]);
    now = 2n * SECOND;
    const db = openForReading(path);
    while (counted(db).raw > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(counted(db).records, 1500);
    db.close();
    await store.append([spans(1500, 1500)]);
    now = 4n * SECOND;
    await store.close();
  });
});

/** A timer without its wait. */
function soon(callback: () => void): () => void {
  const handle = setImmediate(callback);
  return () => clearImmediate(handle);
}

function counted(db: DatabaseSync): { records: number; raw: number; columns: number } {
  return {
    ...db
      .prepare(
        'SELECT sum(count) AS records, sum(stage = 0) AS raw, (SELECT count(*) FROM sealed_columns) AS columns FROM blocks',
      )
      .get(),
  } as { records: number; raw: number; columns: number };
}

/** Buffers and typed arrays of one content are equal, whatever they came through. */
function plain(run: SealedRun): unknown {
  return run.blocks.map(({ meta, directory, columns }) => [
    { ...meta, bloom: [...meta.bloom] },
    Buffer.from(directory).toString('hex'),
    columns.map(({ number, bytes }) => [number, Buffer.from(bytes).toString('hex')]),
  ]);
}
