import type { Logger } from 'pino';
import { CollectorError } from './telemetry/errors.ts';

/**
 * Runs `work` every so often, never twice at once; a failure is logged and the next turn comes all the same. The result
 * stops it: what is under way is told by its signal, and awaited. That it was cancelled then is no failure.
 */
export function repeat(
  everyMs: number,
  work: (stopping: AbortSignal) => Promise<void>,
  log: Pick<Logger, 'error'>,
  first: 'at once' | 'later' = 'later',
): () => Promise<void> {
  const stopping = new AbortController();
  let underway = Promise.resolve();
  let busy = false;
  const failed = (error: unknown) => {
    if (stopping.signal.aborted && isCancelled(error, stopping.signal)) return;
    log.error({ err: error }, 'a periodic task failed; it is tried again at its next turn');
  };
  const turn = () => {
    if (busy) return;
    busy = true;
    underway = work(stopping.signal)
      .catch(failed)
      .finally(() => {
        busy = false;
      });
  };
  const timer = setInterval(turn, everyMs);
  if (first === 'at once') turn();
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await underway;
  };
}

function isCancelled(error: unknown, { reason }: AbortSignal): boolean {
  return error === reason || (error instanceof CollectorError && error.code === 'cancelled');
}
