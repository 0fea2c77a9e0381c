import { hash } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { zstdCompressSync } from 'node:zlib';
import type { SeriesInfo } from '../../telemetry/model.ts';

/**
 * Rows of `series_sets`: a source tells the same series again and again, so that blocks name a set of them. Lists and
 * series that were seen before are known by the object they are, and need not be written out to be compared.
 */
export class SeriesSets {
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #digests = new WeakMap<readonly SeriesInfo[], Buffer>();
  readonly #texts = new WeakMap<SeriesInfo, string>();
  /** Ids are never given twice while readers run: they cache a set by its id. */
  #lastId: number;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('SELECT id FROM series_sets WHERE hash = ?');
    this.#add = db.prepare('INSERT INTO series_sets (id, hash, series) VALUES (?, ?, ?)');
    this.#lastId = Number(db.prepare('SELECT max(id) AS last FROM series_sets').get()?.['last'] ?? 0);
  }

  /** The set of these series, written if it is not stored; to be called within a transaction. */
  idOf(series: readonly SeriesInfo[]): number {
    let digest = this.#digests.get(series);
    let text: string | undefined;
    if (digest === undefined) {
      text = this.#textOf(series);
      digest = hash('sha256', text, 'buffer');
      this.#digests.set(series, digest);
    }
    const known = this.#find.get(digest);
    if (known !== undefined) return Number(known['id']);
    this.#add.run(++this.#lastId, digest, zstdCompressSync(text ?? this.#textOf(series)));
    return this.#lastId;
  }

  #textOf(series: readonly SeriesInfo[]): string {
    const texts = series.map((info) => {
      let text = this.#texts.get(info);
      if (text === undefined) {
        text = JSON.stringify(info);
        this.#texts.set(info, text);
      }
      return text;
    });
    return `[${texts.join(',')}]`;
  }
}
