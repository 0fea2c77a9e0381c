import { hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { zstdCompressSync } from 'node:zlib';
import type { SeriesInfo } from '../../telemetry/model.ts';

type SeriesList = readonly SeriesInfo[];

/** Lists that begin with the same series, of which a sender has one for each kind of its requests. */
const MAX_ALIKE = 8;

/**
 * Rows of `series_sets`: a source tells the same series again and again, so that blocks name a set of them. A list that
 * was seen before is known by the object it is, or by those in it, and need not be written out to be compared.
 */
export class SeriesSets {
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #digests = new WeakMap<SeriesList, Buffer>();
  /** By their first series: the lists that were written out last. */
  readonly #alike = new WeakMap<SeriesInfo, SeriesList[]>();
  /** Ids are never given twice while readers run: they cache a set by its id. */
  #lastId: number;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('SELECT id FROM series_sets WHERE hash = ?');
    this.#add = db.prepare('INSERT INTO series_sets (id, hash, series) VALUES (?, ?, ?)');
    this.#lastId = Number(db.prepare('SELECT max(id) AS last FROM series_sets').get()?.['last'] ?? 0);
  }

  /** The set of these series, written if it is not stored; to be called within a transaction. */
  idOf(series: SeriesList): number {
    const digest = this.#digestOf(series);
    const known = this.#find.get(digest);
    if (known !== undefined) return Number(known['id']);
    this.#add.run(++this.#lastId, digest, zstdCompressSync(JSON.stringify(series)));
    return this.#lastId;
  }

  #digestOf(series: SeriesList): Buffer {
    const first = series[0];
    const alike = (first && this.#alike.get(first)) ?? [];
    const same = this.#digests.has(series) ? series : alike.find((list) => holdsTheSame(list, series));
    const known = same && this.#digests.get(same);
    if (known) return known;
    const digest = hash('sha256', JSON.stringify(series), 'buffer');
    this.#digests.set(series, digest);
    if (first) this.#alike.set(first, [series, ...alike.slice(0, MAX_ALIKE - 1)]);
    return digest;
  }
}

function holdsTheSame(a: SeriesList, b: SeriesList): boolean {
  return a.length === b.length && a.every((series, i) => series === b[i]);
}
