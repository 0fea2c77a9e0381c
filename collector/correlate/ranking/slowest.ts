import { duration } from '../format.ts';
import type { Reference } from '../incident.ts';
import type { SystemRecords } from './records.ts';

/** Times that a key tells apart, as columns. */
interface Timed {
  side: Int8Array;
  trace: Uint32Array;
  ms: Float64Array;
}

/** By key: the trace of the slowest of the incident; none where it has none. */
export function slowest(
  { traceId }: Pick<SystemRecords, 'traceId'>,
  { side, trace, ms }: Timed,
  keyOf: (i: number) => number,
  what: string,
): (key: number) => Reference[] {
  const worst = new Map<number, number>();
  for (let i = 0; i < ms.length; i++) {
    if (side[i] !== 1) continue;
    const known = worst.get(keyOf(i));
    if (known === undefined || ms[i]! > ms[known]!) worst.set(keyOf(i), i);
  }
  return (key) => {
    const i = worst.get(key);
    if (i === undefined) return [];
    return [{ kind: 'trace', traceId: traceId(trace[i]!), label: `${what}, ${duration(ms[i]!)}` }];
  };
}
