import type { DatabaseSync } from 'node:sqlite';
import type { DocumentKind, StoredDocument, TimeRange } from '../store.ts';
import { transaction, writeError } from './writer.ts';

const DEFAULT_LIMIT = 1000;
const MIN_TIME = -(2n ** 63n);
const MAX_TIME = 2n ** 63n - 1n;

/** Keeps one document; the same kind and id again replaces it. */
export function putDocument(db: DatabaseSync, kind: DocumentKind, document: StoredDocument): void {
  try {
    transaction(db, () =>
      db
        .prepare(
          `INSERT INTO documents VALUES (?, ?, ?, ?) ON CONFLICT (kind, id)
           DO UPDATE SET time_unix_nano = excluded.time_unix_nano, bytes = excluded.bytes`,
        )
        .run(kind, document.id, document.timeUnixNano, document.bytes),
    );
  } catch (cause) {
    throw writeError(cause);
  }
}

/** Documents of a kind, newest first, ties by id. */
export function listDocuments(
  db: DatabaseSync,
  kind: DocumentKind,
  query: Partial<TimeRange> & { id?: string; limit?: number },
): StoredDocument[] {
  const rows = db.prepare(
    `SELECT id, time_unix_nano, bytes FROM documents
     WHERE kind = ? AND time_unix_nano >= ? AND (time_unix_nano < ? OR ?) AND (id = ? OR ?)
     ORDER BY time_unix_nano DESC, id LIMIT ?`,
  );
  rows.setReadBigInts(true);
  return rows
    .all(
      kind,
      query.fromUnixNano ?? MIN_TIME,
      query.toUnixNano ?? MAX_TIME,
      query.toUnixNano === undefined ? 1 : 0,
      query.id ?? '',
      query.id === undefined ? 1 : 0,
      query.limit ?? DEFAULT_LIMIT,
    )
    .map((row) => ({
      id: row['id'] as string,
      timeUnixNano: row['time_unix_nano'] as bigint,
      bytes: row['bytes'] as Uint8Array,
    }));
}

/** Deletes the oldest documents of every kind above `keep`; nobody reads thousands of incidents back. */
export function trimDocuments(db: DatabaseSync, keep: number): void {
  db.prepare(
    `DELETE FROM documents WHERE (kind, id) IN (SELECT kind, id FROM (SELECT kind, id, row_number() OVER
     (PARTITION BY kind ORDER BY time_unix_nano DESC, id) AS place FROM documents) WHERE place > ?)`,
  ).run(keep);
}
