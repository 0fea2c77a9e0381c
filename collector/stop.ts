import type { Logger } from 'pino';

/** What was started and is to be stopped. */
export interface Part {
  name: string;
  stop(): Promise<void>;
}

/**
 * Stops the parts, last started first, each once. One that fails is logged and does not keep the others, the store
 * above all, from being stopped; rejects with the failures at the end.
 */
export async function stopAll(started: Part[], log: Pick<Logger, 'error'>): Promise<void> {
  const failures: unknown[] = [];
  for (let part = started.pop(); part; part = started.pop()) {
    try {
      await part.stop();
    } catch (error) {
      log.error({ part: part.name, err: error }, 'a part did not stop as it should; the others are stopped');
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} parts failed to stop`);
}
