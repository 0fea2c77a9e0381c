/** Puts sealed blocks in the place of the raw ones that they were made of, in one transaction. */
import type { DatabaseSync } from 'node:sqlite';
import { type BlockMeta, packServices } from './block.ts';
import type { Catalog } from './catalog.ts';
import { COLUMNS_PER_BLOCK } from './sealed/layout.ts';
import type { SealedBlock } from './sealed/sealed-block.ts';
import { transaction, writeError } from './writer.ts';

const EMPTY = new Uint8Array(0);

/**
 * Deletes the raw blocks and stores the sealed ones; catalogue and file change together or not at all. False, and
 * nothing done, when one of the raw blocks is no longer there. Throws what `writeError` makes of SQLite's errors.
 */
export function swapBlocks(
  db: DatabaseSync,
  catalog: Catalog,
  members: readonly number[],
  sealed: readonly SealedBlock[],
): boolean {
  if (catalog.present(members).length !== members.length) return false;
  let metas: BlockMeta[];
  try {
    metas = transaction(db, () => {
      const remove = db.prepare('DELETE FROM blocks WHERE id = ?');
      for (const id of members) remove.run(id);
      let id = catalog.lastId;
      return sealed.map((block) => insert(db, block, ++id));
    });
  } catch (cause) {
    throw writeError(cause);
  }
  catalog.remove(new Set(members));
  for (const meta of metas) catalog.add(meta);
  return true;
}

function insert(db: DatabaseSync, block: SealedBlock, id: number): BlockMeta {
  const { meta } = block;
  db.prepare('INSERT INTO blocks VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
    id,
    meta.firstMember,
    meta.lastMember,
    meta.signal,
    meta.encoding,
    meta.compression,
    meta.count,
    meta.minUnixNano,
    meta.maxUnixNano,
    meta.arrivalUnixNano,
    meta.bytes,
    meta.seriesSet,
    JSON.stringify(meta.services),
    packServices(meta),
    JSON.stringify(meta.resource),
    meta.bloom,
    block.directory,
    EMPTY,
    EMPTY,
  );
  const column = db.prepare('INSERT INTO sealed_columns VALUES (?, ?)');
  for (const { number, bytes } of block.columns) column.run(id * COLUMNS_PER_BLOCK + number, bytes);
  return { ...meta, id };
}
