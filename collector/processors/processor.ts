import type { Batch } from '../telemetry/batch.ts';
import type { Clock } from '../telemetry/clock.ts';

/** What every processor is handed. */
export interface ProcessorDeps {
  clock: Clock;
}

/**
 * Records that go no further and never could: those of a whole batch, or single ones of which `rest` is what is left.
 * The reason is counted under the processor's name.
 */
export interface Dropped {
  dropped: string;
  records: number;
  rest?: Batch;
}

/** Looks at batches between receiver and store. */
export interface Processor {
  name: string;
  /**
   * Passes a batch on, another in its place, or drops it or a part of it for good with a reason. What may pass later is not dropped:
   * `process` throws a retryable CollectorError, and the sender keeps the batch and sends it again.
   */
  process(batch: Batch, deps: ProcessorDeps): Batch | Dropped;
  /**
   * Takes back what `process` noted for a batch that it passed and that was not stored after all, because a batch
   * handed in with it was refused or the store could not write: it comes again and must not count twice.
   */
  undo?(batch: Batch, deps: ProcessorDeps): void;
}

/** Told of every batch as it arrived, but for its secrets, once it is durable; a batch that is refused and sent again is told once. Must not throw. */
export type Observer = (batch: Batch) => void;

/** True when a processor dropped the batch or a part of it. */
export function isDropped(result: Batch | Dropped): result is Dropped {
  return 'dropped' in result;
}
