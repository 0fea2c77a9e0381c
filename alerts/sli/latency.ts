import {
  decimal,
  requestBuckets,
  requestCounts,
  requestHistograms,
  type Sli,
  selectorText,
  windows,
} from '../../slo/index.ts';
import { grouping, increaseOf, widened } from '../targets.ts';
import { type Counting, type Counts, on } from './counts.ts';

type Latency = Extract<Sli, { kind: 'latency' }>;

/** Requests, and those that took longer than the threshold. */
export function latency(counting: Counting<Latency>): Counts {
  return counting.sli.histogram === 'native' ? native(counting) : classic(counting);
}

/** A missing bucket is a missing measurement, not a perfect one: total ends with it, and coverage tells. */
function classic({ service, slo, sli, window, target, total }: Counting<Latency>): Counts {
  const all = increaseOf(requestCounts(service, slo).map(selectorText), slo.by, window, target);
  const buckets = requestBuckets(service, slo, sli.thresholdSeconds).map(selectorText);
  const good = increaseOf(buckets, slo.by, window, target);
  return {
    total: `${all}\nand ${on(slo.by)}\n${good}`,
    bad: `clamp_min(\n  ${total}\n  - ${on(slo.by)}\n  ${good},\n  0\n)`,
  };
}

/** Within a bucket of a native histogram the share below the threshold is interpolated. */
function native({ service, slo, sli, window, target, total: recorded }: Counting<Latency>): Counts {
  const { seconds } = windows[window];
  const range = target.increase === 'exact' ? window : widened(window);
  const rates = requestHistograms(service, slo).map((one) => `rate(${selectorText(one)}[${range}])`);
  const sum = `sum${grouping(slo.by)}(${rates.join(' or ')})`;
  const total = `${seconds} * histogram_count(${sum})`;
  return {
    total,
    // The share of no request is not a number: there are no bad ones then.
    bad: `${total}\n* (1 - histogram_fraction(0, ${decimal(sli.thresholdSeconds)}, ${sum})) > -Inf\nor ${on(slo.by)}\n0 * ${recorded}`,
  };
}
