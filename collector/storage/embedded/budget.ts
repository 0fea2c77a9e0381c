import { CollectorError } from '../../telemetry/errors.ts';
import type { QueryOptions } from '../store.ts';

/** What a query needs of the machine, handed in. */
export interface BudgetDeps {
  /** Milliseconds of a clock that never goes back; only differences count. */
  monotonicMs(): number;
  /** Resolves after pending I/O had its turn. */
  breathe(): Promise<void>;
}

/** A query holds the event loop no longer than this at a stretch, so that ingest goes on beside it. */
const SLICE_MS = 4;

/** Deadline of a query that names none: while it reads, the log of the file cannot be written anew from its beginning. */
const DEFAULT_TIMEOUT_MS = 30_000;

/** Deadline, cancellation and good manners of one query. */
export class Budget {
  readonly #deps: BudgetDeps;
  readonly #startedMs: number;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  #sliceMs: number;
  readonly #blocks = new Set<number>();
  /** Records of the blocks read so far. */
  examined = 0;

  constructor(options: QueryOptions, deps: BudgetDeps) {
    this.#deps = deps;
    this.#startedMs = deps.monotonicMs();
    this.#sliceMs = this.#startedMs;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#signal = options.signal;
    this.#check(this.#startedMs);
  }

  /** To be awaited between blocks, and every few hundred records where records are decoded. */
  async pause(): Promise<void> {
    const nowMs = this.#deps.monotonicMs();
    this.#check(nowMs);
    if (nowMs - this.#sliceMs < SLICE_MS) return;
    await this.#deps.breathe();
    this.#sliceMs = this.#deps.monotonicMs();
    this.#check(this.#sliceMs);
  }

  /** Counts the records of a block that was read; once, however often the query comes back to it. */
  read(block: { id: number; count: number }): void {
    if (this.#blocks.has(block.id)) return;
    this.#blocks.add(block.id);
    this.examined += block.count;
  }

  #check(nowMs: number): void {
    if (this.#signal?.aborted) {
      throw new CollectorError('cancelled', 'The query was cancelled by its reader.');
    }
    if (nowMs - this.#startedMs >= this.#timeoutMs) {
      throw new CollectorError(
        'too-slow',
        `The query was given up after ${this.#timeoutMs} ms; ask for a shorter time range or add a condition.`,
        { retryAfterSeconds: 1 },
      );
    }
  }
}
