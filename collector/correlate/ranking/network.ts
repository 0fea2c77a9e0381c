import { count, duration } from '../format.ts';
import type { Reference } from '../incident.ts';
import type { SystemRecords } from './records.ts';
import { bySide, type Shift, shiftOf } from './shift.ts';
import { slowest } from './slowest.ts';
import type { Suspicion } from './suspicion.ts';

/** Who is called is to blame in full, who calls by half: its other calls tell which. */
const CALLER = 0.5;
/** An edge counts as grown from here on. */
const GROWN = 0.3;
/** What is left of an edge's weight when none of the service's other edges grew. */
const ALONE = 0.3;

interface Edge {
  caller: number;
  callee: number;
  shift: Shift;
  /** Its slowest call of the incident. */
  references: Reference[];
}

/**
 * Time that calls between services spend in neither: the network, and queues before the callee begins. An edge speaks
 * against its callee, and half against its caller; edges of a service that did not grow speak for it.
 */
export function network(records: SystemRecords): Suspicion[] {
  const edges = edgesOf(records);
  return [...new Set(edges.flatMap(({ caller, callee }) => [caller, callee]))].flatMap(
    (service) => suspicionOf(records, service, edges) ?? [],
  );
}

function edgesOf(records: SystemRecords): Edge[] {
  const { gaps, services } = records;
  const size = services.length;
  const key = (i: number) => gaps.caller[i]! * size + gaps.callee[i]!;
  const referencesOf = slowest(records, gaps, key, 'slowest such call');
  const values = bySide(gaps.ms.length, gaps.side, key, (i) => gaps.ms[i]!);
  return [...values].flatMap(([edge, [before, now]]) => {
    const shift = shiftOf(before, now);
    if (!shift) return [];
    return [{ caller: Math.floor(edge / size), callee: edge % size, shift, references: referencesOf(edge) }];
  });
}

function suspicionOf(records: SystemRecords, service: number, edges: readonly Edge[]): Suspicion | undefined {
  const own = edges
    .filter(({ caller, callee }) => caller === service || callee === service)
    .map((edge) => ({ edge, weight: edge.callee === service ? 1 : CALLER }));
  const strength = ({ edge, weight }: (typeof own)[number]) => edge.shift.strength * weight;
  const best = own.reduce((a, b) => (strength(b) > strength(a) ? b : a));
  const all = own.reduce((sum, { weight }) => sum + weight, 0);
  const grown = own.filter(({ edge }) => edge.shift.strength > GROWN);
  const part = grown.reduce((sum, { weight }) => sum + weight, 0) / all;
  const { before, now } = best.edge.shift;
  if (strength(best) === 0) return undefined;
  const name = (n: number) => records.services[n]!;
  return {
    service: name(service),
    family: 'network',
    strength: strength(best) * (ALONE + (1 - ALONE) * part),
    about: `${name(best.edge.caller)} to ${name(best.edge.callee)}`,
    statement: `Calls from ${name(best.edge.caller)} to ${name(best.edge.callee)} spend ${duration(now.p50)} (p90 ${duration(now.p90)}) between the two, before ${duration(before.p50)} (${duration(before.p90)}), n = ${count(now.n)} and ${count(before.n)}; ${grown.length} of ${own.length} edges of ${name(service)} grew.`,
    baseline: { value: before.p50, n: before.n },
    incident: { value: now.p50, n: now.n },
    references: best.edge.references,
  };
}
