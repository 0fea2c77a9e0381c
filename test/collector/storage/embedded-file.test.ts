/** Files that the store must refuse, and leave as they are. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, it } from 'node:test';
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import type { CollectorError } from '../../../collector/telemetry/errors.ts';
import { id, logBatch, spanBatch } from '../../helpers/telemetry.ts';
import { refused } from './contract.ts';

/** Of a new file. */
const PAGE_BYTES = 4096;

const folder = mkdtempSync(join(tmpdir(), 'go-sre-file-'));
after(() => rmSync(folder, { recursive: true }));

const open = (path: string) =>
  openEmbeddedStore({ path, retentionMs: 1e9, maxBytes: 1e9, groupMs: 0 }, { clock: () => 1n });

/** A store with enough in it that its file has many pages. */
async function filled(name: string): Promise<string> {
  const path = join(folder, name);
  const store = await open(path);
  for (let n = 1; n <= 20; n++) {
    const body = createHash('sha512').update(`${n}`).digest('hex').repeat(40);
    await store.append([
      logBatch([{ time: BigInt(n), severityNumber: 9, service: 'shop', body }]),
      spanBatch([
        {
          traceId: 'ab'.repeat(16),
          spanId: 'cd'.repeat(8),
          name: 'n',
          service: 's',
          start: 1n,
          duration: 1n,
        },
      ]),
    ]);
  }
  await store.close();
  return path;
}

const fingerprint = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

async function refusedUntouched(path: string, says: RegExp): Promise<void> {
  const before = fingerprint(path);
  await assert.rejects(open(path), (error) => {
    assert.ok(refused('store-damaged')(error));
    const { message } = error as CollectorError;
    assert.match(message, says);
    assert.ok(message.includes(path), `says where: ${message}`);
    assert.match(message, /move it away|another path/, `says what to do: ${message}`);
    return true;
  });
  assert.equal(fingerprint(path), before, 'the file was changed');
}

it('a file that is no database is refused and left as it is', () => {
  const path = join(folder, 'text.db');
  writeFileSync(path, 'not a database, but somebody wants to keep it\n'.repeat(100));
  return refusedUntouched(path, /not a SQLite database/);
});

it('a database of another program is refused and left as it is', () => {
  const path = join(folder, 'foreign.db');
  const db = new DatabaseSync(path);
  db.exec('CREATE TABLE accounts (id INTEGER)');
  db.close();
  return refusedUntouched(path, /another program/);
});

it('a file of a newer schema is refused and left as it is', async () => {
  const path = await filled('newer.db');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA user_version = 99');
  db.close();
  await refusedUntouched(path, /schema version 99/);
});

it('a file whose header is damaged is refused and left as it is', async () => {
  for (const [at, length, says] of [
    [0, 16, /not a SQLite database/],
    [68, 4, /another program/],
    [16, 2, /cannot be read|its end is missing/],
    [100, 400, /cannot be read/],
  ] as const) {
    const path = await filled(`header-${at}.db`);
    const bytes = readFileSync(path);
    bytes.fill(0xa5, at, at + length);
    writeFileSync(path, bytes);
    await refusedUntouched(path, says);
  }
});

/** The files of a store whose process was killed: what was written last stands in its log only. */
async function killed(name: string, change: string): Promise<string> {
  const path = await filled(`${name}-open.db`);
  const copy = join(folder, `${name}.db`);
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = WAL; ${change}`);
  for (const suffix of ['', '-wal']) writeFileSync(copy + suffix, readFileSync(path + suffix));
  db.close();
  return copy;
}

it('after a crash a newer version and a damaged table are refused, and neither file nor log is touched', async () => {
  const newer = await killed('newer-in-log', 'PRAGMA user_version = 99;');
  const before = fingerprint(`${newer}-wal`);
  await refusedUntouched(newer, /schema version 99/);
  assert.equal(fingerprint(`${newer}-wal`), before, 'the log was changed');

  const damaged = await killed('damaged-with-log', "INSERT INTO checkpoints VALUES ('a', 'b');");
  const bytes = readFileSync(damaged);
  const db = new DatabaseSync(join(folder, 'damaged-with-log-open.db'), { readOnly: true });
  const root = Number(
    db.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'blocks'`).get()?.['rootpage'],
  );
  db.close();
  bytes.fill(0xa5, (root - 1) * PAGE_BYTES, root * PAGE_BYTES);
  writeFileSync(damaged, bytes);
  const log = fingerprint(`${damaged}-wal`);
  await refusedUntouched(damaged, /cannot be read/);
  assert.equal(fingerprint(`${damaged}-wal`), log, 'the log was changed');
});

it('a file whose end is missing is refused and left as it is', async () => {
  const path = await filled('truncated.db');
  truncateSync(path, 3 * PAGE_BYTES);
  await refusedUntouched(path, /its end is missing/);
});

it('a file with a page of garbage in its table is refused and left as it is', async () => {
  const path = await filled('garbage.db');
  const db = new DatabaseSync(path, { readOnly: true });
  const root = Number(
    db.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'blocks'`).get()?.['rootpage'],
  );
  db.close();
  const bytes = readFileSync(path);
  bytes.fill(0xa5, (root - 1) * PAGE_BYTES, root * PAGE_BYTES);
  writeFileSync(path, bytes);
  await refusedUntouched(path, /cannot be read/);
});

it('an empty file becomes a store', async () => {
  const path = join(folder, 'empty.db');
  writeFileSync(path, '');
  const store = await open(path);
  assert.equal((await store.status()).signals.traces.records, 0);
  await store.close();
});

it('a store that another one has open is refused, and can be opened once that one is closed', async () => {
  const path = join(folder, 'shared.db');
  const first = await open(path);
  await assert.rejects(open(path), refused('store-failed'));
  await first.close();
  await (await open(path)).close();
});

it('a body that was damaged on disk is told by its block, and other blocks are read on', async () => {
  const path = await filled('damaged-body.db');
  const db = new DatabaseSync(path);
  db.exec(`UPDATE blocks SET body = zeroblob(length(body)) WHERE id = 3`);
  db.close();
  const store = await open(path);
  const ask = (fromUnixNano: bigint, toUnixNano: bigint) =>
    store.findLogs({ fromUnixNano, toUnixNano, order: 'oldest' });
  await assert.rejects(ask(0n, 100n), (error) => {
    assert.match((error as Error).message, /Block 3 /);
    return refused('store-damaged')(error);
  });
  assert.equal((await ask(3n, 100n)).count, 18);
  assert.equal((await store.trace({ traceIds: [id('ab'.repeat(16))], detail: 'full' })).count, 1);
  await store.close();
});

/** The blocks of schema version 1: no stages, no members. */
const VERSION_1 = `
ALTER TABLE blocks RENAME TO newer;
CREATE TABLE blocks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, signal TEXT NOT NULL, encoding TEXT NOT NULL, compression TEXT NOT NULL,
  count INTEGER NOT NULL, min_unix_nano INTEGER NOT NULL, max_unix_nano INTEGER NOT NULL,
  arrival_unix_nano INTEGER NOT NULL, bytes INTEGER NOT NULL, series_set INTEGER NOT NULL, services TEXT NOT NULL,
  resource TEXT NOT NULL, bloom BLOB NOT NULL, columns BLOB NOT NULL, offsets BLOB NOT NULL, body BLOB NOT NULL
) STRICT;
INSERT INTO blocks SELECT id, signal, encoding, compression, count, min_unix_nano, max_unix_nano, arrival_unix_nano,
  bytes, series_set, services, resource, bloom, columns, offsets, body FROM newer;
DROP TABLE newer; DROP TABLE sealed_columns; DROP TABLE removed_blocks; DROP TABLE evictions;
CREATE TABLE evictions (
  signal TEXT NOT NULL, reason TEXT NOT NULL, records INTEGER NOT NULL, PRIMARY KEY (signal, reason)
) STRICT, WITHOUT ROWID;
INSERT INTO evictions VALUES ('logs', 'age', 7);
PRAGMA user_version = 1;`;

it('a store of schema version 1 is brought up to date with all it holds, and ids go on behind the last one', async () => {
  const path = await filled('version-1.db');
  const everything = { fromUnixNano: 0n, toUnixNano: 1000n, order: 'oldest' } as const;
  const before = await open(path);
  const expected = (await before.findLogs(everything)).columns;
  await before.close();
  const db = new DatabaseSync(path);
  db.exec(`${VERSION_1} DELETE FROM blocks WHERE id = (SELECT max(id) FROM blocks);`);
  const last = Number(
    db.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'blocks'`).get()?.['seq'] ?? 0,
  );
  db.close();
  const store = await open(path);
  assert.deepEqual((await store.findLogs(everything)).columns, expected);
  assert.deepEqual((await store.status()).evictions, [
    { signal: 'logs', reason: 'age', service: '', records: 7 },
  ]);
  await store.append([logBatch([{ time: 500n, severityNumber: 9, service: 'shop', body: 'behind' }])]);
  await store.close();
  const after = new DatabaseSync(path, { readOnly: true });
  assert.equal(Number(after.prepare('PRAGMA user_version').get()?.['user_version']), 2);
  assert.ok(Number(after.prepare('SELECT max(id) AS id FROM blocks').get()?.['id']) > last);
  after.close();
});
