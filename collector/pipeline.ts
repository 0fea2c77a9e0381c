import type { Intake } from './own/intake.ts';
import {
  type Dropped,
  isDropped,
  type Observer,
  type Processor,
  type ProcessorDeps,
} from './processors/processor.ts';
import type { Consume } from './receivers/receiver.ts';
import type { Store } from './storage/store.ts';
import { type Batch, checkpointOnly } from './telemetry/batch.ts';

/**
 * From receivers to the store: every batch passes every processor of `before` in order, what is left is appended as
 * one unit, and then the observers of `after` are told. A dropped batch is counted; its checkpoint is kept, or a file
 * would be read again for ever. When a processor refuses one batch, or the store cannot write, nothing of what was
 * handed in has happened: nothing is appended, counted or observed, and the processors take back what they noted.
 */
export function createPipeline(
  { before, after }: { before: readonly Processor[]; after: readonly Observer[] },
  store: Pick<Store, 'append'>,
  intake: Pick<Intake, 'dropped'>,
  deps: ProcessorDeps,
): Consume {
  return async (batches) => {
    const passed: { processor: Processor; batch: Batch }[] = [];
    const drops: { name: string; batch: Batch; drop: Dropped }[] = [];
    const through = (batch: Batch): Batch | undefined => {
      let current = batch;
      for (const processor of before) {
        const result = processor.process(current, deps);
        if (isDropped(result)) {
          drops.push({ name: processor.name, batch, drop: result });
          return checkpointOnly(batch.checkpoint);
        }
        passed.push({ processor, batch: current });
        current = result;
      }
      return current;
    };
    try {
      const units = batches.map(through).filter((batch) => batch !== undefined);
      if (units.length > 0) await store.append(units);
    } catch (error) {
      for (const { processor, batch } of passed.toReversed()) processor.undo?.(batch, deps);
      throw error;
    }
    for (const { name, batch, drop } of drops) {
      intake.dropped(name, batch.signal, drop.records, drop.dropped);
    }
    for (const batch of batches) for (const observe of after) observe(batch);
  };
}
