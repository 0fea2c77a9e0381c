import type { MetricData } from '@opentelemetry/sdk-metrics';
import { collectorLabel, collectorMetric } from '../../slo/index.ts';
import type { StoreStatus } from '../storage/store.ts';
import { ERRORS } from '../telemetry/errors.ts';
import type { Signal } from '../telemetry/model.ts';
import { type IncidentSources, incidentFamilies } from './incident-families.ts';
import type { Intake, IntakeCount } from './intake.ts';
import { counter, gauge, histogram, type Labels, point } from './metric-data.ts';
import type { StoreTraffic } from './store-traffic.ts';
import type { Tally } from './tally.ts';

/** What the collector tells of itself; everything is read when it is asked for. */
export interface OwnSources extends IncidentSources {
  intake: Intake;
  redacted: Tally;
  traffic: StoreTraffic;
  status(): Promise<StoreStatus>;
  limits: { storeBytes: number; retentionSeconds: number };
  /** Profiles of services by kind, and those that could not be had by reason. */
  profiles?: { taken: Tally; missed: Tally };
}

const RECEIVED: Record<Signal, { accepted: string; refused: string }> = {
  traces: { accepted: collectorMetric.acceptedSpans, refused: collectorMetric.refusedSpans },
  metrics: { accepted: collectorMetric.acceptedMetricPoints, refused: collectorMetric.refusedMetricPoints },
  logs: { accepted: collectorMetric.acceptedLogRecords, refused: collectorMetric.refusedLogRecords },
};
const EXPORTED: Record<Signal, { sent: string; failed: string }> = {
  traces: { sent: collectorMetric.exporterSentSpans, failed: collectorMetric.exporterSendFailedSpans },
  metrics: {
    sent: collectorMetric.exporterSentMetricPoints,
    failed: collectorMetric.exporterSendFailedMetricPoints,
  },
  logs: {
    sent: collectorMetric.exporterSentLogRecords,
    failed: collectorMetric.exporterSendFailedLogRecords,
  },
};
const SIGNALS = ['traces', 'metrics', 'logs'] as const;
/** The store, as the label `exporter` names it. */
const STORE: Labels = { [collectorLabel.exporter]: 'store' };

/** Our receivers by the names that the OpenTelemetry Collector's have, so that its dashboards tell them apart. */
const RECEIVERS: Readonly<Record<string, Labels>> = {
  'otlp-http': receiver('otlp', 'http'),
  'otlp-grpc': receiver('otlp', 'grpc'),
  'log-files': receiver('filelog', 'file'),
  'prometheus-scrape': receiver('prometheus', 'http'),
};

function receiver(name: string, transport: string): Labels {
  return { [collectorLabel.receiver]: name, [collectorLabel.transport]: transport };
}

/**
 * The collector's own metrics under the OpenTelemetry Collector's names and labels, with units as its Prometheus
 * exporter writes them; `_total` comes with the text.
 */
export async function ownFamilies(sources: OwnSources): Promise<MetricData[]> {
  const status = await sources.status();
  return [
    received(sources.intake),
    stored(sources.traffic),
    lost(sources),
    store(sources, status),
    profiles(sources),
    incidentFamilies(sources),
    processItself(),
  ].flat();
}

function received(intake: Intake): MetricData[] {
  const counts = intake.counts();
  return SIGNALS.flatMap((signal) =>
    (['accepted', 'refused'] as const).map((what) => {
      // A receiver that took something in has refused nothing, which a rate can only tell from a zero.
      const seen = counts.filter((c) => c.signal === signal && c.what !== 'dropped');
      const names = [...new Set(seen.map(({ where }) => where))];
      const samples = names.map((where) => {
        const records = sum(seen.filter((c) => c.where === where && c.what === what));
        return point(RECEIVERS[where] ?? receiver(where, ''), records);
      });
      return counter(RECEIVED[signal][what], `Records ${what} by the receivers`, samples);
    }),
  );
}

function stored(traffic: StoreTraffic): MetricData[] {
  const of = (what: 'sent' | 'failed', help: string) =>
    SIGNALS.map((signal) =>
      counter(EXPORTED[signal][what], help, [point(STORE, traffic.signals[signal][what])]),
    );
  return [
    ...of('sent', 'Records that are durable in the store'),
    ...of('failed', 'Records that the store could not write; their senders were told to come again'),
    gauge(
      collectorMetric.exporterQueueSize,
      'Batches that wait to become durable',
      SIGNALS.map((signal) =>
        point({ [collectorLabel.dataType]: signal, ...STORE }, traffic.signals[signal].underway),
      ),
    ),
    histogram(
      collectorMetric.ackDuration,
      'Seconds from handing records to the store until they are durable',
      [point(STORE, traffic.ackSeconds)],
    ),
    histogram(collectorMetric.commitRecords, 'Records that one commit made durable', [
      point(STORE, traffic.commitRecords),
    ]),
  ];
}

function lost({ intake, redacted }: OwnSources): MetricData[] {
  const groups = Map.groupBy(intake.counts().filter(isLost), ({ where, signal, reason }) =>
    JSON.stringify([where, signal, reason]),
  );
  const drops = [...groups.values()].map((counts) => {
    const { where, signal, reason, what } = counts[0]!;
    const by =
      what === 'dropped' ? { [collectorLabel.processor]: where } : (RECEIVERS[where] ?? receiver(where, ''));
    return point({ ...by, [collectorLabel.signal]: signal, [collectorLabel.reason]: reason }, sum(counts));
  });
  const masked = redacted.counts().map(([kind, n]) => point({ [collectorLabel.kind]: kind }, n));
  return [
    counter(
      collectorMetric.dropped,
      'Records that are lost: dropped by a processor, or refused for good',
      drops,
    ),
    counter(collectorMetric.redacted, 'Secrets masked before they were stored', masked),
  ];
}

/** What a sender keeps and sends again is refused, but not lost. */
function isLost({ what, reason }: IntakeCount): boolean {
  const errors: Readonly<Record<string, { retryable: boolean }>> = ERRORS;
  return what === 'dropped' || (what === 'refused' && errors[reason]?.retryable !== true);
}

function store({ limits }: OwnSources, status: StoreStatus): MetricData[] {
  const evicted = status.evictions.map(({ signal, reason, service, records }) =>
    point(
      { [collectorLabel.signal]: signal, [collectorLabel.reason]: reason, [collectorLabel.service]: service },
      records,
    ),
  );
  const oldest = SIGNALS.flatMap((signal) => {
    const { oldestUnixNano } = status.signals[signal];
    return oldestUnixNano === undefined
      ? []
      : [point({ [collectorLabel.signal]: signal }, seconds(oldestUnixNano))];
  });
  const byService = status.oldestByService.map(({ service, oldestUnixNano }) =>
    point({ [collectorLabel.service]: service }, seconds(oldestUnixNano)),
  );
  return [
    gauge(collectorMetric.storageBytes, 'Store on disk', [point({}, status.bytes)]),
    gauge(collectorMetric.storageLimit, 'Size above which the oldest is evicted', [
      point({}, limits.storeBytes),
    ]),
    gauge(collectorMetric.retention, 'Age at which records are evicted', [
      point({}, limits.retentionSeconds),
    ]),
    counter(collectorMetric.evicted, 'Records that left the store by age or by size', evicted),
    gauge(collectorMetric.oldestTime, 'Unix time of the oldest record kept', oldest),
    gauge(collectorMetric.oldestTimeOfService, 'Unix time of the oldest record kept of a service', byService),
  ];
}

function profiles({ profiles: counts }: OwnSources): MetricData[] {
  const of = (name: string, help: string, by: string, tally: Tally | undefined) => {
    const samples = tally?.counts().map(([value, n]) => point({ [by]: value }, n)) ?? [];
    return counter(name, help, samples);
  };
  const { profilesTaken, profilesMissed } = collectorMetric;
  return [
    of(profilesTaken, 'Profiles fetched from services', collectorLabel.kind, counts?.taken),
    of(profilesMissed, 'Profiles that could not be had', collectorLabel.reason, counts?.missed),
  ];
}

function processItself(): MetricData[] {
  const { user, system } = process.cpuUsage();
  const memory = process.memoryUsage();
  return [
    counter(collectorMetric.processUptime, 'Seconds since the start', [point({}, process.uptime())]),
    counter(collectorMetric.processCpuSeconds, 'CPU time, user and system', [
      point({}, (user + system) / 1e6),
    ]),
    gauge(collectorMetric.processMemoryRss, 'Resident memory', [point({}, memory.rss)]),
    gauge(collectorMetric.processHeap, 'Heap in use', [point({}, memory.heapUsed)]),
    gauge(collectorMetric.processTotalMemory, 'Memory obtained from the system for heap and buffers', [
      point({}, memory.heapTotal + memory.external),
    ]),
  ];
}

function sum(counts: readonly IntakeCount[]): number {
  return counts.reduce((all, { records }) => all + records, 0);
}

function seconds(unixNano: bigint): number {
  return Number(unixNano / 1_000_000n) / 1000;
}
