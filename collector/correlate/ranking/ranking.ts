import type { Store, TimeRange } from '../../storage/store.ts';
import { counted, percent } from '../format.ts';
import { withCallNames } from './call-names.ts';
import { withLogContext } from './log-context.ts';
import { logRates } from './log-rate.ts';
import { network } from './network.ts';
import { dependencies, selfTime } from './own-time.ts';
import { type Ranking, rank, type Suspect, tierOf } from './rank.ts';
import { readRecords, readWindows } from './read.ts';
import type { SystemRecords } from './records.ts';
import { resources } from './resources.ts';
import { shares } from './shares.ts';
import type { Suspicion } from './suspicion.ts';
import { LEAST_INCIDENT_NANO, sideOf, type Windows } from './windows.ts';

/** Everything that speaks against services in records of requests, one file each. */
const FROM_RECORDS: readonly ((records: SystemRecords, windows: Windows) => Suspicion[])[] = [
  shares,
  logRates,
  network,
  selfTime,
  dependencies,
];

/**
 * Ranks all services by what changed in them between quiet time and an incident: `onset` and `end` (now, of one that
 * lasts) in nanoseconds, `known` the times of other incidents, which are no quiet time, `maxSpans` how many are read.
 */
export async function rankServices(
  store: Store,
  asked: { onset: bigint; end: bigint; known: readonly TimeRange[]; maxSpans?: number },
  deps: { signal: AbortSignal },
): Promise<Ranking> {
  const { onset, known } = asked;
  const end = asked.end > onset + LEAST_INCIDENT_NANO ? asked.end : onset + LEAST_INCIDENT_NANO;
  const windows = {
    ...(await readWindows(store, { onset, end, known }, deps)),
    seenUntilUnixNano: asked.end,
  };
  const { records, share } = await readRecords(
    store,
    [...windows.quiet, windows.incident],
    sideOf(windows),
    deps,
    asked.maxSpans === undefined ? {} : { maxSpans: asked.maxSpans },
  );
  const usage = await resources(store, windows, known, deps);
  const ranked = rankRecords(records, windows, usage.suspicions);
  const lacked = lackedOf(records, windows, share, usage.instances);
  const { spans, logs } = records;
  records.release();
  const suspects = await withCallNames(await withLogContext(ranked, store, deps), store, deps);
  return {
    windows,
    suspects,
    ...tierOf(suspects, windows.before),
    lacked,
    spans,
    logs,
  };
}

/** Services by what records and usage tell against them. */
export function rankRecords(
  records: SystemRecords,
  windows: Windows,
  usage: readonly Suspicion[],
): Suspect[] {
  return rank([...FROM_RECORDS.flatMap((family) => family(records, windows)), ...usage]);
}

function lackedOf(
  { spans, logs, had, features, loose, textsBeyond }: SystemRecords,
  windows: Windows,
  share: number,
  instances: number,
): string[] {
  const joined = had.feature.some((feature) => features[feature]!.kind === 'log');
  return [
    ...(windows.quiet.length === 0 ? ['No quiet time with data is stored to compare with.'] : []),
    ...(windows.before === 0 && windows.quiet.length > 0
      ? ['Nothing is stored of the time before: compared with the time after.']
      : []),
    ...(spans === 0
      ? ['No spans are stored: services are told by log lines and by CPU and memory alone.']
      : []),
    ...(logs === 0 ? ['No log lines are stored.'] : []),
    ...(loose.side.length > 0
      ? [`${joined ? 'Some' : 'The'} log lines belong to no stored request: compared by service and time.`]
      : []),
    ...(textsBeyond > 0
      ? [`${counted(textsBeyond, 'message')} of log lines, of too many kinds, were taken as one.`]
      : []),
    ...(instances === 0 ? ['No CPU and memory of instances is stored with enough history.'] : []),
    ...(share < 1 ? [`${percent(share)} of the traces were read: ${counted(spans, 'span')}.`] : []),
  ];
}
