import { CollectorError } from '../telemetry/errors.ts';

/** Seconds after which who is refused may come again: most answers take no longer. */
const COME_AGAIN_SECONDS = 5;

/** Runs one piece of work at a time, and none for longer than a while. */
export interface OneAtATime {
  /**
   * Runs `work`, whose signal ends with the reader's or at the deadline. Rejects with `overloaded` while other work is under
   * way, `too-slow` at the deadline, `cancelled` when the reader has gone.
   */
  run<T>(reader: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** `what` names the work in errors: `An explanation`; `after` is the signal of a time that has passed. */
export function createOneAtATime(
  { what, deadlineMs }: { what: string; deadlineMs: number },
  after: (ms: number) => AbortSignal = AbortSignal.timeout,
): OneAtATime {
  let isBusy = false;
  return {
    run: async (reader, work) => {
      if (isBusy) {
        const message = `${what} is under way, and one is made at a time; ask again in ${COME_AGAIN_SECONDS} s.`;
        throw new CollectorError('overloaded', message, { retryAfterSeconds: COME_AGAIN_SECONDS });
      }
      isBusy = true;
      const deadline = after(deadlineMs);
      try {
        return await work(AbortSignal.any([reader, deadline]));
      } catch (error) {
        if (reader.aborted) throw new CollectorError('cancelled', 'The reader went away.', { cause: error });
        if (!deadline.aborted) throw error;
        const message = `${what} did not end within ${deadlineMs / 1000} s; ask for a shorter time.`;
        throw new CollectorError('too-slow', message, { cause: error });
      } finally {
        isBusy = false;
      }
    },
  };
}
