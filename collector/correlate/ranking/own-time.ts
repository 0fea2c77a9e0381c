import { count, duration } from '../format.ts';
import type { Reference } from '../incident.ts';
import { slowest } from './network.ts';
import type { SystemRecords } from './records.ts';
import { bySide, type Shift, shiftOf } from './shift.ts';
import type { Family, Suspicion } from './suspicion.ts';

/** Time that operations spend in their own code. */
export function selfTime(records: SystemRecords): Suspicion[] {
  const { entries, operations } = records;
  const size = operations.length;
  const key = (i: number) => entries.service[i]! * size + entries.operation[i]!;
  const values = bySide(entries.service.length, entries.side, key, (i) => entries.selfMs[i]!);
  return [...values].flatMap(([id, [before, now]]) => {
    const operation = operations[id % size]!;
    const what = `${operation} spends`;
    const references = () => slowestEntry(records, id);
    return told(
      records,
      Math.floor(id / size),
      'self-time',
      operation,
      what,
      'in its own code',
      shiftOf(before, now),
      references,
    );
  });
}

/** Calls that nobody's span answers: databases, caches, foreign services. */
export function dependencies(records: SystemRecords): Suspicion[] {
  const { leaves, operations } = records;
  const size = operations.length;
  const key = (i: number) => leaves.caller[i]! * size + leaves.callee[i]!;
  const values = bySide(leaves.ms.length, leaves.side, key, (i) => leaves.ms[i]!);
  return [...values].flatMap(([id, [before, now]]) => {
    const [service, callee] = [Math.floor(id / size), id % size];
    const name = operations[callee]!;
    const references = () => slowest(records, leaves, service, callee);
    return told(records, service, 'dependency', name, `${name} takes`, '', shiftOf(before, now), references);
  });
}

function told(
  records: SystemRecords,
  service: number,
  family: Family,
  about: string,
  what: string,
  where: string,
  shift: Shift | undefined,
  references: () => Reference[],
): Suspicion[] {
  if (!shift || shift.strength === 0) return [];
  const { before, now, strength } = shift;
  const place = where === '' ? '' : ` ${where}`;
  return [
    {
      ...{ service: records.services[service]!, family, strength, about },
      statement: `${what} ${duration(now.p50)} (p90 ${duration(now.p90)})${place}, before ${duration(before.p50)} (${duration(before.p90)}), n = ${count(now.n)} and ${count(before.n)}.`,
      baseline: { value: before.p50, n: before.n },
      incident: { value: now.p50, n: now.n },
      references: references(),
    },
  ];
}

function slowestEntry({ entries, operations, traceId }: SystemRecords, id: number): Reference[] {
  let worst = -1;
  for (let i = 0; i < entries.service.length; i++) {
    if (entries.side[i] !== 1 || entries.service[i]! * operations.length + entries.operation[i]! !== id)
      continue;
    if (worst < 0 || entries.selfMs[i]! > entries.selfMs[worst]!) worst = i;
  }
  if (worst < 0) return [];
  const label = `slowest in its own code, ${duration(entries.selfMs[worst]!)}`;
  return [{ kind: 'trace', traceId: traceId(entries.trace[worst]!), label }];
}
