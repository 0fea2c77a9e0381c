import type { Store } from '../storage/store.ts';
import type { Batch } from '../telemetry/batch.ts';
import { Histogram } from '../telemetry/histogram.ts';
import type { Signal } from '../telemetry/model.ts';

/** Seconds from handing a batch over until it is durable: a group waits 3 ms, a slow disk for seconds. */
const ACK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Records that one commit made durable. */
const COMMIT_RECORDS = [1, 8, 32, 128, 512, 2048, 8192, 32_768, 131_072];

interface Traffic {
  sent: number;
  failed: number;
  /** Batches that wait to become durable. */
  underway: number;
}

/** What goes into the store and what becomes of it: the store is to this collector what an exporter is to others. */
export class StoreTraffic {
  readonly signals: Record<Signal, Traffic> = { traces: none(), logs: none(), metrics: none() };
  readonly ackSeconds = new Histogram(ACK_SECONDS);
  readonly commitRecords = new Histogram(COMMIT_RECORDS);
  readonly #now: () => number;
  #committed = 0;

  /** `now` is a clock that only moves forward, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The store's `append`, counted. */
  counted(store: Pick<Store, 'append'>): Pick<Store, 'append'> {
    return {
      append: async (batches) => {
        const start = this.#now();
        for (const { signal } of batches) this.signals[signal].underway++;
        try {
          await store.append(batches);
          for (const { signal, count } of batches) this.signals[signal].sent += count;
          this.ackSeconds.observe((this.#now() - start) / 1000);
          this.#noteCommit(batches);
        } catch (error) {
          for (const { signal, count } of batches) this.signals[signal].failed += count;
          throw error;
        } finally {
          for (const { signal } of batches) this.signals[signal].underway--;
        }
      },
    };
  }

  /** Appends that one commit made durable are answered in one go, before anything else runs. */
  #noteCommit(batches: readonly Batch[]): void {
    const records = batches.reduce((sum, { count }) => sum + count, 0);
    if (this.#committed === 0 && records > 0) queueMicrotask(() => this.#endCommit());
    this.#committed += records;
  }

  #endCommit(): void {
    this.commitRecords.observe(this.#committed);
    this.#committed = 0;
  }
}

function none(): Traffic {
  return { sent: 0, failed: 0, underway: 0 };
}
