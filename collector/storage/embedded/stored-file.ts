import { Catalog } from './catalog.ts';
import { openAlone, openError } from './file.ts';
import { BlockReader, ReaderCache } from './reader.ts';

/** A closed store as an operator's command sees it. */
export interface StoredFile {
  db: ReturnType<typeof openAlone>['db'];
  catalog: Catalog;
  reader: BlockReader;
  close(): void;
}

/** Blocks are read one after the other, each once. */
const CACHE_BYTES = 16 * 1024 * 1024;

/** Opens the store at `path`, which no collector may have open, to be read block by block; throws as `openAlone` does. */
export function openStoredFile(path: string): StoredFile {
  const { db, close } = openAlone(path);
  try {
    return {
      db,
      close,
      catalog: Catalog.load(db),
      reader: new BlockReader(db, new ReaderCache(CACHE_BYTES)),
    };
  } catch (cause) {
    close();
    throw openError(path, cause);
  }
}
