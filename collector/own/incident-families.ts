import type { MetricData } from '@opentelemetry/sdk-metrics';
import { collectorLabel, collectorMetric } from '../../slo/index.ts';
import { counter, gauge, point } from './metric-data.ts';
import type { Tally } from './tally.ts';

/** What is told of incidents, in and out. */
export interface IncidentSources {
  /** Alerts of another system by what became of them; none are told by default, as of the next. */
  alerts?: Tally;
  /** Messages about incidents, by target. */
  notifier?: {
    counts(): { target: string; sent: number; waiting: number; lost: [reason: string, messages: number][] }[];
  };
}

/** The alerts that came in, and the messages that went out. */
export function incidentFamilies({ alerts, notifier }: IncidentSources): MetricData[] {
  const targets = notifier?.counts() ?? [];
  const of = (name: string) => ({ [collectorLabel.target]: name });
  const outcomes = alerts?.counts() ?? [];
  return [
    counter(
      collectorMetric.alerts,
      'Alerts that other systems told, by what became of them',
      outcomes.map(([outcome, n]) => point({ [collectorLabel.outcome]: outcome }, n)),
    ),
    counter(
      collectorMetric.notified,
      'Messages about incidents that a webhook took',
      targets.map(({ target, sent }) => point(of(target), sent)),
    ),
    counter(
      collectorMetric.notifyFailed,
      'Messages about incidents that are lost',
      targets.flatMap(({ target, lost }) =>
        lost.map(([reason, n]) => point({ ...of(target), [collectorLabel.reason]: reason }, n)),
      ),
    ),
    gauge(
      collectorMetric.notifyQueue,
      'Messages about incidents that wait to be sent',
      targets.map(({ target, waiting }) => point(of(target), waiting)),
    ),
  ];
}
