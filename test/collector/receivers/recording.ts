import type { DroppedRecords, ReceiverDeps } from '../../../collector/receivers/receiver.ts';
import type { Batch } from '../../../collector/telemetry/batch.ts';
import type { Clock } from '../../../collector/telemetry/clock.ts';

/** A consume that keeps what it gets, and can be told to refuse; stands for processors and store. */
export class Recording {
  readonly batches: Batch[] = [];
  readonly checkpoints = new Map<string, string>();
  readonly counts: string[] = [];
  readonly warnings: string[] = [];
  now = 1_700_000_000_000_000_000n;
  /** Thrown instead of keeping the batches, while set. */
  refuse: Error | undefined;
  /** Told to be dropped of what was kept, while set. */
  drop: DroppedRecords | undefined;
  #gate: { entered: () => void; released: Promise<void> } | undefined;

  readonly clock: Clock = () => this.now;

  /** Lets the next batches wait: `entered` resolves when the first is there, `release` lets all of them through. */
  hold(): { entered: Promise<void>; release: () => void } {
    const entered = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.#gate = { entered: entered.resolve, released: released.promise };
    return { entered: entered.promise, release: released.resolve };
  }

  get deps(): ReceiverDeps {
    return {
      clock: this.clock,
      consume: async (batches) => {
        this.#gate?.entered();
        await this.#gate?.released;
        if (this.refuse) throw this.refuse;
        for (const batch of batches) {
          this.batches.push(batch);
          if (batch.checkpoint) this.checkpoints.set(batch.checkpoint.source, batch.checkpoint.position);
        }
        return this.drop;
      },
      stats: {
        accepted: (receiver, signal, records) =>
          this.counts.push(`${receiver} ${signal} accepted ${records}`),
        refused: (receiver, signal, records, reason) =>
          this.counts.push(`${receiver} ${signal} refused ${records} ${reason}`),
      },
      warn: (message) => this.warnings.push(message),
    };
  }
}

/** Timers that fire when the test says so. */
export class ManualSchedule {
  readonly waiting: { task: () => void; ms: number }[] = [];

  readonly schedule = (task: () => void, ms: number): (() => void) => {
    const entry = { task, ms };
    this.waiting.push(entry);
    return () => {
      const at = this.waiting.indexOf(entry);
      if (at >= 0) this.waiting.splice(at, 1);
    };
  };

  /** Fires the first timer of `ms` milliseconds. */
  fire(ms: number): void {
    const at = this.waiting.findIndex((entry) => entry.ms === ms);
    if (at < 0) throw new Error(`no timer of ${ms} ms, only of ${this.waiting.map((w) => w.ms).join(', ')}`);
    this.waiting.splice(at, 1)[0]?.task();
  }
}
