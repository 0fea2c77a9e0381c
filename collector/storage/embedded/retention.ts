/** Deletes what is too old or too much, counts it, and gives the room back to the disk. */
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { type Clock, NANOS_PER_MS } from '../../telemetry/clock.ts';
import type { Signal } from '../../telemetry/model.ts';
import type { StoreStatus } from '../store.ts';
import type { BlockMeta } from './block.ts';
import type { Catalog } from './catalog.ts';
import { trimDocuments } from './documents.ts';
import { planEviction, recordsByService, roomOf, type SharedBlock } from './fair-share.ts';
import { reserveOf, SQLITE, sqliteCode } from './file.ts';
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

/** Blocks and bytes deleted, and pages given back, before others have their turn. */
const BLOCKS_AT_ONCE = 64;
const BYTES_AT_ONCE = 8 * 1024 * 1024;
const PAGES_AT_ONCE = 256;
/** What is stored beside the blocks is only known once they are gone: so often it is looked whether it was enough. */
const ROUNDS = 4;
/** Above what the log holds between checkpoints (2 MiB) and one group of appends (4 MiB) together. */
const RESERVE_BYTES = 8 * 1024 * 1024;
/** Documents of a kind that are kept, whatever their age: incidents outlive the telemetry that they tell of. */
const MAX_DOCUMENTS = 10_000;
/** Services whose evictions are counted by name; names come from senders, who may make them up without end. */
const MAX_SERVICES = 100;
const OTHER_SERVICES = '_other';
/** Columns of sealed block n have ids from n * 4096 on. */
const COLUMNS_PER_BLOCK = 4096;

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
      records += await this.#delete('age', tooOld(this.#catalog, this.#options));
      for (let round = 0; round < ROUNDS && db.isOpen; round++) {
        const excess = usedBytes(db) - this.#options.maxBytes;
        if (excess <= 0) break;
        const blocks = this.#catalog.all().sort((a, b) => a.firstMember - b.firstMember);
        const capacity = blocks.reduce((sum, block) => sum + roomOf(block), 0) - excess;
        const due = await planEviction(blocks, capacity, this.#options.breathe);
        if (due.length === 0) break;
        records += await this.#delete('size', due);
      }
      if (!db.isOpen) return records;
      transaction(db, () => {
        trimDocuments(db, MAX_DOCUMENTS);
        dropUnusedSets(db, this.#catalog);
      });
      await shrink(db, this.#options.breathe);
      keepReserve(this.#options.path);
    } catch (cause) {
      throw writeError(cause);
    }
    return records;
  }

  /** Deletes the blocks that are still there, step by step; tells how many records went. */
  async #delete(reason: Reason, due: readonly SharedBlock[]): Promise<number> {
    let records = 0;
    for (const step of inSteps(due)) {
      if (!this.#db.isOpen) break;
      // Meanwhile some may have been sealed: what they held is in a block of another id, and its turn comes again.
      const there = this.#catalog.present(step.map(({ id }) => id));
      records += deleteBlocks(this.#db, this.#catalog, reason, there);
      await this.#options.breathe();
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

/** Blocks that arrived before the retention. */
function tooOld(catalog: Catalog, { clock, retentionMs }: RetentionOptions): BlockMeta[] {
  const oldest = clock() - BigInt(Math.round(retentionMs)) * NANOS_PER_MS;
  return catalog.all().filter((block) => block.arrivalUnixNano < oldest);
}

/** The blocks in portions that one transaction deletes without holding up the others. */
function* inSteps(blocks: readonly SharedBlock[]): Generator<SharedBlock[]> {
  let step: SharedBlock[] = [];
  let bytes = 0;
  for (const block of blocks) {
    step.push(block);
    bytes += block.bytes;
    if (step.length < BLOCKS_AT_ONCE && bytes < BYTES_AT_ONCE) continue;
    yield step;
    step = [];
    bytes = 0;
  }
  if (step.length > 0) yield step;
}

function deleteBlocks(
  db: DatabaseSync,
  catalog: Catalog,
  reason: Reason,
  blocks: readonly BlockMeta[],
): number {
  transaction(db, () => {
    const remove = db.prepare('DELETE FROM blocks WHERE id = ?');
    const removeColumns = db.prepare('DELETE FROM sealed_columns WHERE id >= ? AND id < ?');
    for (const { id, stage } of blocks) {
      remove.run(id);
      if (stage === 'sealed') removeColumns.run(id * COLUMNS_PER_BLOCK, (id + 1) * COLUMNS_PER_BLOCK);
    }
    countEvicted(db, reason, blocks);
  });
  catalog.remove(new Set(blocks.map((block) => block.id)));
  return blocks.reduce((sum, block) => sum + block.count, 0);
}

function countEvicted(db: DatabaseSync, reason: Reason, blocks: readonly BlockMeta[]): void {
  const counts = new Map<Signal, Map<string, number>>();
  for (const block of blocks) {
    const ofSignal = counts.get(block.signal) ?? new Map<string, number>();
    counts.set(block.signal, ofSignal);
    for (const [service, records] of recordsByService(block)) {
      ofSignal.set(service, (ofSignal.get(service) ?? 0) + records);
    }
  }
  const named = new Set(
    db
      .prepare('SELECT DISTINCT service FROM evictions')
      .all()
      .map((row) => row['service'] as string),
  );
  const count = db.prepare(
    'INSERT INTO evictions VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET records = records + excluded.records',
  );
  for (const [signal, ofSignal] of counts) {
    for (const [service, records] of ofSignal) {
      const name = named.has(service) || named.size < MAX_SERVICES ? service : OTHER_SERVICES;
      named.add(name);
      count.run(signal, reason, name, records);
    }
  }
}

/** Deletes the sets of series that no block names any more. */
function dropUnusedSets(db: DatabaseSync, catalog: Catalog): void {
  const used = new Set(catalog.all().map((block) => block.seriesSet));
  const remove = db.prepare('DELETE FROM series_sets WHERE id = ?');
  for (const row of db.prepare('SELECT id FROM series_sets').all()) {
    if (!used.has(Number(row['id']))) remove.run(row['id']!);
  }
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
