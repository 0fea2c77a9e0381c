import type { Store, TimeRange } from '../../storage/store.ts';
import { counted, percent } from '../format.ts';
import type { ConfidenceTier } from '../incident.ts';
import { withLogContext } from './log-context.ts';
import { network } from './network.ts';
import { dependencies, selfTime } from './own-time.ts';
import { rank, type Suspect, tierOf } from './rank.ts';
import { readRecords, readWindows } from './read.ts';
import type { SystemRecords } from './records.ts';
import { resources } from './resources.ts';
import { shares } from './shares.ts';
import type { Suspicion } from './suspicion.ts';
import { LEAST_INCIDENT_NANO, sideOf, type Windows } from './windows.ts';

/** Everything that speaks against services in records of requests, one file each. */
const FROM_RECORDS: readonly ((records: SystemRecords) => Suspicion[])[] = [
  shares,
  network,
  selfTime,
  dependencies,
];

/** Which service an incident comes from, as far as all services' telemetry tells. */
export interface Ranking {
  windows: Windows;
  suspects: Suspect[];
  tier: ConfidenceTier;
  /** Why this tier and no higher one. */
  reason: string;
  /** What was not there to be looked at, in sentences. */
  lacked: string[];
  spans: number;
  logs: number;
}

/**
 * Ranks all services by what changed in them between quiet time and an incident: `onset` and `end` (now, of one that
 * lasts) in nanoseconds, `known` the times of other incidents, which are no quiet time.
 */
export async function rankServices(
  store: Store,
  asked: { onset: bigint; end: bigint; known: readonly TimeRange[] },
  deps: { signal: AbortSignal },
): Promise<Ranking> {
  const { onset, known } = asked;
  const end = asked.end > onset + LEAST_INCIDENT_NANO ? asked.end : onset + LEAST_INCIDENT_NANO;
  const windows = await readWindows(store, { onset, end, known }, deps);
  const { records, share } = await readRecords(
    store,
    [...windows.quiet, windows.incident],
    sideOf(windows),
    deps,
  );
  const usage = await resources(store, windows, known, deps);
  const ranked = rankRecords(records, usage);
  const suspects = await withLogContext(ranked, store, deps);
  return {
    windows,
    suspects,
    ...tierOf(suspects, windows.before),
    lacked: lackedOf(records, windows, share, usage.length),
    spans: records.spans,
    logs: records.logs,
  };
}

/** Services by what records and usage tell against them. */
export function rankRecords(records: SystemRecords, usage: readonly Suspicion[]): Suspect[] {
  return rank([...FROM_RECORDS.flatMap((family) => family(records)), ...usage]);
}

function lackedOf(
  { spans, logs, had, features }: SystemRecords,
  windows: Windows,
  share: number,
  usage: number,
): string[] {
  const joined = had.feature.some((feature) => features[feature]!.kind === 'log');
  return [
    ...(windows.quiet.length === 0 ? ['No quiet time with data is stored to compare with.'] : []),
    ...(windows.before === 0 && windows.quiet.length > 0
      ? ['Nothing is stored of the time before: compared with the time after.']
      : []),
    ...(spans === 0 ? ['No spans are stored: the service is told by its metrics alone.'] : []),
    ...(logs === 0 ? ['No log lines are stored.'] : []),
    ...(logs > 0 && !joined ? ['Log lines carry no trace id: they are compared by service and time.'] : []),
    ...(usage === 0 ? ['CPU and memory did not change, or are not stored.'] : []),
    ...(share < 1 ? [`${percent(share)} of the traces were read: ${counted(spans, 'span')}.`] : []),
  ];
}
