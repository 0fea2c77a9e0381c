import type { Batch } from '../telemetry/batch.ts';
import type { Clock } from '../telemetry/clock.ts';

/** Records that are not kept although the others are, and why. */
export interface DroppedRecords {
  records: number;
  reason: string;
}

/**
 * Hands batches on; resolves when they are durable, to what of them was dropped for good, if anything; rejects with a
 * CollectorError when none of them is kept. Once it has settled the receiver may use the memory of the bodies again, and of the
 * columns that were read from them.
 */
export type Consume = (batches: readonly Batch[]) => Promise<DroppedRecords | undefined>;

/** Counts what a receiver did with the records it got, by signal; the edge turns it into metrics. */
export interface ReceiverStats {
  accepted(receiver: string, signal: 'traces' | 'logs' | 'metrics', records: number): void;
  refused(receiver: string, signal: 'traces' | 'logs' | 'metrics', records: number, reason: string): void;
}

/** What every receiver is handed. */
export interface ReceiverDeps {
  consume: Consume;
  stats: ReceiverStats;
  clock: Clock;
  /** One line for the operator: what happened, where, what to do. */
  warn(message: string, fields?: Record<string, unknown>): void;
}

/** A running receiver. `stop` resolves when nothing is under way any more and what was taken in is durable. */
export interface Receiver {
  name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Runs `task` once after `ms` milliseconds; the result cancels it. */
export type Schedule = (task: () => void, ms: number) => () => void;

/** Timers of the machine. */
export const systemSchedule: Schedule = (task, ms) => {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
};

/** What a receiver tells its caller or operator of a failure: the message of an error, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
