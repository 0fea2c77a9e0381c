/** Reader workers: started when a query comes, ended when none has come for a while, replaced when one fails. */
import { Worker } from 'node:worker_threads';
import { CollectorError } from '../../telemetry/errors.ts';
import type { QueryOptions } from '../store.ts';
import type { FromReader, ReaderWorkerData, ToReader } from './reader-messages.ts';
import type { AnswerOf, QueryName, QueryOf } from './reader-session.ts';
import { LANES, Places, type Readers } from './readers.ts';

export interface ReaderPoolOptions extends ReaderWorkerData {
  /** Workers at the most. */
  workers: number;
  /** Milliseconds without a query after which a worker ends; a minute by default. */
  idleMs?: number;
  /** The worker's file; its own by default. */
  file?: URL;
}

const IDLE_MS = 60_000;
/** A query that needs more ends its worker, not the collector. */
const MAX_HEAP_MB = 1024;
/** Columns are no objects: a small nursery serves as well, and a large one is memory that is never given back. */
const MAX_YOUNG_MB = 8;

/** Beside this file in the sources, beside the bundle in the package. */
const WORKER_FILE = import.meta.url.endsWith('.ts') ? './reader-worker.ts' : './reader-worker.js';

interface Waiting {
  resolve(answer: AnswerOf<QueryName>): void;
  reject(error: CollectorError): void;
}

/** A worker and the queries that it is at. */
interface Member {
  worker: Worker;
  waiting: Map<number, Waiting>;
  idle: NodeJS.Timeout | undefined;
}

export class ReaderPool implements Readers {
  readonly #options: ReaderPoolOptions;
  readonly #places: Places;
  readonly #members = new Set<Member>();
  #lastId = 0;
  #isClosed = false;

  constructor(options: ReaderPoolOptions) {
    this.#options = options;
    this.#places = new Places(options.workers * LANES);
  }

  /** Workers there are now. */
  get running(): number {
    return this.#members.size;
  }

  async ask<N extends QueryName>(
    name: N,
    query: QueryOf<N>,
    options: QueryOptions = {},
  ): Promise<AnswerOf<N>> {
    const { signal, ...others } = options;
    const askedMs = performance.now();
    throwIfGone(signal);
    await this.#places.take();
    try {
      throwIfGone(signal);
      if (this.#isClosed) throw new CollectorError('store-failed', 'The store was closed amid the query.');
      const waitedMs = performance.now() - askedMs;
      const left =
        others.timeoutMs === undefined ? {} : { timeoutMs: Math.max(0, others.timeoutMs - waitedMs) };
      return (await this.#send(name, query, { ...others, ...left }, signal)) as AnswerOf<N>;
    } finally {
      this.#places.release();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#members].map((member) => this.#end(member, 'was closed')));
  }

  #send(
    name: QueryName,
    query: QueryOf<QueryName>,
    options: Omit<QueryOptions, 'signal'>,
    signal: AbortSignal | undefined,
  ): Promise<AnswerOf<QueryName>> {
    const member = this.#leastBusy();
    const id = ++this.#lastId;
    const cancel = () => tell(member, { kind: 'cancel', id });
    return new Promise<AnswerOf<QueryName>>((resolve, reject) => {
      clearTimeout(member.idle);
      member.waiting.set(id, { resolve, reject });
      member.worker.ref();
      signal?.addEventListener('abort', cancel, { once: true });
      tell(member, { kind: 'ask', id, name, query, options });
    }).finally(() => signal?.removeEventListener('abort', cancel));
  }

  /** A worker without a query, a new one while there may be more, or the one with the fewest. */
  #leastBusy(): Member {
    let best: Member | undefined;
    for (const member of this.#members) {
      if (best === undefined || member.waiting.size < best.waiting.size) best = member;
    }
    if (best === undefined || (best.waiting.size > 0 && this.#members.size < this.#options.workers))
      return this.#start();
    return best;
  }

  #start(): Member {
    const { path, cacheBytes, file = new URL(WORKER_FILE, import.meta.url) } = this.#options;
    const worker = new Worker(file, {
      workerData: { path, cacheBytes } satisfies ReaderWorkerData,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, maxYoungGenerationSizeMb: MAX_YOUNG_MB },
    });
    const member: Member = { worker, waiting: new Map(), idle: undefined };
    this.#members.add(member);
    worker.on('message', (message: FromReader) => this.#settle(member, message));
    worker.on('error', (error: unknown) =>
      this.#lose(member, error instanceof Error ? error.message : String(error)),
    );
    worker.on('exit', () => this.#lose(member, 'it ended'));
    return member;
  }

  #settle(member: Member, message: FromReader): void {
    const waiting = member.waiting.get(message.id);
    member.waiting.delete(message.id);
    if (member.waiting.size === 0) {
      member.worker.unref();
      member.idle = setTimeout(
        () => void this.#end(member, 'ended'),
        this.#options.idleMs ?? IDLE_MS,
      ).unref();
    }
    if ('answer' in message) waiting?.resolve(message.answer);
    else {
      const { code, message: text, ...others } = message.error;
      waiting?.reject(new CollectorError(code, text, others));
    }
  }

  /** The worker is gone, its queries with it; the next query starts another. */
  #lose(member: Member, why: string): void {
    this.#members.delete(member);
    clearTimeout(member.idle);
    const error = new CollectorError(
      'store-failed',
      `The reader of the store failed amid the query (${why}); ask again, for a shorter time range if it fails once more.`,
      { retryAfterSeconds: 1 },
    );
    for (const waiting of member.waiting.values()) waiting.reject(error);
    member.waiting.clear();
  }

  async #end(member: Member, why: string): Promise<void> {
    this.#lose(member, why);
    await member.worker.terminate();
  }
}

function tell(member: Member, message: ToReader): void {
  member.worker.postMessage(message);
}

function throwIfGone(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CollectorError('cancelled', 'The query was cancelled by its reader.');
}
