import type { Batch } from '../telemetry/batch.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Observer } from './processor.ts';

/** A clock that telemetry moves. */
export interface DataClock {
  clock: Clock;
  observe: Observer;
}

/**
 * Tells the newest time that any record had, so that recorded telemetry is looked at as if it came in now; until the
 * first record, what `before` tells. It never goes back.
 */
export function createDataClock(before: Clock): DataClock {
  let newest: bigint | undefined;
  return {
    clock: () => newest ?? before(),
    observe: (batch) => {
      const time = newestOf(batch);
      if (time !== undefined && (newest === undefined || time > newest)) newest = time;
    },
  };
}

function newestOf({ signal, index, count }: Batch): bigint | undefined {
  if (count === 0) return undefined;
  const times = signal === 'traces' ? index.startTimeUnixNano : index.timeUnixNano;
  let newest = times[0];
  for (const time of times) if (newest === undefined || time > newest) newest = time;
  return newest;
}
