import type { DatabaseSync } from 'node:sqlite';
import type { Encoding } from '../../telemetry/batch.ts';
import type { Signal } from '../../telemetry/model.ts';
import type { TimeRange } from '../store.ts';
import { type BlockMeta, type StoredCompression, unpackServices } from './block.ts';

const SIGNALS = ['traces', 'logs', 'metrics'] as const;
const NO_RESOURCE: Readonly<Record<string, string>> = Object.freeze({});

interface BlockRow {
  id: bigint;
  stage: bigint;
  first_member: bigint;
  last_member: bigint;
  signal: Signal;
  encoding: Encoding;
  compression: StoredCompression;
  count: bigint;
  min_unix_nano: bigint;
  max_unix_nano: bigint;
  arrival_unix_nano: bigint;
  bytes: bigint;
  series_set: bigint;
  services: string;
  service_records: string;
  resource: string;
}

/** Filters are read when a query needs them: in the catalogue they would take more room than all the rest. */
const NO_BLOOM = new Uint32Array(0);

/** What is known of every stored block without reading it: about half a kilobyte each. */
export class Catalog {
  /** In order of arrival. */
  readonly #blocks: Record<Signal, BlockMeta[]> = { traces: [], logs: [], metrics: [] };
  /** Signals whose blocks a snapshot holds too: they are copied before they are changed. */
  readonly #shared = new Set<Signal>();
  #lastId = 0;

  /** Reads all rows but their blobs. */
  static load(db: DatabaseSync): Catalog {
    const catalog = new Catalog();
    catalog.addStored(db);
    return catalog;
  }

  /** Takes in the rows that are newer than all it knows. */
  addStored(db: DatabaseSync): void {
    const rows = db.prepare(
      `SELECT id, stage, first_member, last_member, signal, encoding, compression, count, min_unix_nano, max_unix_nano, arrival_unix_nano, bytes,
        series_set, services, service_records, resource FROM blocks WHERE id > ? ORDER BY id`,
    );
    rows.setReadBigInts(true);
    for (const row of rows.iterate(this.#lastId)) this.add(metaOf(row as unknown as BlockRow));
    const last = db.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'blocks'`).get();
    this.#lastId = Math.max(this.#lastId, Number(last?.['seq'] ?? 0));
  }

  /** The catalogue as it is now; what is added or removed later leaves it as it is. */
  snapshot(): Catalog {
    const copy = new Catalog();
    copy.#lastId = this.#lastId;
    for (const signal of SIGNALS) {
      copy.#blocks[signal] = this.#blocks[signal];
      copy.#shared.add(signal);
      this.#shared.add(signal);
    }
    return copy;
  }

  /** Id of the newest block there ever was. */
  get lastId(): number {
    return this.#lastId;
  }

  add(meta: BlockMeta): void {
    if (this.#shared.delete(meta.signal)) this.#blocks[meta.signal] = this.#blocks[meta.signal].slice();
    const blocks = this.#blocks[meta.signal];
    const last = blocks.at(-1);
    const block = { ...meta, bloom: NO_BLOOM };
    if (last === undefined || byArrival(last, block) <= 0) blocks.push(block);
    else blocks.splice(placeOf(blocks, block), 0, block);
    this.#lastId = Math.max(this.#lastId, meta.id);
  }

  remove(ids: ReadonlySet<number>): void {
    if (ids.size === 0) return;
    for (const signal of SIGNALS) {
      this.#shared.delete(signal);
      this.#blocks[signal] = this.#blocks[signal].filter((block) => !ids.has(block.id));
    }
  }

  /** Blocks with members up to `lastMember` that may hold records of the range; a copy that stays as it is. */
  select(signal: Signal, lastMember: number, range?: TimeRange): BlockMeta[] {
    return this.#blocks[signal].filter(
      (block) =>
        block.firstMember <= lastMember &&
        (range === undefined ||
          (block.maxUnixNano >= range.fromUnixNano && block.minUnixNano < range.toUnixNano)),
    );
  }

  /** True when a block may hold records of the range. */
  holds(signal: Signal, { fromUnixNano, toUnixNano }: TimeRange): boolean {
    return this.#blocks[signal].some(
      (block) => block.maxUnixNano >= fromUnixNano && block.minUnixNano < toUnixNano,
    );
  }

  /** Those of the blocks that are stored now. */
  present(ids: readonly number[]): BlockMeta[] {
    const wanted = new Set(ids);
    return Object.values(this.#blocks).flatMap((blocks) => blocks.filter((block) => wanted.has(block.id)));
  }

  /** All blocks in order of arrival. */
  all(): BlockMeta[] {
    const { traces, logs, metrics } = this.#blocks;
    return [...traces, ...logs, ...metrics].sort(byArrival);
  }
}

/** A sealed block stands where its first member stood. */
function byArrival(a: BlockMeta, b: BlockMeta): number {
  return a.firstMember - b.firstMember || a.id - b.id;
}

/** Where the block belongs among those in order. */
function placeOf(blocks: readonly BlockMeta[], block: BlockMeta): number {
  let [low, high] = [0, blocks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (byArrival(blocks[middle]!, block) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function metaOf(row: BlockRow): BlockMeta {
  return {
    id: Number(row.id),
    stage: row.stage === 1n ? 'sealed' : 'raw',
    firstMember: Number(row.first_member),
    lastMember: Number(row.last_member),
    signal: row.signal,
    encoding: row.encoding,
    compression: row.compression,
    count: Number(row.count),
    minUnixNano: row.min_unix_nano,
    maxUnixNano: row.max_unix_nano,
    arrivalUnixNano: row.arrival_unix_nano,
    bytes: Number(row.bytes),
    seriesSet: Number(row.series_set),
    services: JSON.parse(row.services) as string[],
    ...unpackServices(row.service_records),
    resource: row.resource === '{}' ? NO_RESOURCE : (JSON.parse(row.resource) as Record<string, string>),
    bloom: NO_BLOOM,
  };
}
