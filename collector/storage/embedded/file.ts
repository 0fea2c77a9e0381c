/** The file of the store: made, recognised, opened, or refused as it is. */
import { closeSync, existsSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CollectorError } from '../../telemetry/errors.ts';

/** 'GSRE' in the header's application id tells our files from other SQLite databases. */
const APPLICATION_ID = 0x47535245;
/** Raised with every change of tables or blobs that an older program cannot read. */
const SCHEMA_VERSION = 2;
/** https://www.sqlite.org/fileformat2.html#the_database_header: offsets in the first 100 bytes. */
const HEADER = {
  bytes: 100,
  magic: 'SQLite format 3\0',
  pageSize: 16,
  pageCount: 28,
  userVersion: 60,
  applicationId: 68,
};
/** Columns of sealed blocks are mostly smaller than this or much larger: with 8 KiB a tenth more room is lost between them. */
const PAGE_BYTES = 4096;
/** How long a connection waits for another of its process; the writer waits as long at the most for readers to leave the log. */
const BUSY_MS = 10;
/** The log is cut back to this after a checkpoint; it grows above it within one large transaction. */
const WAL_BYTES = 4 * 1024 * 1024;
/** Pages in the log at which it is written back to the file: 2 MiB. */
const WAL_PAGES = 512;

/**
 * `stage` 0: a raw block, as it was appended; 1: a sealed one, whose `columns` is the directory of its `sealed_columns`.
 * Plain columns before the blobs, so that reading the catalogue never follows a blob's chain of pages. `removed_blocks`
 * tells readers, who hold a catalogue of their own, what has gone since they looked; it is emptied when nobody reads.
 */
const BLOCKS = `
CREATE TABLE blocks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  stage INTEGER NOT NULL,
  first_member INTEGER NOT NULL,
  last_member INTEGER NOT NULL,
  signal TEXT NOT NULL,
  encoding TEXT NOT NULL,
  compression TEXT NOT NULL,
  count INTEGER NOT NULL,
  min_unix_nano INTEGER NOT NULL,
  max_unix_nano INTEGER NOT NULL,
  arrival_unix_nano INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  series_set INTEGER NOT NULL,
  services TEXT NOT NULL,
  service_records TEXT NOT NULL,
  resource TEXT NOT NULL,
  bloom BLOB NOT NULL,
  columns BLOB NOT NULL,
  offsets BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE TABLE sealed_columns (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE removed_blocks (seq INTEGER PRIMARY KEY, block INTEGER NOT NULL) STRICT;
CREATE TRIGGER block_removed AFTER DELETE ON blocks BEGIN INSERT INTO removed_blocks (block) VALUES (old.id); END;
`;

/** `service` is '' where records name none. */
const EVICTIONS = `
CREATE TABLE evictions (
  signal TEXT NOT NULL, reason TEXT NOT NULL, service TEXT NOT NULL, records INTEGER NOT NULL,
  PRIMARY KEY (signal, reason, service)
) STRICT, WITHOUT ROWID;
`;

const SCHEMA = `${BLOCKS}
CREATE TABLE series_sets (id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE, series BLOB NOT NULL) STRICT;
CREATE TABLE checkpoints (source TEXT PRIMARY KEY, position TEXT NOT NULL) STRICT, WITHOUT ROWID;
${EVICTIONS}
CREATE TABLE documents (
  kind TEXT NOT NULL, id TEXT NOT NULL, time_unix_nano INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (kind, id)
) STRICT;
CREATE INDEX documents_by_time ON documents (kind, time_unix_nano);
`;

/** From each older version to the next one; each runs in a transaction of its own, with the version's number. */
const MIGRATIONS: Record<number, string> = {
  1: `
ALTER TABLE blocks RENAME TO blocks_before;
${BLOCKS}
INSERT INTO blocks SELECT id, 0, id, id, signal, encoding, compression, count, min_unix_nano, max_unix_nano,
  arrival_unix_nano, bytes, series_set, services, '[]', resource, bloom, columns, offsets, body FROM blocks_before;
INSERT INTO sqlite_sequence (name, seq) SELECT 'blocks', seq FROM sqlite_sequence
  WHERE name = 'blocks_before' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'blocks');
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'blocks_before')
  WHERE name = 'blocks' AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'blocks_before');
DROP TABLE blocks_before;
ALTER TABLE evictions RENAME TO evictions_before;
${EVICTIONS}
INSERT INTO evictions SELECT signal, reason, '', records FROM evictions_before;
DROP TABLE evictions_before;
`,
};

/** A file that is kept in hand to be deleted when the disk is full, because deleting records needs some room first. */
export const reserveOf = (path: string) => `${path}-reserve`;

/**
 * Opens the file at `path`, makes it when there is none or an empty one. The connection holds the file's lock
 * until it is closed. Throws `store-damaged` for what is not ours, newer or damaged, before anything is written. On a
 * full disk the reserve is given up: the index of the log, which all connections share, needs a few kilobytes.
 */
export function openFile(path: string): DatabaseSync {
  try {
    return open(path);
  } catch (error) {
    const code = error instanceof CollectorError ? sqliteCode(error.cause) : undefined;
    if ((code !== SQLITE.full && code !== SQLITE.ioError) || !existsSync(reserveOf(path))) throw error;
    rmSync(reserveOf(path));
    return open(path);
  }
}

function open(path: string): DatabaseSync {
  const isNew = !existsSync(path) || statSync(path).size === 0;
  if (!isNew) {
    checkHeader(path);
    checkUnderLog(path);
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: BUSY_MS });
    lock(db, path);
    if (isNew) {
      db.exec(
        `PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL;`,
      );
      db.exec(`BEGIN IMMEDIATE; ${SCHEMA}
        PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
    }
    db.exec('PRAGMA main.journal_mode = WAL; PRAGMA main.synchronous = FULL;');
    db.exec(
      `PRAGMA journal_size_limit = ${WAL_BYTES}; PRAGMA wal_autocheckpoint = ${WAL_PAGES}; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;`,
    );
    migrate(db);
    return db;
  } catch (cause) {
    db?.close();
    throw openError(path, cause);
  }
}

/**
 * After a crash the file is only whole together with its log, and who opens both for writing puts them together. So what
 * is to be refused is refused by a look that only reads: a newer version, rows that cannot be read.
 */
function checkUnderLog(path: string): void {
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0) return;
  let db: DatabaseSync | undefined;
  try {
    db = openForReading(path);
    const version = versionOf(db);
    if (version > SCHEMA_VERSION) throw newer(path, version);
    db.prepare('SELECT sum(length(services)), sum(length(resource)), sum(bytes) FROM blocks').get();
  } catch (cause) {
    throw openError(path, cause);
  } finally {
    db?.close();
  }
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
}

/** Opens the file a second time, only to read: other connections of the process that has it open for writing. */
export function openForReading(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  db.exec('PRAGMA cache_size = -512; PRAGMA temp_store = MEMORY;');
  return db;
}

/**
 * Opens a store that no collector has open, only to read: nothing of the file is changed. Throws as `openFile` does, and
 * `store-failed` where there is no store, or one of an older version, which must be brought up to date first.
 */
export function openAlone(path: string): { db: DatabaseSync; close(): void } {
  if (!existsSync(path)) throw new CollectorError('store-failed', `There is no store ${path}.`);
  checkHeader(path);
  const hasLog = existsSync(`${path}-wal`);
  const guard = new DatabaseSync(':memory:', { timeout: BUSY_MS });
  try {
    lock(guard, path);
    const db = openForReading(path);
    const version = versionOf(db);
    if (version !== SCHEMA_VERSION) db.close();
    if (version > SCHEMA_VERSION) throw newer(path, version);
    if (version < SCHEMA_VERSION) {
      throw new CollectorError(
        'store-failed',
        `The store ${path} has the older schema version ${version}: \`store compact\`, or a start of the collector, brings it to version ${SCHEMA_VERSION}.`,
      );
    }
    return {
      db,
      close: () => {
        db.close();
        // Who only reads leaves these behind, empty; nobody else can have made them while the lock is held.
        if (!hasLog) for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
        guard.close();
      },
    };
  } catch (cause) {
    guard.close();
    throw openError(path, cause);
  }
}

/**
 * Takes the lock of the store, a tiny database beside it: two writers would each hold a catalogue that the other one
 * makes wrong. The connection holds it until it is closed or its process ends, while readers of this process come in.
 */
function lock(db: DatabaseSync, path: string): void {
  db.prepare('ATTACH DATABASE ? AS lock').run(`${path}-lock`);
  // Something must be written for the lock to be taken, and not to the store, which has no page size yet.
  db.exec(
    'PRAGMA lock.locking_mode = EXCLUSIVE; PRAGMA lock.journal_mode = MEMORY; PRAGMA lock.user_version = 1;',
  );
}

/** Brings the tables of an older version up to date, one version after the other; each step happens whole or not at all. */
function migrate(db: DatabaseSync): void {
  for (;;) {
    const version = versionOf(db);
    const step = MIGRATIONS[version];
    if (version >= SCHEMA_VERSION || step === undefined) return;
    try {
      db.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${version + 1}; COMMIT;`);
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

/** What SQLite says while opening or while the catalogue is read, as an error of ours. */
export function openError(path: string, cause: unknown): CollectorError {
  if (cause instanceof CollectorError) return cause;
  const code = sqliteCode(cause);
  if (
    code === SQLITE.corrupt ||
    code === SQLITE.notADatabase ||
    cause instanceof RangeError ||
    cause instanceof SyntaxError
  ) {
    return damaged(path, `cannot be read (${messageOf(cause)})`, cause);
  }
  if (code === SQLITE.busy) {
    return new CollectorError(
      'store-failed',
      `The store ${path} is in use by another process; stop that one, or give this one another path.`,
      { cause },
    );
  }
  return new CollectorError(
    'store-failed',
    `The store ${path} cannot be opened: ${messageOf(cause)}. Check that its folder exists and is writable.`,
    { cause },
  );
}

/** https://www.sqlite.org/rescode.html: primary result codes. */
export const SQLITE = { busy: 5, ioError: 10, corrupt: 11, full: 13, notADatabase: 26 } as const;

/** SQLite's primary result code; undefined when the error is not SQLite's. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Refuses by the first 100 bytes alone, so that SQLite never gets to touch a file that is not ours. */
function checkHeader(path: string): void {
  const header = Buffer.alloc(HEADER.bytes);
  const file = openSync(path, 'r');
  try {
    const read = readSync(file, header, 0, HEADER.bytes, 0);
    if (read < HEADER.bytes || header.toString('latin1', 0, 16) !== HEADER.magic) {
      throw damaged(path, 'is not a SQLite database or its beginning is damaged');
    }
  } finally {
    closeSync(file);
  }
  if (header.readUInt32BE(HEADER.applicationId) !== APPLICATION_ID) {
    throw damaged(path, 'is a SQLite database of another program');
  }
  const version = header.readUInt32BE(HEADER.userVersion);
  if (version > SCHEMA_VERSION) throw newer(path, version);
  const pageBytes = header.readUInt16BE(HEADER.pageSize) === 1 ? 65536 : header.readUInt16BE(HEADER.pageSize);
  const expected = header.readUInt32BE(HEADER.pageCount) * pageBytes;
  if (statSync(path).size < expected && !existsSync(`${path}-wal`)) {
    throw damaged(path, `should have ${expected} bytes and has ${statSync(path).size}: its end is missing`);
  }
}

function newer(path: string, version: number): CollectorError {
  return new CollectorError(
    'store-damaged',
    `The store ${path} has schema version ${version}, this program reads up to ${SCHEMA_VERSION}. It was left as it is; run the newer go-sre-collector, or give this one another path.`,
  );
}

function damaged(path: string, what: string, cause?: unknown): CollectorError {
  return new CollectorError(
    'store-damaged',
    `The store ${path} ${what}. It was left as it is; move it away (or restore a copy) and start again with an empty store.`,
    { cause },
  );
}
