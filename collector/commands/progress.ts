import type { Store, TimeRange } from '../storage/store.ts';
import { NANOS_PER_MS } from '../telemetry/clock.ts';

/** A line of the terminal that changes, and the time between changes. */
export interface LiveLine {
  /** Shows a line in the place of the one before; '' takes it away. Nothing where nobody looks. */
  show(line: string): void;
  /** Calls `then` every `ms` milliseconds until what it answers is called. */
  every(ms: number, then: () => void): () => void;
}

/** Is told what a command is doing. */
export interface Progress {
  doing(what: string): void;
}

const EVERY_MS = 1000;

/** Does work, and shows from the first second on what is being done and for how long; the line goes with the work. */
export async function withProgress<T>(
  { show, every }: LiveLine,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  let what = '';
  let seconds = 0;
  const shown = () => {
    if (what !== '') show(`${what} … ${seconds} s`);
  };
  const stop = every(EVERY_MS, () => {
    seconds++;
    shown();
  });
  const doing = (next: string) => {
    what = next;
    if (seconds > 0) shown();
  };
  try {
    return await work({ doing });
  } finally {
    stop();
    if (seconds > 0) show('');
  }
}

/** The store, telling before each query what is read of which time. */
export function toldReads(store: Store, { doing }: Progress): Store {
  const reading = (what: string, { fromUnixNano, toUnixNano }: TimeRange) =>
    doing(`reading ${what} of ${timeOf(fromUnixNano)} – ${timeOf(toUnixNano)}`);
  return {
    append: (batches) => store.append(batches),
    trace: (query, options) => {
      doing(`reading ${query.traceIds.length} traces`);
      return store.trace(query, options);
    },
    findTraces: (query, options) => {
      reading('traces', query.filter);
      return store.findTraces(query, options);
    },
    findLogs: (query, options) => {
      reading('log lines', query);
      return store.findLogs(query, options);
    },
    series: (query, options) => {
      reading('series', query);
      return store.series(query, options);
    },
    aggregate: (query, options) => {
      reading('durations', query.filter);
      return store.aggregate(query, options);
    },
    scanSpans: (query, options) => {
      reading('spans', query);
      return store.scanSpans(query, options);
    },
    scanLogs: (query, options) => {
      reading('log lines', query);
      return store.scanLogs(query, options);
    },
    spanDensity: (query, options) => store.spanDensity(query, options),
    put: (kind, document) => store.put(kind, document),
    list: (kind, query) => store.list(kind, query),
    checkpoint: (source) => store.checkpoint(source),
    status: () => store.status(),
    evict: () => store.evict(),
    close: () => store.close(),
  };
}

/** `14:22:10`, UTC. */
function timeOf(unixNano: bigint): string {
  const date = new Date(Number(unixNano / NANOS_PER_MS));
  return Number.isNaN(date.getTime()) ? 'the beginning' : date.toISOString().slice(11, 19);
}
