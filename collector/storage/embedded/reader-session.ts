/** Answers queries from connections of its own, each from the state that the store had when it began. */
import type { DatabaseSync } from 'node:sqlite';
import { CollectorError } from '../../telemetry/errors.ts';
import type { QueryOptions, Store } from '../store.ts';
import { queryAggregate } from './aggregate.ts';
import type { BudgetDeps } from './budget.ts';
import { Catalog } from './catalog.ts';
import { messageOf, openForReading } from './file.ts';
import { queryFindLogs } from './find-logs.ts';
import { queryFindTraces } from './find-traces.ts';
import { BlockReader, ReaderCache } from './reader.ts';
import { queryScanLogs } from './scan-logs.ts';
import { queryScanSpans } from './scan-spans.ts';
import { querySeries } from './series.ts';
import { querySpanDensity } from './span-density.ts';
import { queryTrace } from './trace.ts';

/** Every query of the Store contract. */
const QUERIES = {
  trace: queryTrace,
  findTraces: queryFindTraces,
  findLogs: queryFindLogs,
  series: querySeries,
  aggregate: queryAggregate,
  scanSpans: queryScanSpans,
  scanLogs: queryScanLogs,
  spanDensity: querySpanDensity,
} as const;

export type QueryName = keyof typeof QUERIES;
export type QueryOf<N extends QueryName> = Parameters<Store[N]>[0];
export type AnswerOf<N extends QueryName> = Awaited<ReturnType<Store[N]>>;

/** Queries that read everything once, in order of time: what they decode is not worth keeping, and would push out what is. */
const SCANS: ReadonlySet<QueryName> = new Set(['scanSpans', 'scanLogs', 'spanDensity']);
/** Of scans the blocks of the last slices of time are kept, which the next slice reads on in. */
const SCAN_PART = 1 / 8;

/** One query under way at a time. */
interface Lane {
  db: DatabaseSync;
  reader: BlockReader;
  scanner: BlockReader;
  isBusy: boolean;
}

/**
 * As many queries at a time as there are lanes; they give way to one another between their slices, so that a short
 * one does not wait for the end of a long one. Connections are opened when they are needed.
 */
export class ReaderSession {
  readonly #path: string;
  readonly #deps: BudgetDeps;
  readonly #cache: ReaderCache;
  readonly #scanned: ReaderCache;
  readonly #lanes: Lane[] = [];
  #catalog = new Catalog();
  /** Up to which row of `removed_blocks` the catalogue is. */
  #removals = 0;

  constructor(path: string, cacheBytes: number, deps: BudgetDeps) {
    this.#path = path;
    this.#deps = deps;
    this.#cache = new ReaderCache(cacheBytes);
    this.#scanned = new ReaderCache(cacheBytes * SCAN_PART);
  }

  /** Throws what the query throws, errors of the catalogue. */
  async run<N extends QueryName>(name: N, query: QueryOf<N>, options: QueryOptions): Promise<AnswerOf<N>> {
    const lane = this.#freeLane();
    lane.isBusy = true;
    try {
      const catalog = this.#begin(lane.db);
      const ask = QUERIES[name] as (
        context: { catalog: Catalog; reader: BlockReader; deps: BudgetDeps },
        query: QueryOf<N>,
        options: QueryOptions,
      ) => Promise<AnswerOf<N>>;
      const reader = SCANS.has(name) ? lane.scanner : lane.reader;
      return await ask({ catalog, reader, deps: this.#deps }, query, options);
    } finally {
      if (lane.db.isOpen && lane.db.isTransaction) lane.db.exec('COMMIT');
      lane.isBusy = false;
    }
  }

  close(): void {
    for (const { db } of this.#lanes) db.close();
    this.#lanes.length = 0;
  }

  #freeLane(): Lane {
    const free = this.#lanes.find((lane) => !lane.isBusy);
    if (free !== undefined) return free;
    const db = openForReading(this.#path);
    const readers = { reader: new BlockReader(db, this.#cache), scanner: new BlockReader(db, this.#scanned) };
    const lane = { db, ...readers, isBusy: false };
    this.#lanes.push(lane);
    return lane;
  }

  /** Begins to read: from here on the connection sees the store as it is now, and the catalogue is of that state. */
  #begin(db: DatabaseSync): Catalog {
    try {
      db.exec('BEGIN');
      if (!this.#takeRemovals(db)) {
        this.#catalog = new Catalog();
        this.#cache.clear();
        this.#scanned.clear();
      }
      this.#catalog.addStored(db);
      return this.#catalog.snapshot();
    } catch (cause) {
      throw new CollectorError(
        'store-damaged',
        `The store ${this.#path} cannot be read: ${messageOf(cause)}. Restore a copy of the file.`,
        { cause },
      );
    }
  }

  /** False when removals that this catalogue has not seen are forgotten already. */
  #takeRemovals(db: DatabaseSync): boolean {
    const { first, last } = db
      .prepare(
        'SELECT (SELECT min(seq) FROM removed_blocks) AS first, (SELECT max(seq) FROM removed_blocks) AS last',
      )
      .get() as { first: number | null; last: number | null };
    const before = this.#removals;
    this.#removals = last ?? 0;
    if (last === null) return before === 0;
    if (last < before || (first !== null && first > before + 1)) return false;
    if (last === before) return true;
    const rows = db.prepare('SELECT block FROM removed_blocks WHERE seq > ?').all(before);
    this.#catalog.remove(new Set(rows.map((row) => Number(row['block']))));
    return true;
  }
}
