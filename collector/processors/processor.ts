import type { Batch } from '../telemetry/batch.ts';
import type { Clock } from '../telemetry/clock.ts';

/** What every processor is handed. */
export interface ProcessorDeps {
  clock: Clock;
}

/** A batch that goes no further; the reason is counted under its name. */
export interface Dropped {
  dropped: string;
  records: number;
}

/** Looks at one batch between receiver and store: passes it on, another in its place, or drops it with a reason. */
export type Processor = (batch: Batch, deps: ProcessorDeps) => Batch | Dropped;

/** True when a processor dropped the batch. */
export function isDropped(result: Batch | Dropped): result is Dropped {
  return 'dropped' in result;
}
