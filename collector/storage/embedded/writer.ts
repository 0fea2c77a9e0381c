import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Batch } from '../../telemetry/batch.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { type BlockMeta, checkShape, type EncodedBlock, encodeBlock, packServices } from './block.ts';
import type { Catalog } from './catalog.ts';
import { coalesce } from './coalesce.ts';
import { ColumnRoom } from './column-room.ts';
import { messageOf, SQLITE, sqliteCode } from './file.ts';
import { SeriesSets } from './series-sets.ts';

/** What one call of append brought. */
interface Waiting {
  batches: readonly Batch[];
  arrivalUnixNano: bigint;
  resolve(): void;
  reject(error: CollectorError): void;
}

/** How appends are grouped; a group is committed when any of the three is reached. */
export interface GroupOptions {
  groupMs: number;
  groupRecords: number;
  groupBytes: number;
}

/** Calls back after a while; gives the function that calls it off. */
export type Schedule = (callback: () => void, milliseconds: number) => () => void;

export interface WriterDeps {
  schedule: Schedule;
  /** One line for the operator. */
  warn(message: string, fields?: Record<string, unknown>): void;
}

/** A full disk is looked at again after this. */
const FULL_RETRY_SECONDS = 30;
const FAILED_RETRY_SECONDS = 5;

/**
 * Writes what several appends brought in one transaction, because a commit costs one wait for the disk whatever it
 * holds. An append is answered after the commit of its group: all of the group is durable, or none of it is stored.
 */
export class GroupWriter {
  readonly #db: DatabaseSync;
  readonly #catalog: Catalog;
  readonly #options: GroupOptions;
  readonly #deps: WriterDeps;
  readonly #statements: Record<'block' | 'checkpoint', StatementSync>;
  readonly #sets: SeriesSets;
  readonly #room = new ColumnRoom();
  #waiting: Waiting[] = [];
  #records = 0;
  #bytes = 0;
  #callOff: (() => void) | undefined;
  /** Said once when writing begins to fail, and once when it works again. */
  #isFailing = false;

  constructor(db: DatabaseSync, catalog: Catalog, options: GroupOptions, deps: WriterDeps) {
    this.#db = db;
    this.#catalog = catalog;
    this.#options = options;
    this.#deps = deps;
    this.#sets = new SeriesSets(db);
    this.#statements = {
      block: db.prepare(
        'INSERT INTO blocks VALUES (?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ),
      checkpoint: db.prepare(
        'INSERT INTO checkpoints VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET position = excluded.position',
      ),
    };
  }

  /**
   * Resolves when the batches and their checkpoints are durable. Throws `bad-data` or `too-large` for a batch that is
   * malformed, and takes nothing then.
   */
  append(batches: readonly Batch[], arrivalUnixNano: bigint): Promise<void> {
    for (const batch of batches) checkShape(batch);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batches, arrivalUnixNano, resolve, reject });
      for (const batch of batches) {
        this.#records += batch.count;
        this.#bytes += batch.body.length;
      }
      if (this.#records >= this.#options.groupRecords || this.#bytes >= this.#options.groupBytes)
        this.flush();
      else this.#callOff ??= this.#deps.schedule(() => this.flush(), this.#options.groupMs);
    });
  }

  /** Commits what is waiting. */
  flush(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    const group = this.#waiting;
    if (group.length === 0) return;
    this.#waiting = [];
    this.#records = 0;
    this.#bytes = 0;
    try {
      this.#commit(group);
    } catch (cause) {
      const error = writeError(cause);
      if (!this.#isFailing) this.#deps.warn(error.message, { code: error.code });
      this.#isFailing = true;
      for (const { reject } of group) reject(error);
      return;
    }
    if (this.#isFailing) this.#deps.warn('The store writes again.');
    this.#isFailing = false;
    for (const { resolve } of group) resolve();
  }

  #commit(group: readonly Waiting[]): void {
    const batches = group.flatMap((waiting) => waiting.batches);
    const arrival = group.at(-1)!.arrivalUnixNano;
    const present = batches.filter((batch) => batch.count > 0);
    const added = transaction(this.#db, () => {
      let id = this.#catalog.lastId;
      const metas: BlockMeta[] = [];
      // One after the other: what a block is made of is overwritten by the next one.
      for (const batch of coalesce(present, this.#room)) {
        metas.push(this.#insert(encodeBlock(batch, arrival, this.#room), ++id));
      }
      for (const { checkpoint } of batches) {
        if (checkpoint) this.#statements.checkpoint.run(checkpoint.source, checkpoint.position);
      }
      return metas;
    });
    for (const meta of added) this.#catalog.add(meta);
  }

  #insert(block: EncodedBlock, id: number): BlockMeta {
    const seriesSet = block.series === undefined ? 0 : this.#sets.idOf(block.series);
    const meta: BlockMeta = { ...block.meta, id, stage: 'raw', firstMember: id, lastMember: id, seriesSet };
    this.#statements.block.run(
      id,
      id,
      id,
      meta.signal,
      meta.encoding,
      meta.compression,
      meta.count,
      meta.minUnixNano,
      meta.maxUnixNano,
      meta.arrivalUnixNano,
      meta.bytes,
      seriesSet,
      JSON.stringify(meta.services),
      packServices(meta),
      JSON.stringify(meta.resource),
      meta.bloom,
      block.columns,
      block.offsets,
      block.body,
    );
    return meta;
  }
}

/** Runs the changes as one transaction; when they throw nothing of them is stored. */
export function transaction<T>(db: DatabaseSync, changes: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = changes();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk has ended the transaction already.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** What SQLite says while writing, as an error of ours. */
export function writeError(cause: unknown): CollectorError {
  if (cause instanceof CollectorError) return cause;
  const code = sqliteCode(cause);
  if (code === SQLITE.full) {
    return new CollectorError(
      'store-full',
      'The store has no room to write: the disk or the allowed file size is full. Free space or lower the retention; reads go on and writing resumes by itself.',
      { cause, retryAfterSeconds: FULL_RETRY_SECONDS },
    );
  }
  if (code === SQLITE.corrupt || code === SQLITE.notADatabase) {
    return new CollectorError(
      'store-damaged',
      `The store cannot be written: ${messageOf(cause)}. Stop the collector, move the file away and start with an empty one.`,
      { cause },
    );
  }
  return new CollectorError(
    'store-failed',
    `The store could not write: ${messageOf(cause)}. Nothing was stored; look at the disk.`,
    { cause, retryAfterSeconds: FAILED_RETRY_SECONDS },
  );
}
