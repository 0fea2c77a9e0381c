/** Pages: limits, cursors that hold a place in an order, and the few best of many. */
import { hash } from 'node:crypto';
import { CollectorError } from '../../telemetry/errors.ts';
import { toHex } from '../../telemetry/ids.ts';
import type { QueryOptions } from '../store.ts';

/** A place in the order of an answer: the sort key of the last record, and the newest block that belongs to it. */
interface Cursor {
  /** Hash of the query, so that a cursor is not taken for another question's. */
  query: string;
  lastBlock: number;
  key: string[];
}

/** What every query works out of its options before it begins. */
export interface PageRequest {
  limit: number;
  /** Newest block that the answer may hold; the same on every page. */
  lastBlock: number;
  /** Sort key behind which the page begins. */
  after: string[] | undefined;
  /** The cursor behind the record of this sort key. */
  cursorAt(key: string[]): string;
}

/** Throws `bad-request` for a limit that is no positive integer, or a cursor of another query. */
export function pageRequest(
  name: string,
  query: unknown,
  options: QueryOptions,
  defaultLimit: number,
  newestBlock: number,
): PageRequest {
  const limit = options.limit ?? defaultLimit;
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new CollectorError('bad-request', `A limit of ${limit} is not a positive integer.`);
  }
  const queryHash = hash('sha1', JSON.stringify([name, query], plain)).slice(0, 16);
  const cursor = options.cursor === undefined ? undefined : parseCursor(options.cursor, queryHash);
  const lastBlock = cursor?.lastBlock ?? newestBlock;
  return {
    limit,
    lastBlock,
    after: cursor?.key,
    cursorAt: (key) => renderCursor({ query: queryHash, lastBlock, key }),
  };
}

function parseCursor(text: string, queryHash: string): Cursor {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(value) && value[0] === queryHash && Number.isSafeInteger(value[1])) {
      const key: unknown[] = value.slice(2);
      if (key.every((part) => typeof part === 'string'))
        return { query: queryHash, lastBlock: value[1], key };
    }
  } catch {
    // Not JSON: refused below with the rest.
  }
  throw new CollectorError('bad-request', 'The cursor is not one of this query; begin again without it.');
}

function renderCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify([cursor.query, cursor.lastBlock, ...cursor.key])).toString('base64url');
}

function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  return value instanceof Uint8Array ? toHex(value) : value;
}

/** Keeps the first `size` of all pushed items in the order of `compare`, with room for twice as many. */
export class Best<T> {
  readonly #size: number;
  readonly #compare: (a: T, b: T) => number;
  #items: T[] = [];
  #worst: T | undefined;

  constructor(size: number, compare: (a: T, b: T) => number) {
    this.#size = size;
    this.#compare = compare;
  }

  /** The last of those kept, once there are enough of them. */
  get worst(): T | undefined {
    return this.#worst;
  }

  push(item: T): void {
    if (this.#worst !== undefined && this.#compare(item, this.#worst) >= 0) return;
    this.#items.push(item);
    if (this.#items.length >= this.#size * 2 + 64) this.#shrink();
  }

  sorted(): T[] {
    this.#shrink();
    return this.#items;
  }

  #shrink(): void {
    this.#items.sort(this.#compare);
    if (this.#items.length < this.#size) return;
    this.#items.length = this.#size;
    this.#worst = this.#items[this.#size - 1];
  }
}

export function compareBigints(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
