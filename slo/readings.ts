import { counterOf, plainSelector } from './plain-selector.ts';
import { failedAnswers, requestBuckets, requestCounts, type Selector, withErrors } from './selectors.ts';
import type { Service, Sli, Slo } from './slo.ts';

/** The series that an objective is counted from; each list is united. */
export type Reading =
  | {
      readonly of: 'events';
      readonly total: readonly Selector[];
      readonly part: readonly Selector[];
      readonly counts: 'bad' | 'good';
    }
  | { readonly of: 'gauge'; readonly gauge: Selector };

/** What has to be read for an objective, or why raw series do not tell. */
export function readingOf(service: Service, slo: Slo): Reading | { readonly why: string } {
  const { sli } = slo;
  switch (sli.kind) {
    case 'availability':
    case 'errors': {
      const bad = sli.kind === 'errors' ? withErrors(sli.errorTypes) : failedAnswers;
      return {
        ...{ of: 'events', counts: 'bad' },
        total: requestCounts(service, slo),
        part: requestCounts(service, slo, bad),
      };
    }
    case 'latency':
      if (sli.histogram === 'native')
        return { why: 'native histograms are no counters that can be read one by one' };
      return {
        ...{ of: 'events', counts: 'good' },
        total: requestCounts(service, slo),
        part: requestBuckets(service, slo, sli.thresholdSeconds),
      };
    case 'custom':
      return customReading(sli, slo.by);
    default: {
      const text = sli.kind === 'saturation' ? sli.gauge : sli.timestamp;
      const gauge = plainSelector(text);
      return gauge
        ? { of: 'gauge', gauge }
        : { why: `${text} is an expression; only a plain selector can be read` };
    }
  }
}

function customReading(
  { events }: Extract<Sli, { kind: 'custom' }>,
  by: readonly string[],
): ReturnType<typeof readingOf> {
  if ('badRatio' in events) return { why: 'a badRatio is an expression, of which no events are known' };
  const counts = 'bad' in events ? 'bad' : 'good';
  const side = 'bad' in events ? events.bad : events.good;
  for (const one of [events.total, side]) {
    if (counterOf(one, by)) continue;
    return {
      why: `${'counter' in one ? one.counter : one.text} is an expression; only the increase of a plain selector can be read`,
    };
  }
  return { of: 'events', counts, total: [counterOf(events.total, by)!], part: [counterOf(side, by)!] };
}
