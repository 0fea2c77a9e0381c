/** Server spans of one route that started within one step. */
export interface RecentGroup {
  service: string;
  method: string;
  route: string;
  /** Start of the step. */
  fromUnixNano: bigint;
  count: number;
  errors: number;
  /** Durations in milliseconds at the asked quantiles. */
  quantilesMs: number[];
  /** False when each surely stands for itself alone. */
  mayBeSampled: boolean;
}

export interface RecentQuery {
  fromUnixNano: bigint;
  toUnixNano: bigint;
  stepNano: bigint;
  quantiles: readonly number[];
}

/** Counts of server spans that are kept in memory, so that what was just stored need not be read back. */
export interface RecentSpans {
  /** Nothing before it is answered; it moves on. */
  readonly sinceUnixNano: bigint;
  /** Undefined when the memory does not cover the range whole. */
  read(query: RecentQuery): RecentGroup[] | undefined;
}
