import type { Intake } from './own/intake.ts';
import { isDropped, type Processor, type ProcessorDeps } from './processors/processor.ts';
import type { Consume } from './receivers/receiver.ts';
import type { Store } from './storage/store.ts';
import { type Batch, checkpointOnly } from './telemetry/batch.ts';

/**
 * From receivers to the store: every batch passes every processor in order, what is left is appended as one unit.
 * A dropped batch is counted; its checkpoint is kept, or a file would be read again for ever.
 */
export function createPipeline(
  processors: readonly { name: string; process: Processor }[],
  store: Pick<Store, 'append'>,
  intake: Pick<Intake, 'dropped'>,
  deps: ProcessorDeps,
): Consume {
  const through = (batch: Batch): Batch | undefined => {
    let current = batch;
    for (const { name, process } of processors) {
      const result = process(current, deps);
      if (isDropped(result)) {
        intake.dropped(name, batch.signal, result.records, result.dropped);
        return undefined;
      }
      current = result;
    }
    return current;
  };
  return async (batches) => {
    const kept = batches.map((batch) => through(batch) ?? checkpointOnly(batch.checkpoint));
    const units = kept.filter((batch) => batch !== undefined);
    if (units.length > 0) await store.append(units);
  };
}
