import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { zstdDecompressSync } from 'node:zlib';
import type { LogIndex, RecordOffsets, SpanIndex } from '../../telemetry/batch.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { SeriesInfo } from '../../telemetry/model.ts';
import {
  type BlockMeta,
  decodeLogIndex,
  decodeOffsets,
  decodeSampleColumns,
  decodeSpanIndex,
  decompressBody,
  type SampleColumns,
} from './block.ts';
import { messageOf } from './file.ts';
import { ByteLru } from './lru.ts';

/** Body of a block, uncompressed, and where its records stand in it. */
export interface Records {
  body: Uint8Array;
  offsets: RecordOffsets;
}

/** Decoded numbers take somewhat more room than packed ones. */
const UNPACKED = 1.5;
/** A label and its strings on the heap, roughly. */
const SERIES_BYTES = 600;

/**
 * Reads blocks, decoded, through a cache of bounded size. A block that was evicted since the query began is
 * `undefined`: the query passes over it. What cannot be decoded is `store-damaged`.
 */
export class BlockReader {
  readonly #columns: StatementSync;
  readonly #body: StatementSync;
  readonly #set: StatementSync;
  readonly #cache: ByteLru<unknown>;

  constructor(db: DatabaseSync, cacheBytes: number) {
    this.#columns = db.prepare('SELECT columns FROM blocks WHERE id = ?');
    this.#body = db.prepare('SELECT offsets, body FROM blocks WHERE id = ?');
    this.#set = db.prepare('SELECT series FROM series_sets WHERE id = ?');
    this.#cache = new ByteLru(cacheBytes);
  }

  spans(meta: BlockMeta): SpanIndex | undefined {
    return this.#index(meta, decodeSpanIndex);
  }

  logs(meta: BlockMeta): LogIndex | undefined {
    return this.#index(meta, decodeLogIndex);
  }

  samples(meta: BlockMeta): SampleColumns | undefined {
    return this.#index(meta, decodeSampleColumns);
  }

  records(meta: BlockMeta): Records | undefined {
    return this.#cached(`body ${meta.id}`, meta, () => {
      const row = this.#body.get(meta.id);
      if (row === undefined) return undefined;
      const stored = row['body'] as Uint8Array;
      const packed = row['offsets'] as Uint8Array;
      const body = decompressBody(stored, stored.length === 0 ? 'none' : meta.compression);
      const offsets = packed.length === 0 ? undefined : decodeOffsets(packed);
      if (offsets === undefined) return undefined;
      return { value: { body, offsets }, bytes: body.length + 4 * packed.length };
    });
  }

  seriesSet(meta: BlockMeta): SeriesInfo[] | undefined {
    return this.#cached(`set ${meta.seriesSet}`, meta, () => {
      const row = this.#set.get(meta.seriesSet);
      if (row === undefined) return undefined;
      const series = JSON.parse(zstdDecompressSync(row['series'] as Uint8Array).toString()) as SeriesInfo[];
      return { value: series, bytes: series.length * SERIES_BYTES };
    });
  }

  #index<T>(meta: BlockMeta, decode: (bytes: Uint8Array) => T): T | undefined {
    return this.#cached(`columns ${meta.id}`, meta, () => {
      const row = this.#columns.get(meta.id);
      if (row === undefined) return undefined;
      const bytes = row['columns'] as Uint8Array;
      return { value: decode(bytes), bytes: bytes.length * UNPACKED };
    });
  }

  #cached<T>(
    key: string,
    meta: BlockMeta,
    load: () => { value: T; bytes: number } | undefined,
  ): T | undefined {
    const known = this.#cache.get(key);
    if (known !== undefined) return known as T;
    try {
      const loaded = load();
      if (loaded !== undefined) this.#cache.put(key, loaded.value, loaded.bytes);
      return loaded?.value;
    } catch (cause) {
      throw new CollectorError(
        'store-damaged',
        `Block ${meta.id} of the store (${meta.signal}) cannot be read: ${messageOf(cause)}. Ask for another time range, or restore a copy of the file.`,
        { cause },
      );
    }
  }
}
