import type { Store, TimeRange } from '../../storage/store.ts';
import { type Change, findChanges } from './onset-scan.ts';
import { rank } from './rank.ts';
import { rankRecords } from './ranking.ts';
import { readRecords, readWindows } from './read.ts';
import { type SystemRecords, withSides } from './records.ts';
import { resources, usageChanges } from './resources.ts';
import type { Suspicion } from './suspicion.ts';
import { GUARD_NANO, MOST_INCIDENT_NANO, sideOf, type Windows } from './windows.ts';

/** Changes that are tried as the onset, those of one moment once. */
const TRIED = 6;
/** Of onsets from which a service stands out nearly as far the first is it. */
const NEARLY = 0.9;
/** With fewer slices of quiet time before the range, later ones are compared with, too: what is rare must be known. */
const SEARCH_SLICES = 9;
const ONE_MOMENT_NANO = 20_000_000_000n;

/**
 * When the trouble of a range began, found without being told: of the strongest changes against quiet time the one from
 * which a service stands out most. Undefined where nothing changed.
 */
export async function searchOnset(
  range: TimeRange,
  known: readonly TimeRange[],
  store: Store,
  deps: { signal: AbortSignal },
): Promise<Change | undefined> {
  const { fromUnixNano, toUnixNano } = range;
  // The guard is for onsets that are told late; what is searched for may lie anywhere in the range.
  const asked = { onset: fromUnixNano + GUARD_NANO, end: toUnixNano, known, few: SEARCH_SLICES };
  const { quiet } = await readWindows(store, asked, deps);
  const sides = sideOf({ incident: range, quiet, before: 0 });
  const { records } = await readRecords(store, [...quiet, range], sides, deps);
  const changes = [...findChanges(records), ...(await usageChanges(store, range, known, deps))].filter(
    ({ onsetUnixNano }) => onsetUnixNano < toUnixNano,
  );
  const tried: { change: Change; score: number }[] = [];
  for (const change of momentsOf(changes.sort((a, b) => b.strength - a.strength))) {
    const windows = windowsFrom(change.onsetUnixNano, range, quiet);
    const usage = (await resources(store, windows, known, deps)).suspicions;
    tried.push({ change, score: scoreOf(change, withSides(records, sideOf(windows)), usage, windows) });
  }
  const most = Math.max(...tried.map(({ score }) => score));
  const good = tried.filter(({ score }) => score >= NEARLY * most).map(({ change }) => change);
  return good.sort((a, b) => (a.onsetUnixNano < b.onsetUnixNano ? -1 : 1))[0];
}

/** The first changes that are told, without those of a moment that another has. */
function momentsOf(changes: readonly Change[]): Change[] {
  const moments: Change[] = [];
  for (const change of changes) {
    const isNear = ({ onsetUnixNano }: Change) => {
      const distance = onsetUnixNano - change.onsetUnixNano;
      return distance < ONE_MOMENT_NANO && distance > -ONE_MOMENT_NANO;
    };
    if (moments.length < TRIED && !moments.some(isNear)) moments.push(change);
  }
  return moments;
}

/** The incident from an onset on, and quiet time with what of the range lies well before it. */
function windowsFrom(onset: bigint, range: TimeRange, quiet: readonly TimeRange[]): Windows {
  const end = onset + MOST_INCIDENT_NANO < range.toUnixNano ? onset + MOST_INCIDENT_NANO : range.toUnixNano;
  const early = { fromUnixNano: range.fromUnixNano, toUnixNano: onset - GUARD_NANO };
  return {
    incident: { fromUnixNano: onset, toUnixNano: end },
    quiet: early.toUnixNano > early.fromUnixNano ? [...quiet, early] : [...quiet],
    before: 0,
  };
}

/** Requests of less time than this tell by chance. */
const SURE_NANO = 60_000_000_000n;
/** An onset that is a change of the service that stands out is the better one of two. */
const SAME_SERVICE = 1.5;

/** How far the first service stands out when the incident began with a change. */
function scoreOf(
  change: Change,
  records: SystemRecords,
  usage: readonly Suspicion[],
  windows: Windows,
): number {
  const { fromUnixNano, toUnixNano } = windows.incident;
  const part = Math.min(1, Number(toUnixNano - fromUnixNano) / Number(SURE_NANO));
  const [byUsage, byRecords] = [rank(usage)[0], rankRecords(records, windows, [])[0]];
  const scores = [
    { score: byUsage?.score ?? 0, service: byUsage?.service },
    { score: (byRecords?.score ?? 0) * part, service: byRecords?.service },
  ].map(({ score, service }) => score * (service === change.service ? SAME_SERVICE : 1));
  return Math.max(...scores);
}
