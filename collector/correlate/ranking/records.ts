import type { Side } from './windows.ts';

/** A request that entered a service: a span whose parent is missing or in another service, with what it did below. */
export interface EntryColumns {
  service: Uint32Array;
  /** Route with its method, else the span's name. */
  operation: Uint32Array;
  /** Traces are numbered. */
  trace: Uint32Array;
  side: Int8Array;
  startMs: Float64Array;
  durationMs: Float64Array;
  /** Duration less what its calls took. */
  selfMs: Float64Array;
}

/** Times of calls: to another service the caller's span less the callee's, which is the network's and its queues'. */
export interface CallColumns {
  caller: Uint32Array;
  /** Service that answered; for a call that nobody's span answers, the number of its name. */
  callee: Uint32Array;
  side: Int8Array;
  startMs: Float64Array;
  ms: Float64Array;
  /** Trace of each call. */
  trace: Uint32Array;
}

/** Something that an entry did or wrote, by which requests are told apart. */
export interface Feature {
  kind: 'log' | 'call' | 'failed';
  /** Caller or template of a log line; service and operation that were called; '' of a failure. */
  name: string;
  /** Of a log line: its level and its message without values. */
  level: string;
  text: string;
  isError: boolean;
}

/**
 * Log lines that belong to no entry, told by service and time alone: each a second in which a service wrote a template,
 * at the time of its first line.
 */
export interface LooseColumns {
  service: Uint32Array;
  feature: Uint32Array;
  side: Int8Array;
  startMs: Float64Array;
}

/** Where a feature was met: ids as lower-case hex, '' where there is none. */
export interface Example {
  traceId: string;
  spanId: string;
  timeUnixNano: bigint;
}

/** Requests of all services in a quiet and a troubled time, as columns; strings stand in lists, by their number. */
export interface SystemRecords {
  services: readonly string[];
  operations: readonly string[];
  features: readonly Feature[];
  entries: EntryColumns;
  /** Gaps between services. */
  gaps: CallColumns;
  /** Calls that leave what is traced: databases, caches, foreign APIs. */
  leaves: CallColumns;
  /** Pairs of an entry and a feature it has, each once. */
  had: { entry: Uint32Array; feature: Uint32Array };
  loose: LooseColumns;
  /** First log line of each feature in each service during the incident, by `service feature` in their numbers. */
  examples: ReadonlyMap<string, Example>;
  /** Id of trace number `n`, as lower-case hex. */
  traceId(n: number): string;
  spans: number;
  logs: number;
  /** Texts of log lines for which there was no room for a template: told as one. */
  textsBeyond: number;
  /** Gives their memory back at once; nothing may be read of them any more. */
  release(): void;
}

/** The same records, each that had a side on the one that `sideOf` tells of its time. */
export function withSides(records: SystemRecords, sideOf: (ms: number) => Side): SystemRecords {
  const sided = <C extends { side: Int8Array; startMs: Float64Array }>(columns: C): C => ({
    ...columns,
    side: columns.side.map((side, i) => (side < 0 ? -1 : sideOf(columns.startMs[i]!))),
  });
  return {
    ...records,
    entries: sided(records.entries),
    gaps: sided(records.gaps),
    leaves: sided(records.leaves),
    loose: sided(records.loose),
  };
}
