import type { Sli, SliKind } from '../../slo/index.ts';
import type { Counting, Counts } from './counts.ts';
import { custom } from './custom.ts';
import { availability, errors } from './failed.ts';
import { latency } from './latency.ts';
import { freshness, saturation } from './time.ts';

/** How each kind of objective is counted. */
const table: { readonly [K in SliKind]: (counting: Counting<Extract<Sli, { kind: K }>>) => Counts } = {
  availability,
  latency,
  errors,
  saturation,
  freshness,
  custom,
};

/** PromQL of an objective's events over one window. */
export function countsOf(counting: Counting): Counts {
  const count = table[counting.sli.kind] as (counting: Counting) => Counts;
  return count(counting);
}
