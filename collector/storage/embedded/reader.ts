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
  type SampleColumns,
} from './block.ts';
import { type IdHash, mayContain } from './bloom.ts';
import { messageOf } from './file.ts';
import { ByteLru } from './lru.ts';
import { rawFilter } from './raw-filter.ts';
import { type LogDetail, logDetail, type Records, type SpanDetail, spanDetail } from './records.ts';
import type { BlockView } from './sealed/block-view.ts';
import type { FetchColumn } from './sealed/directory.ts';
import { COLUMNS_PER_BLOCK, FILTER_ROW } from './sealed/layout.ts';
import { SealedLogs } from './sealed/logs-view.ts';
import { hashesOfPair, mayHoldPair, readPairFilter } from './sealed/pair-filter.ts';
import { SealedSpans } from './sealed/view.ts';
import { SeriesSet } from './series-set.ts';
import { inflatedBody } from './zstd-frame.ts';

export type { Records } from './records.ts';

/** Trace ids of a block: `index` tells which of them each record has; without it there is one per record. */
export interface TraceIds {
  ids: Uint8Array;
  index?: Uint32Array;
  /** True when no two records of the block have the same trace and span id. */
  areDistinct?: boolean;
}

/** Decoded numbers take somewhat more room than packed ones. */
const UNPACKED = 1.5;
/** A label and its strings on the heap, roughly. */
const SERIES_BYTES = 1000;
/** What of a sealed block's view is decoded from its directory alone, bytes a record, and what a column adds to it. */
const VIEW_BYTES = 16;
const DECODED_BYTES = 4;
/** What the columns of a row take up beside it when they are unpacked. */
const UNPACKED_ROW = 1;
/** What an entry takes up beside its bytes. */
const ENTRY_BYTES = 200;

/** What the connections of one reader share; by `keyOf`. */
export class ReaderCache {
  /** Decoded blocks. */
  readonly blocks: ByteLru<number, unknown>;
  /** What tells which blocks to read: a search that reads all of them must not push it out. */
  readonly guides: ByteLru<number, Uint32Array>;

  constructor(bytes: number) {
    this.blocks = new ByteLru(bytes * BLOCKS_PART);
    this.guides = new ByteLru(bytes * GUIDES_PART);
  }

  clear(): void {
    this.blocks.clear();
    this.guides.clear();
  }
}

/** Parts of its bytes: filters of ten million sealed spans take 18 MB. */
const BLOCKS_PART = 11 / 16;
const GUIDES_PART = 5 / 16;

/** Kinds of what is kept; each of a block, `set` of a set of series. */
const KIND = { view: 0, bloom: 1, filter: 2, traces: 3, columns: 4, body: 5, set: 6 } as const;

const keyOf = (kind: keyof typeof KIND, id: number): number => id * 8 + KIND[kind];

/**
 * Reads blocks, decoded, through a cache of bounded size. A block that is gone is `undefined`: the query passes over
 * it. What cannot be decoded is `store-damaged`.
 */
export class BlockReader {
  readonly #columns: StatementSync;
  readonly #body: StatementSync;
  readonly #bloom: StatementSync;
  readonly #set: StatementSync;
  readonly #sealed: StatementSync;
  readonly #cache: ReaderCache;
  #asked: { wanted: readonly { key: string; value: string }[]; hashes: readonly Int32Array[] } | undefined;
  #latest: { block: number; records: Records | undefined } | undefined;

  constructor(db: DatabaseSync, cache: ReaderCache) {
    this.#columns = db.prepare('SELECT columns FROM blocks WHERE id = ?');
    this.#body = db.prepare('SELECT offsets, body FROM blocks WHERE id = ?');
    this.#bloom = db.prepare('SELECT bloom FROM blocks WHERE id = ?');
    this.#set = db.prepare('SELECT series FROM series_sets WHERE id = ?');
    this.#sealed = db.prepare('SELECT bytes FROM sealed_columns WHERE id = ?');
    this.#cache = cache;
  }

  /** False only when none of the traces is surely in the block. */
  mayHoldTraces(meta: BlockMeta, hashes: readonly IdHash[]): boolean {
    const filter = this.#cache.guides.get(keyOf('bloom', meta.id)) ?? this.#loadBloom(meta);
    return hashes.some((hash) => mayContain(filter, hash));
  }

  spans(meta: BlockMeta): SpanIndex | undefined {
    if (meta.stage === 'sealed') return this.sealedSpans(meta)?.index;
    return this.#index(meta, decodeSpanIndex);
  }

  traces(meta: BlockMeta): TraceIds | undefined {
    if (meta.stage !== 'sealed') {
      const index = this.spans(meta);
      return index && { ids: index.traceId };
    }
    const known = this.#cache.blocks.get(keyOf('traces', meta.id)) as TraceIds | undefined;
    if (known !== undefined) return known;
    const traces = this.sealedSpans(meta)?.traces();
    if (traces !== undefined) {
      const bytes = traces.ids.length + traces.index.byteLength + ENTRY_BYTES;
      this.#cache.blocks.put(keyOf('traces', meta.id), traces, bytes);
    }
    return traces;
  }

  /** The view over a sealed block, kept with all that it decodes. */
  sealedSpans(meta: BlockMeta): SealedSpans | undefined {
    return this.#sealedView(meta, SealedSpans);
  }

  /** The same of log records. */
  sealedLogs(meta: BlockMeta): SealedLogs | undefined {
    return this.#sealedView(meta, SealedLogs);
  }

  #sealedView<V extends BlockView>(meta: BlockMeta, View: ViewOf<V>): V | undefined {
    const key = keyOf('view', meta.id);
    return this.#cached(key, meta, () => {
      const value = this.#view(meta, View, (bytes) => this.#cache.blocks.grow(key, bytes));
      return value && { value, bytes: meta.count * VIEW_BYTES };
    });
  }

  /** False when no record of the block has all of the attributes, as far as can be told without reading it. */
  mayHoldAttributes(meta: BlockMeta, wanted: readonly { key: string; value: string }[]): boolean {
    if (wanted.length === 0) return true;
    const filter = this.#cache.guides.get(keyOf('filter', meta.id)) ?? this.#loadFilter(meta);
    if (filter === undefined) return true;
    const hashes = this.#hashesOf(wanted);
    return wanted.every((pair, n) => mayHoldPair(meta, filter, pair, hashes[n]!));
  }

  /**
   * Makes the filter of an unsealed block of spans from its body, and keeps it; false when no record has all of the attributes.
   */
  mayBodyHoldAttributes(meta: BlockMeta, wanted: readonly { key: string; value: string }[]): boolean {
    if (meta.stage === 'sealed' || wanted.length === 0) return true;
    if (this.#cache.guides.get(keyOf('filter', meta.id)) !== undefined) return true;
    const records = this.recordsOnce(meta);
    if (records === undefined || meta.encoding !== 'otlp-protobuf') return true;
    const filter = rawFilter(records);
    this.#cache.guides.put(keyOf('filter', meta.id), filter, filter.byteLength + ENTRY_BYTES);
    return this.mayHoldAttributes(meta, wanted);
  }

  /** Hashes of the attributes; a search asks every block for the same ones. */
  #hashesOf(wanted: readonly { key: string; value: string }[]): readonly Int32Array[] {
    if (this.#asked?.wanted !== wanted)
      this.#asked = { wanted, hashes: wanted.map(({ key, value }) => hashesOfPair(key, value)) };
    return this.#asked.hashes;
  }

  #loadFilter(meta: BlockMeta): Uint32Array | undefined {
    if (meta.stage !== 'sealed') return undefined;
    const row = this.#sealed.get(meta.id * COLUMNS_PER_BLOCK + FILTER_ROW);
    if (row === undefined) return undefined;
    const filter = this.#guarded(meta, () => readPairFilter(row['bytes'] as Uint8Array));
    this.#cache.guides.put(keyOf('filter', meta.id), filter, filter.byteLength + ENTRY_BYTES);
    return filter;
  }

  /** Records of the block that arrived in `lastMember` or before; they are its first ones. */
  recordsUpTo(meta: BlockMeta, lastMember: number): number {
    if (meta.lastMember <= lastMember) return meta.count;
    return this.#sealedView<BlockView>(meta, viewOf(meta))?.recordsUpTo(lastMember) ?? 0;
  }

  /** What of span `i` stands in no index column. */
  spanDetail(meta: BlockMeta, i: number): SpanDetail {
    if (meta.stage === 'sealed') {
      const view = this.sealedSpans(meta);
      if (view !== undefined) return view.detail(i);
    }
    return spanDetail(meta, this.records(meta), i);
  }

  logs(meta: BlockMeta): LogIndex | undefined {
    if (meta.stage === 'sealed') return this.sealedLogs(meta)?.index;
    return this.#index(meta, decodeLogIndex);
  }

  /** What of log record `i` stands in no index column. */
  logDetail(meta: BlockMeta, i: number): LogDetail {
    const view = meta.stage === 'sealed' ? this.sealedLogs(meta) : undefined;
    return view?.detail(i) ?? logDetail(meta, this.records(meta), i);
  }

  samples(meta: BlockMeta): SampleColumns | undefined {
    return this.#index(meta, decodeSampleColumns);
  }

  records(meta: BlockMeta): Records | undefined {
    return this.#cached(keyOf('body', meta.id), meta, () => {
      const records = this.#loadRecords(meta);
      return records && { value: records, bytes: records.body.length + 24 * records.offsets.offset.length };
    });
  }

  /** Like `records`, kept until the next one only: a search over all there is would push everything else out of the cache. */
  recordsOnce(meta: BlockMeta): Records | undefined {
    const known = this.#cache.blocks.get(keyOf('body', meta.id)) as Records | undefined;
    if (known !== undefined) return known;
    if (this.#latest?.block !== meta.id) {
      this.#latest = { block: meta.id, records: this.#guarded(meta, () => this.#loadRecords(meta)) };
    }
    return this.#latest.records;
  }

  seriesSet(meta: BlockMeta): SeriesSet | undefined {
    return this.#cached(keyOf('set', meta.seriesSet), meta, () => {
      const row = this.#set.get(meta.seriesSet);
      if (row === undefined) return undefined;
      const series = JSON.parse(zstdDecompressSync(row['series'] as Uint8Array).toString()) as SeriesInfo[];
      return { value: new SeriesSet(series), bytes: series.length * SERIES_BYTES };
    });
  }

  #view<V extends BlockView>(
    meta: BlockMeta,
    View: ViewOf<V>,
    fetched: (bytes: number) => void,
  ): V | undefined {
    const directory = this.#columns.get(meta.id)?.['columns'] as Uint8Array | undefined;
    if (directory === undefined) return undefined;
    return new View(meta, directory, (number) => {
      const bytes = this.#sealed.get(meta.id * COLUMNS_PER_BLOCK + number)?.['bytes'] as
        | Uint8Array
        | undefined;
      fetched((bytes?.length ?? 0) * UNPACKED_ROW + meta.count * DECODED_BYTES);
      return bytes;
    });
  }

  #loadRecords(meta: BlockMeta): Records | undefined {
    const row = this.#body.get(meta.id);
    if (row === undefined) return undefined;
    const stored = row['body'] as Uint8Array;
    const packed = row['offsets'] as Uint8Array;
    if (packed.length === 0) return undefined;
    return new LazyRecords(inflatedBody(stored, stored.length === 0 ? 'none' : meta.compression), packed);
  }

  #loadBloom(meta: BlockMeta): Uint32Array {
    const stored = this.#bloom.get(meta.id)?.['bloom'] as Uint8Array | undefined;
    // A copy: SQLite's bytes need not begin at a multiple of four.
    const bytes = new Uint8Array(stored ?? []);
    const filter = new Uint32Array(bytes.buffer, 0, bytes.length >>> 2);
    this.#cache.guides.put(keyOf('bloom', meta.id), filter, bytes.length + ENTRY_BYTES);
    return filter;
  }

  #index<T>(meta: BlockMeta, decode: (bytes: Uint8Array) => T): T | undefined {
    return this.#cached(keyOf('columns', meta.id), meta, () => {
      const row = this.#columns.get(meta.id);
      if (row === undefined) return undefined;
      const bytes = row['columns'] as Uint8Array;
      return { value: decode(bytes), bytes: bytes.length * UNPACKED + ENTRY_BYTES };
    });
  }

  #cached<T>(
    key: number,
    meta: BlockMeta,
    load: () => { value: T; bytes: number } | undefined,
  ): T | undefined {
    const known = this.#cache.blocks.get(key);
    if (known !== undefined) return known as T;
    const loaded = this.#guarded(meta, load);
    if (loaded !== undefined) this.#cache.blocks.put(key, loaded.value, loaded.bytes);
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

type ViewOf<V> = new (meta: BlockMeta, directory: Uint8Array, fetchColumn: FetchColumn) => V;

function viewOf(meta: BlockMeta): ViewOf<BlockView> {
  return meta.signal === 'logs' ? SealedLogs : SealedSpans;
}

/** Offsets are of no use where the body does not hold what is looked for. */
class LazyRecords implements Records {
  readonly body: Uint8Array;
  readonly #packed: Uint8Array;
  #offsets: RecordOffsets | undefined;

  constructor(body: Uint8Array, packed: Uint8Array) {
    this.body = body;
    this.#packed = packed;
  }

  get offsets(): RecordOffsets {
    this.#offsets ??= decodeOffsets(this.#packed);
    return this.#offsets;
  }
}
