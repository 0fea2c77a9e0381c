import { statSync } from 'node:fs';
import { openFile } from './file.ts';
import { fileBytes } from './retention.ts';
import { writeError } from './writer.ts';

/**
 * Writes the file anew without the room of what was deleted, as far as another copy of it fits on the disk. Tells the
 * bytes before and after. Throws as `openFile` does, `store-full` when there is no room for the copy.
 */
export function compactFile(path: string): { before: number; after: number } {
  const before = fileBytes(path);
  const db = openFile(path);
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE);');
  } catch (cause) {
    throw writeError(cause);
  } finally {
    db.close();
  }
  return { before, after: statSync(path).size };
}
