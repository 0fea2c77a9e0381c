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

interface Stages {
  /** What nobody behind may see (secrets) is taken out here; these pass every batch. */
  first?: readonly Processor[];
  before: readonly Processor[];
  after: readonly Observer[];
}

/**
 * From receivers to the store: every batch passes every processor of `first` and of `before` in order, what is left is
 * appended as one unit, and then the observers of `after` are told of what `first` had made of it. What is dropped is
 * counted and told; the checkpoint of a dropped batch is kept, or a file would be read again for ever. When a processor refuses one batch, or the store cannot write, nothing of what was
 * handed in has happened: nothing is appended, counted or observed, and the processors take back what they noted.
 */
export function createPipeline(
  { first = [], before, after }: Stages,
  store: Pick<Store, 'append'>,
  intake: Pick<Intake, 'dropped'>,
  deps: ProcessorDeps,
): Consume {
  return async (batches) => {
    const passed: { processor: Processor; batch: Batch }[] = [];
    const drops: { name: string; batch: Batch; drop: Dropped }[] = [];
    const through = (batch: Batch, processors: readonly Processor[]): Batch | undefined => {
      let current = batch;
      for (const processor of processors) {
        const result = processor.process(current, deps);
        const rest = isDropped(result) ? result.rest : result;
        if (isDropped(result)) drops.push({ name: processor.name, batch, drop: result });
        if (!rest) return checkpointOnly(batch.checkpoint);
        passed.push({ processor, batch: current });
        current = rest;
      }
      return current;
    };
    let came: readonly Batch[] = batches;
    try {
      if (first.length > 0) came = batches.map((batch) => through(batch, first)).filter(isThere);
      const units = came.map((batch) => through(batch, before)).filter(isThere);
      if (units.length > 0) await store.append(units);
    } catch (error) {
      for (const { processor, batch } of passed.toReversed()) processor.undo?.(batch, deps);
      throw error;
    }
    for (const { name, batch, drop } of drops) {
      intake.dropped(name, batch.signal, drop.records, drop.dropped);
    }
    for (const batch of came) for (const observe of after) observe(batch);
    if (drops.length === 0) return undefined;
    const reasons = new Set(drops.map(({ drop }) => drop.dropped));
    return {
      records: drops.reduce((sum, { drop }) => sum + drop.records, 0),
      reason: [...reasons].join(', '),
    };
  };
}

function isThere(batch: Batch | undefined): batch is Batch {
  return batch !== undefined;
}
