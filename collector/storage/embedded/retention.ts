/** Deletes what is too old or too much, counts it, and gives the room back to the disk. */
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { type Clock, NANOS_PER_MS } from '../../telemetry/clock.ts';
import type { Signal } from '../../telemetry/model.ts';
import type { StoreStatus } from '../store.ts';
import type { BlockMeta } from './block.ts';
import type { Catalog } from './catalog.ts';
import { trimDocuments } from './documents.ts';
import { SQLITE, sqliteCode } from './file.ts';
import { transaction, writeError } from './writer.ts';

export interface RetentionOptions {
  path: string;
  /** Age since arrival. */
  retentionMs: number;
  /** Bytes of the file that hold something. */
  maxBytes: number;
  clock: Clock;
  /** Resolves after pending I/O had its turn. */
  breathe(): Promise<void>;
}

type Reason = StoreStatus['evictions'][number]['reason'];

/** Blocks deleted, and pages given back, before others have their turn. */
const BLOCKS_AT_ONCE = 64;
const PAGES_AT_ONCE = 256;
/** Above what the log holds between checkpoints (2 MiB) and one group of appends (4 MiB) together. */
const RESERVE_BYTES = 8 * 1024 * 1024;
/** Documents of a kind that are kept, whatever their age: incidents outlive the telemetry that they tell of. */
const MAX_DOCUMENTS = 10_000;
/** Beside the blobs: row, index and rest of the last page of every blob's chain. */
const ROW_BYTES = 4096;

/** Deletes what is due, one run at a time, and gives way to others between its steps. */
export class Retention {
  readonly #db: DatabaseSync;
  readonly #catalog: Catalog;
  readonly #options: RetentionOptions;
  #running: Promise<unknown> = Promise.resolve();

  constructor(db: DatabaseSync, catalog: Catalog, options: RetentionOptions) {
    this.#db = db;
    this.#catalog = catalog;
    this.#options = options;
  }

  /** Tells how many records went. */
  evict(): Promise<number> {
    const run = this.#running.then(() => this.#run());
    this.#running = run.catch(() => undefined);
    return run;
  }

  /** Resolves when no run is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<number> {
    const db = this.#db;
    if (!db.isOpen) return 0;
    let records = 0;
    try {
      this.#makeRoom();
      for (const { reason, blocks } of dueBlocks(db, this.#catalog, this.#options)) {
        for (let at = 0; at < blocks.length; at += BLOCKS_AT_ONCE) {
          records += deleteBlocks(db, this.#catalog, reason, blocks.slice(at, at + BLOCKS_AT_ONCE));
          await this.#options.breathe();
        }
      }
      transaction(db, () => {
        trimDocuments(db, MAX_DOCUMENTS);
        db.exec('DELETE FROM series_sets WHERE id NOT IN (SELECT series_set FROM blocks)');
      });
      await shrink(db, this.#options.breathe);
      keepReserve(this.#options.path);
    } catch (cause) {
      throw writeError(cause);
    }
    return records;
  }

  /** Empties the log, so that deleting finds room in it; on a full disk the reserve is given up for that. */
  #makeRoom(): void {
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch (error) {
      if (sqliteCode(error) !== SQLITE.full) throw error;
      rmSync(reserveOf(this.#options.path), { force: true });
      this.#db.exec('PRAGMA wal_checkpoint(RESTART)');
    }
  }
}

const reserveOf = (path: string) => `${path}-reserve`;

/** Keeps a file in hand that is deleted when the disk is full: deleting records needs some room first. */
function keepReserve(path: string): void {
  if (existsSync(reserveOf(path))) return;
  try {
    writeFileSync(reserveOf(path), Buffer.alloc(RESERVE_BYTES, 1));
  } catch {
    // No room for it yet; the next run tries again.
    rmSync(reserveOf(path), { force: true });
  }
}

/** Bytes of the file and its log on disk. */
export function fileBytes(path: string): number {
  const wal = statSync(`${path}-wal`, { throwIfNoEntry: false });
  return statSync(path).size + (wal?.size ?? 0);
}

function dueBlocks(
  db: DatabaseSync,
  catalog: Catalog,
  options: RetentionOptions,
): { reason: Reason; blocks: BlockMeta[] }[] {
  const oldest = options.clock() - BigInt(Math.round(options.retentionMs)) * NANOS_PER_MS;
  const byAge: BlockMeta[] = [];
  const bySize: BlockMeta[] = [];
  let bytes = usedBytes(db);
  const kept: BlockMeta[] = [];
  for (const block of catalog.all()) {
    if (block.arrivalUnixNano >= oldest) kept.push(block);
    else {
      byAge.push(block);
      bytes -= block.bytes;
    }
  }
  for (const block of kept) {
    if (bytes <= options.maxBytes) break;
    bySize.push(block);
    bytes -= block.bytes + ROW_BYTES;
  }
  return [
    { reason: 'age', blocks: byAge },
    { reason: 'size', blocks: bySize },
  ];
}

function deleteBlocks(
  db: DatabaseSync,
  catalog: Catalog,
  reason: Reason,
  blocks: readonly BlockMeta[],
): number {
  const bySignal = new Map<Signal, number>();
  for (const { signal, count } of blocks) bySignal.set(signal, (bySignal.get(signal) ?? 0) + count);
  transaction(db, () => {
    const remove = db.prepare('DELETE FROM blocks WHERE id = ?');
    for (const { id } of blocks) remove.run(id);
    const count = db.prepare(
      'INSERT INTO evictions VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET records = records + excluded.records',
    );
    for (const [signal, records] of bySignal) count.run(signal, reason, records);
  });
  catalog.remove(new Set(blocks.map((block) => block.id)));
  return blocks.reduce((sum, block) => sum + block.count, 0);
}

/** Moves free pages to the end of the file and cuts them off. */
async function shrink(db: DatabaseSync, breathe: () => Promise<void>): Promise<void> {
  for (let free = pragma(db, 'freelist_count'); free > 0; ) {
    db.exec(`PRAGMA incremental_vacuum(${PAGES_AT_ONCE})`);
    await breathe();
    const left = pragma(db, 'freelist_count');
    if (left >= free) break;
    free = left;
  }
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

function usedBytes(db: DatabaseSync): number {
  return (pragma(db, 'page_count') - pragma(db, 'freelist_count')) * pragma(db, 'page_size');
}

function pragma(db: DatabaseSync, name: 'page_count' | 'freelist_count' | 'page_size'): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}
