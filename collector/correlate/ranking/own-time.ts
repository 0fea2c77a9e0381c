import { count, duration } from '../format.ts';
import type { Reference } from '../incident.ts';
import type { SystemRecords } from './records.ts';
import { bySide, type Shift, shiftOf } from './shift.ts';
import { slowest } from './slowest.ts';
import type { Suspicion } from './suspicion.ts';

/** Time that operations spend in their own code. */
export function selfTime(records: SystemRecords): Suspicion[] {
  const { entries, operations, services } = records;
  const size = operations.length;
  const { side, trace, selfMs: ms } = entries;
  const keyOf = (i: number) => entries.service[i]! * size + entries.operation[i]!;
  const referencesOf = slowest(records, { side, trace, ms }, keyOf, 'slowest in its own code');
  return [...bySide(ms.length, side, keyOf, (i) => ms[i]!)].flatMap(([key, [before, now]]) => {
    const about = operations[key % size]!;
    const told = toldOf(shiftOf(before, now), `${about} spends`, ' in its own code', () => referencesOf(key));
    return told ? [{ service: services[Math.floor(key / size)]!, family: 'self-time', about, ...told }] : [];
  });
}

/** Calls that nobody's span answers: databases, caches, foreign services. */
export function dependencies(records: SystemRecords): Suspicion[] {
  const { leaves, operations, services } = records;
  const size = operations.length;
  const keyOf = (i: number) => leaves.caller[i]! * size + leaves.callee[i]!;
  const referencesOf = slowest(records, leaves, keyOf, 'slowest such call');
  return [...bySide(leaves.ms.length, leaves.side, keyOf, (i) => leaves.ms[i]!)].flatMap(
    ([key, [before, now]]) => {
      const about = operations[key % size]!;
      const told = toldOf(shiftOf(before, now), `${about} takes`, '', () => referencesOf(key));
      return told
        ? [{ service: services[Math.floor(key / size)]!, family: 'dependency', about, ...told }]
        : [];
    },
  );
}

/** Strength and numbers of a shift; undefined where nothing surely grew. */
function toldOf(
  shift: Shift | undefined,
  what: string,
  where: string,
  referencesOf: () => Reference[],
): Pick<Suspicion, 'strength' | 'statement' | 'baseline' | 'incident' | 'references'> | undefined {
  if (!shift || shift.strength === 0) return undefined;
  const { before, now, strength } = shift;
  return {
    strength,
    statement: `${what} ${duration(now.p50)} (p90 ${duration(now.p90)})${where}, before ${duration(before.p50)} (${duration(before.p90)}), n = ${count(now.n)} and ${count(before.n)}.`,
    baseline: { value: before.p50, n: before.n },
    incident: { value: now.p50, n: now.n },
    references: referencesOf(),
  };
}
