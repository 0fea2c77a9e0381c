import {
  decimal,
  type Missing,
  promDuration,
  quote,
  rule,
  ruleLabel,
  type Sli,
  sliceSeconds,
  windows,
} from '../../slo/index.ts';
import { serviceSelector } from '../promql.ts';
import { grouping } from '../targets.ts';
import type { Counting, Counts } from './counts.ts';

/** Slices of time, and those in which the largest of the gauge's series is above its limit. */
export function saturation(counting: Counting<Extract<Sli, { kind: 'saturation' }>>): Counts {
  const { slo, sli } = counting;
  const value = `max${grouping(slo.by)}(${sli.gauge})`;
  return slices(value, sli.limit, sli.missing, counting);
}

/** Slices of time, and those in which the oldest of the series was renewed longer ago than the threshold. */
export function freshness(counting: Counting<Extract<Sli, { kind: 'freshness' }>>): Counts {
  const { slo, sli } = counting;
  const age = `(time() - min${grouping(slo.by)}(${sli.timestamp}))`;
  return slices(age, sli.thresholdSeconds, sli.missing, counting);
}

/**
 * A value that is not a number is none. A second less than the window holds as many slices whether a range is closed at its start
 * (Prometheus 2) or open (3), one less for one evaluation offset in thirty; total and bad hold the same ones in any case.
 */
function slices(
  value: string,
  limit: number,
  missing: Missing,
  { service, slo, window }: Pick<Counting, 'service' | 'slo' | 'window'>,
): Counts {
  const range = `[${promDuration(windows[window].seconds - 1)}:${sliceSeconds}s]`;
  if (missing === 'unknown')
    return {
      total: `count_over_time((${value} > -Inf)${range})`,
      bad: `sum_over_time((${value} > bool ${decimal(limit)})${range})`,
    };
  // All time counts in which these rules were evaluated, and what is not known to be good is bad.
  const own = serviceSelector(service, `${ruleLabel.slo}=${quote(slo.id)}`);
  const total = `max(count_over_time(${rule.errorBudget}${own}${range}))`;
  const good = `count_over_time((${value} <= ${decimal(limit)})${range})`;
  return { total, bad: `clamp_min(${total} - (${good} or vector(0)), 0)` };
}
