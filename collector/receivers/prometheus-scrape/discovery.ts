import { messageOf, type Schedule } from '../receiver.ts';
import type { FoundLabels } from './target-of.ts';

/** What a discovery tells: all targets it knows now, each time they may have changed, or why it could not look. */
export interface DiscoveryReport {
  /** `problem`: a part of the look failed, and its targets are those of the look before. */
  found(targets: readonly FoundLabels[], problem?: string): void;
  /** All targets found before stay. */
  failed(problem: string): void;
}

/** A way to find targets. `stop` resolves when nothing is under way any more. */
export interface Discovery {
  /** For the status: `dns shop.internal`. */
  readonly name: string;
  start(report: DiscoveryReport): void;
  stop(): Promise<void>;
}

/** Waits, unless the signal ends the waiting before. */
export function pause(schedule: Schedule, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const cancel = schedule(done, ms);
    function done(): void {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}

/** A discovery that runs until it is stopped; `run` must end soon after its signal. */
export function running(
  name: string,
  run: (report: DiscoveryReport, signal: AbortSignal) => Promise<void>,
): Discovery {
  const abort = new AbortController();
  let underway: Promise<void> = Promise.resolve();
  return {
    name,
    start: (report) => {
      underway = run(report, abort.signal);
    },
    stop: async () => {
      abort.abort();
      await underway;
    },
  };
}

/** A discovery that looks again and again, `everyMs` after the last look ended. */
export function polling(
  name: string,
  everyMs: number,
  look: () => Promise<{ targets: readonly FoundLabels[]; problems: readonly string[] }>,
  schedule: Schedule,
): Discovery {
  return running(name, async (report, signal) => {
    while (!signal.aborted) {
      try {
        const { targets, problems } = await look();
        if (signal.aborted) return;
        report.found(targets, problems.length > 0 ? problems.join('; ') : undefined);
      } catch (error) {
        if (!signal.aborted) report.failed(messageOf(error));
      }
      await pause(schedule, everyMs, signal);
    }
  });
}
