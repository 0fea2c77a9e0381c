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
import { type IdHash, mayContain } from './bloom.ts';
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
/** What an entry takes up beside its bytes. */
const ENTRY_BYTES = 200;

/** What the connections of one reader share: decoded blocks, and the filters that tell which blocks to read. */
export class ReaderCaches {
  readonly blocks: ByteLru<string, unknown>;
  readonly blooms: ByteLru<number, Uint32Array>;

  constructor(bytes: number) {
    this.blocks = new ByteLru(bytes / 2);
    this.blooms = new ByteLru(bytes / 4);
  }

  clear(): void {
    this.blocks.clear();
    this.blooms.clear();
  }
}

/**
 * Reads blocks, decoded, through caches of bounded size. A block that is gone is `undefined`: the query passes over
 * it. What cannot be decoded is `store-damaged`.
 */
export class BlockReader {
  readonly #columns: StatementSync;
  readonly #body: StatementSync;
  readonly #bloom: StatementSync;
  readonly #set: StatementSync;
  readonly #caches: ReaderCaches;

  constructor(db: DatabaseSync, caches: ReaderCaches) {
    this.#columns = db.prepare('SELECT columns FROM blocks WHERE id = ?');
    this.#body = db.prepare('SELECT offsets, body FROM blocks WHERE id = ?');
    this.#bloom = db.prepare('SELECT bloom FROM blocks WHERE id = ?');
    this.#set = db.prepare('SELECT series FROM series_sets WHERE id = ?');
    this.#caches = caches;
  }

  /** False only when none of the traces is surely in the block. */
  mayHoldTraces(meta: BlockMeta, hashes: readonly IdHash[]): boolean {
    const filter = this.#caches.blooms.get(meta.id) ?? this.#loadBloom(meta);
    return hashes.some((hash) => mayContain(filter, hash));
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
      const records = this.#loadRecords(meta);
      return records && { value: records, bytes: records.body.length + 24 * records.offsets.offset.length };
    });
  }

  /** Like `records`, for one look: a search over all there is would push everything else out of the cache. */
  recordsOnce(meta: BlockMeta): Records | undefined {
    const known = this.#caches.blocks.get(`body ${meta.id}`) as Records | undefined;
    return known ?? this.#guarded(meta, () => this.#loadRecords(meta));
  }

  seriesSet(meta: BlockMeta): SeriesInfo[] | undefined {
    return this.#cached(`set ${meta.seriesSet}`, meta, () => {
      const row = this.#set.get(meta.seriesSet);
      if (row === undefined) return undefined;
      const series = JSON.parse(zstdDecompressSync(row['series'] as Uint8Array).toString()) as SeriesInfo[];
      return { value: series, bytes: series.length * SERIES_BYTES };
    });
  }

  #loadRecords(meta: BlockMeta): Records | undefined {
    const row = this.#body.get(meta.id);
    if (row === undefined) return undefined;
    const stored = row['body'] as Uint8Array;
    const packed = row['offsets'] as Uint8Array;
    const body = decompressBody(stored, stored.length === 0 ? 'none' : meta.compression);
    return packed.length === 0 ? undefined : { body, offsets: decodeOffsets(packed) };
  }

  #loadBloom(meta: BlockMeta): Uint32Array {
    const stored = this.#bloom.get(meta.id)?.['bloom'] as Uint8Array | undefined;
    // A copy: SQLite's bytes need not begin at a multiple of four.
    const bytes = new Uint8Array(stored ?? []);
    const filter = new Uint32Array(bytes.buffer, 0, bytes.length >>> 2);
    this.#caches.blooms.put(meta.id, filter, bytes.length + ENTRY_BYTES);
    return filter;
  }

  #index<T>(meta: BlockMeta, decode: (bytes: Uint8Array) => T): T | undefined {
    return this.#cached(`columns ${meta.id}`, meta, () => {
      const row = this.#columns.get(meta.id);
      if (row === undefined) return undefined;
      const bytes = row['columns'] as Uint8Array;
      return { value: decode(bytes), bytes: bytes.length * UNPACKED + ENTRY_BYTES };
    });
  }

  #cached<T>(
    key: string,
    meta: BlockMeta,
    load: () => { value: T; bytes: number } | undefined,
  ): T | undefined {
    const known = this.#caches.blocks.get(key);
    if (known !== undefined) return known as T;
    const loaded = this.#guarded(meta, load);
    if (loaded !== undefined) this.#caches.blocks.put(key, loaded.value, loaded.bytes);
    return loaded?.value;
  }

  #guarded<T>(meta: BlockMeta, load: () => T): T {
    try {
      return load();
    } catch (cause) {
      throw new CollectorError(
        'store-damaged',
        `Block ${meta.id} of the store (${meta.signal}) cannot be read: ${messageOf(cause)}. Ask for another time range, or restore a copy of the file.`,
        { cause },
      );
    }
  }
}
