/**
 * The embedded engine: one SQLite file (node:sqlite), one row per block, and a catalogue of all blocks in memory. This
 * thread writes, readers answer queries. Everything is acknowledged after it is on disk.
 */

import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers';
import type { Batch } from '../../telemetry/batch.ts';
import type { Clock } from '../../telemetry/clock.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { Store } from '../store.ts';
import type { BudgetDeps } from './budget.ts';
import { Catalog } from './catalog.ts';
import { listDocuments, putDocument } from './documents.ts';
import { openError, openFile } from './file.ts';
import { ReaderPool } from './reader-pool.ts';
import { localReaders } from './readers.ts';
import { fileBytes, Retention } from './retention.ts';
import { sealRun } from './sealed/seal-run.ts';
import { eventLoopBusy, Sealer, type SealerOptions } from './sealer.ts';
import { type SealBlocks, SealingThread } from './sealing-thread.ts';
import { queryNoSeries } from './series.ts';
import { describeStore } from './status.ts';
import { GroupWriter, type Schedule } from './writer.ts';

export interface EmbeddedStoreOptions {
  /** The file; `-wal`, `-shm`, `-lock` and `-reserve` stand beside it. Its folder must exist. */
  path: string;
  /** Age since arrival above which `evict` deletes. */
  retentionMs: number;
  /** Size above which `evict` deletes the oldest. */
  maxBytes: number;
  /** How long an append waits for others to share its commit; 3 by default. */
  groupMs?: number;
  /** Decoded blocks and filters in the memory of each reader; 64 MiB by default. */
  cacheBytes?: number;
  /** Workers that answer queries, started when they are needed; with 0, the default, they are answered in slices in this thread. */
  readers?: number;
  /** Seals blocks in the background, in a thread of its own; without, the default, only `seal` does, in this thread. */
  seal?: SealSettings;
  /** Size of the file at which appends are refused with `store-full`, like on a full disk; none by default. */
  hardLimitBytes?: number;
}

type SealSettings = Pick<SealerOptions, 'afterMs' | 'maxWaiting'>;

/** The embedded engine can do a little more than every store. */
export interface EmbeddedStore extends Store {
  /** Seals all blocks that wait for it; gives the number of their records. */
  seal(): Promise<number>;
}

/** The clock, and what of the machine tests replace. */
export interface EmbeddedStoreDeps extends Partial<BudgetDeps> {
  clock: Clock;
  schedule?: Schedule;
  /** One line for the operator; nothing is said by default. */
  warn?(message: string, fields?: Record<string, unknown>): void;
  /** Share of the time that this thread was at work since it was asked last. */
  busy?(): number;
}

/** The machine's own. */
const systemDeps = {
  monotonicMs: () => performance.now(),
  breathe: () => new Promise<void>((resolve) => setImmediate(resolve)),
  schedule: (callback: () => void, milliseconds: number) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  warn: () => {},
};

const GROUP_RECORDS = 4096;
const GROUP_BYTES = 8 * 1024 * 1024;
/** Rows of `removed_blocks`: some ten bytes each. */
const REMOVALS_KEPT = 20_000;
const CACHE_BYTES = 64 * 1024 * 1024;

/**
 * Opens the store at `options.path`, making the file when there is none. Throws `store-damaged` for a file that is
 * damaged, newer or not ours, and leaves it as it is; `store-failed` when another process has it open.
 */
export async function openEmbeddedStore(
  options: EmbeddedStoreOptions,
  deps: EmbeddedStoreDeps,
): Promise<EmbeddedStore> {
  const db = openFile(options.path);
  try {
    if (options.hardLimitBytes !== undefined) limitPages(db, options.hardLimitBytes);
    const catalog = Catalog.load(db);
    forgetRemovals(db, 0);
    return storeOver(db, catalog, options, { ...systemDeps, busy: eventLoopBusy(), ...deps });
  } catch (cause) {
    db.close();
    throw openError(options.path, cause);
  }
}

function storeOver(
  db: DatabaseSync,
  catalog: Catalog,
  options: EmbeddedStoreOptions,
  deps: Required<EmbeddedStoreDeps>,
): EmbeddedStore {
  const { path, groupMs = 3, cacheBytes = CACHE_BYTES } = options;
  const group = { groupMs, groupRecords: GROUP_RECORDS, groupBytes: GROUP_BYTES };
  const writer = new GroupWriter(db, catalog, group, deps);
  const readers =
    options.readers === undefined || options.readers === 0
      ? localReaders(path, cacheBytes, deps)
      : new ReaderPool({ path, cacheBytes, workers: options.readers });
  const retention = new Retention(db, catalog, { ...options, ...deps });
  const sealing = startSealing(db, catalog, options, deps);
  /** Every method as one that rejects when the store is closed. */
  const whileOpen =
    <A extends unknown[], R>(method: (...args: A) => R | Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (!db.isOpen) throw new CollectorError('store-failed', `The store ${path} is closed.`);
      return method(...args);
    };
  return {
    append: whileOpen((batches: readonly Batch[]) => writer.append(batches, deps.clock())),
    trace: whileOpen((query, options) => readers.ask('trace', query, options)),
    findTraces: whileOpen((query, options) => readers.ask('findTraces', query, options)),
    findLogs: whileOpen((query, options) => readers.ask('findLogs', query, options)),
    series: whileOpen((query, options) => {
      // The detector asks all the time: no thread is started to say that there is nothing.
      const isThere = catalog.holds('metrics', query);
      return isThere ? readers.ask('series', query, options) : queryNoSeries(deps, query, options);
    }),
    aggregate: whileOpen((query, options) => readers.ask('aggregate', query, options)),
    scanSpans: whileOpen((query, options) => readers.ask('scanSpans', query, options)),
    scanLogs: whileOpen((query, options) => readers.ask('scanLogs', query, options)),
    spanDensity: whileOpen((query, options) => readers.ask('spanDensity', query, options)),
    put: whileOpen(putDocument.bind(undefined, db)),
    list: whileOpen((kind, query = {}) => listDocuments(db, kind, query)),
    checkpoint: whileOpen((source: string) => readCheckpoint(db, source)),
    status: whileOpen(() => describeStore(db, catalog, fileBytes(path))),
    evict: whileOpen(async () => {
      const records = await retention.evict();
      if (db.isOpen) forgetRemovals(db, REMOVALS_KEPT);
      return records;
    }),
    seal: whileOpen(() => {
      writer.flush();
      return sealing.sealAll();
    }),
    close: async () => {
      if (!db.isOpen) return;
      writer.flush();
      await sealing.close();
      await Promise.all([retention.settled(), readers.close()]);
      if (db.isOpen) db.close();
    },
  };
}

/** How old a sealed block's oldest record is at the most, as a share of the retention, when its newest one arrives. */
const SPREAD_SHARE = 1 / 16;

function startSealing(
  db: DatabaseSync,
  catalog: Catalog,
  { path, retentionMs, seal }: EmbeddedStoreOptions,
  deps: Required<EmbeddedStoreDeps>,
): Pick<Sealer, 'sealAll' | 'close'> {
  const thread = seal && new SealingThread(path);
  const options = { afterMs: 0, maxWaiting: 0, ...seal, spreadMs: retentionMs * SPREAD_SHARE };
  const sealBlocks: SealBlocks = thread ? (metas) => thread.seal(metas) : async (metas) => sealRun(db, metas);
  const sealer = new Sealer(db, catalog, options, { ...deps, seal: sealBlocks });
  if (seal) sealer.start();
  return {
    sealAll: () => sealer.sealAll(),
    close: async () => {
      const closed = sealer.close();
      await thread?.close();
      await closed;
    },
  };
}

/** Forgets all but the newest removals: a reader that has not seen the others reads the whole catalogue anew. */
function forgetRemovals(db: DatabaseSync, keep: number): void {
  try {
    db.prepare('DELETE FROM removed_blocks WHERE seq <= (SELECT max(seq) FROM removed_blocks) - ?').run(keep);
  } catch {
    // A full disk: they are forgotten another time.
  }
}

function readCheckpoint(db: DatabaseSync, source: string): string | undefined {
  const row = db.prepare('SELECT position FROM checkpoints WHERE source = ?').get(source);
  return row?.['position'] as string | undefined;
}

function limitPages(db: DatabaseSync, bytes: number): void {
  const pageBytes = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
  db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytes / pageBytes))}`);
}
