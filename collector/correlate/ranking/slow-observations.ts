import type { Observation, Watch } from './cusum.ts';
import type { CallColumns, SystemRecords } from './records.ts';
import { bySide } from './shift.ts';
import { PRIOR, SLICE_MS } from './usual-shares.ts';

/** Times of one thing in quiet time without which its usual ones are not known. */
const LEAST_QUIET_TIMES = 20;
/** Of the times above the usual 95th percentile (and a fifth): usually, and when something is wrong. */
const SLOW = { quantile: 0.95, margin: 0.2, usually: 0.06 } as const;

/** Own time of entries that is longer than usual. */
export function slowEntries(records: SystemRecords, watch: Watch): Observation[] {
  const { entries, services, operations } = records;
  const size = operations.length;
  return slow(
    { length: entries.service.length, side: entries.side, startMs: entries.startMs, ms: entries.selfMs },
    (i) => entries.service[i]! * size + entries.operation[i]!,
    (key) =>
      watch.number(
        `self ${key}`,
        services[Math.floor(key / size)]!,
        () => `own time of ${operations[key % size]}`,
      ),
    watch,
  );
}

/** Calls, or gaps of calls, that are longer than usual: of gaps who is called is told, of calls who calls. */
export function slowCalls(
  records: SystemRecords,
  calls: CallColumns,
  watch: Watch,
  kind: 'gap' | 'call',
  calleeName: (callee: number) => string,
): Observation[] {
  const { services } = records;
  const size = Math.max(services.length, records.operations.length);
  const number = (key: number) => {
    const [caller, callee] = [services[Math.floor(key / size)]!, calleeName(key % size)];
    return watch.number(
      `${kind} ${key}`,
      kind === 'gap' ? callee : caller,
      () => `${kind} ${caller} to ${callee}`,
    );
  };
  return slow(
    { length: calls.ms.length, side: calls.side, startMs: calls.startMs, ms: calls.ms },
    (i) => calls.caller[i]! * size + calls.callee[i]!,
    number,
    watch,
  );
}

interface Times {
  length: number;
  side: Int8Array;
  startMs: Float64Array;
  ms: Float64Array;
}

/** From when on a time is slow, and how often that is usual in the worst quiet slice. */
interface Limit {
  ms: number;
  usually: number;
}

function slow(
  times: Times,
  keyOf: (i: number) => number,
  numberOf: (key: number) => number,
  watch: Watch,
): Observation[] {
  const { length, side, startMs, ms } = times;
  const limits = limitsOf(times, keyOf);
  const observations: Observation[] = [];
  for (let i = 0; i < length; i++) {
    const limit = limits.get(keyOf(i));
    if (side[i] !== 1 || limit === undefined) continue;
    const number = numberOf(keyOf(i));
    observations.push({
      atMs: startMs[i]!,
      observe: (atMs) => watch.add(number, atMs, ms[i]! > limit.ms, SLOW.usually, limit.usually),
    });
  }
  return observations;
}

function limitsOf({ length, side, startMs, ms }: Times, keyOf: (i: number) => number): Map<number, Limit> {
  const limits = new Map<number, Limit>();
  for (const [key, [quiet]] of bySide(length, side, keyOf, (i) => ms[i]!)) {
    if (quiet.length < LEAST_QUIET_TIMES) continue;
    const usual = quiet.sort()[Math.floor(SLOW.quantile * (quiet.length - 1))]!;
    limits.set(key, { ms: usual + Math.max(1, SLOW.margin * usual), usually: SLOW.usually });
  }
  const slices = new Map<string, { limit: Limit; n: number; slow: number }>();
  for (let i = 0; i < length; i++) {
    const limit = limits.get(keyOf(i));
    if (side[i] !== 0 || limit === undefined) continue;
    const name = `${keyOf(i)} ${Math.floor(startMs[i]! / SLICE_MS)}`;
    const slice = slices.get(name) ?? { limit, n: 0, slow: 0 };
    slices.set(name, slice);
    slice.n++;
    if (ms[i]! > limit.ms) slice.slow++;
  }
  for (const { limit, n, slow } of slices.values())
    limit.usually = Math.max(limit.usually, (slow + PRIOR * SLOW.usually) / (n + PRIOR));
  return limits;
}
