/** Who answers queries: this thread, or workers. */
import { CollectorError } from '../../telemetry/errors.ts';
import type { QueryOptions } from '../store.ts';
import type { BudgetDeps } from './budget.ts';
import { type AnswerOf, type QueryName, type QueryOf, ReaderSession } from './reader-session.ts';

export interface Readers {
  /** Rejects with an error of the catalogue; `overloaded` when too many queries wait. */
  ask<N extends QueryName>(name: N, query: QueryOf<N>, options?: QueryOptions): Promise<AnswerOf<N>>;
  /** Ends what is under way. */
  close(): Promise<void>;
}

/** Queries at a time in one thread: a short one goes on beside a long one. */
export const LANES = 2;
/** Queries that wait for a free place; more are refused. */
const MAX_WAITING = 64;

/** Hands out a bounded number of places, first come, first served. */
export class Places {
  readonly #size: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Resolves when it is the caller's turn; `release` must follow. Rejects with `overloaded`. */
  async take(): Promise<void> {
    if (this.#taken < this.#size) {
      this.#taken++;
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) {
      throw new CollectorError(
        'overloaded',
        `${MAX_WAITING} queries wait for the store already; ask again in a moment.`,
        { retryAfterSeconds: 1 },
      );
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken--;
    else next();
  }
}

/** Answers in this thread, in slices. */
export function localReaders(path: string, cacheBytes: number, deps: BudgetDeps): Readers {
  const session = new ReaderSession(path, cacheBytes, deps);
  const places = new Places(LANES);
  return {
    ask: async <N extends QueryName>(
      name: N,
      query: QueryOf<N>,
      options: QueryOptions = {},
    ): Promise<AnswerOf<N>> => {
      await places.take();
      try {
        return (await session.run(name, query, options)) as AnswerOf<N>;
      } finally {
        places.release();
      }
    },
    close: async () => session.close(),
  };
}
