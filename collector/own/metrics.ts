import { collectorLabel, collectorMetric } from '../../slo/index.ts';
import {
  histogramSamples,
  type MetricFamily,
  type MetricSample,
  TEXT_TYPES,
  writePlainText,
} from '../formats/prometheus-text/write-text.ts';
import type { StoreStatus } from '../storage/store.ts';
import { ERRORS } from '../telemetry/errors.ts';
import type { Signal } from '../telemetry/model.ts';
import type { Intake, IntakeCount } from './intake.ts';
import type { StoreTraffic } from './store-traffic.ts';
import type { Tally } from './tally.ts';

/** What the collector tells of itself; everything is read when it is asked for. */
export interface OwnSources {
  intake: Intake;
  redacted: Tally;
  traffic: StoreTraffic;
  status(): Promise<StoreStatus>;
  limits: { storeBytes: number; retentionSeconds: number };
}

export interface OwnMetrics {
  contentType: string;
  /** One scrape of the collector's own metrics. */
  metrics(): Promise<string>;
}

type Labels = Record<string, string>;

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
 * The collector's own metrics under the OpenTelemetry Collector's names and labels, with `_total` and units as its
 * Prometheus exporter writes them.
 */
export function createOwnMetrics(sources: OwnSources): OwnMetrics {
  return {
    contentType: TEXT_TYPES.plain,
    metrics: async () => {
      const status = await sources.status();
      const own = [
        received(sources.intake),
        stored(sources.traffic),
        lost(sources),
        store(sources, status),
        processItself(),
      ];
      return writePlainText(own.flat());
    },
  };
}

function received(intake: Intake): MetricFamily[] {
  const counts = intake.counts();
  return SIGNALS.flatMap((signal) =>
    (['accepted', 'refused'] as const).map((what) => {
      // A receiver that took something in has refused nothing, which a rate can only tell from a zero.
      const seen = counts.filter((c) => c.signal === signal && c.what !== 'dropped');
      const names = [...new Set(seen.map(({ where }) => where))];
      const samples = names.map((where) => {
        const records = sum(seen.filter((c) => c.where === where && c.what === what));
        return total(RECEIVERS[where] ?? receiver(where, ''), records);
      });
      return counter(RECEIVED[signal][what], `Records ${what} by the receivers`, samples);
    }),
  );
}

function stored(traffic: StoreTraffic): MetricFamily[] {
  const of = (what: 'sent' | 'failed', help: string) =>
    SIGNALS.map((signal) =>
      counter(EXPORTED[signal][what], help, [total(STORE, traffic.signals[signal][what])]),
    );
  return [
    ...of('sent', 'Records that are durable in the store'),
    ...of('failed', 'Records that the store could not write; their senders were told to come again'),
    gauge(
      collectorMetric.exporterQueueSize,
      'Batches that wait to become durable',
      SIGNALS.map((signal) =>
        value({ [collectorLabel.dataType]: signal, ...STORE }, traffic.signals[signal].underway),
      ),
    ),
    {
      name: collectorMetric.ackDuration,
      help: 'Seconds from handing records to the store until they are durable',
      type: 'histogram',
      samples: histogramSamples(STORE, traffic.ackSeconds),
    },
    {
      name: collectorMetric.commitRecords,
      help: 'Records that one commit made durable',
      type: 'histogram',
      samples: histogramSamples(STORE, traffic.commitRecords),
    },
  ];
}

function lost({ intake, redacted }: OwnSources): MetricFamily[] {
  const groups = Map.groupBy(intake.counts().filter(isLost), ({ where, signal, reason }) =>
    JSON.stringify([where, signal, reason]),
  );
  const drops = [...groups.values()].map((counts) => {
    const { where, signal, reason, what } = counts[0]!;
    const by =
      what === 'dropped' ? { [collectorLabel.processor]: where } : (RECEIVERS[where] ?? receiver(where, ''));
    return total({ ...by, [collectorLabel.signal]: signal, [collectorLabel.reason]: reason }, sum(counts));
  });
  const masked = redacted.counts().map(([kind, n]) => total({ [collectorLabel.kind]: kind }, n));
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

function store({ limits }: OwnSources, status: StoreStatus): MetricFamily[] {
  const evicted = status.evictions.map(({ signal, reason, service, records }) =>
    total(
      { [collectorLabel.signal]: signal, [collectorLabel.reason]: reason, [collectorLabel.service]: service },
      records,
    ),
  );
  const oldest = SIGNALS.flatMap((signal) => {
    const { oldestUnixNano } = status.signals[signal];
    return oldestUnixNano === undefined
      ? []
      : [value({ [collectorLabel.signal]: signal }, seconds(oldestUnixNano))];
  });
  const byService = status.oldestByService.map(({ service, oldestUnixNano }) =>
    value({ [collectorLabel.service]: service }, seconds(oldestUnixNano)),
  );
  return [
    gauge(collectorMetric.storageBytes, 'Store on disk', [value({}, status.bytes)]),
    gauge(collectorMetric.storageLimit, 'Size above which the oldest is evicted', [
      value({}, limits.storeBytes),
    ]),
    gauge(collectorMetric.retention, 'Age at which records are evicted', [
      value({}, limits.retentionSeconds),
    ]),
    counter(collectorMetric.evicted, 'Records that left the store by age or by size', evicted),
    gauge(collectorMetric.oldestTime, 'Unix time of the oldest record kept', oldest),
    gauge(collectorMetric.oldestTimeOfService, 'Unix time of the oldest record kept of a service', byService),
  ];
}

function processItself(): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  const memory = process.memoryUsage();
  return [
    counter(collectorMetric.processUptime, 'Seconds since the start', [total({}, process.uptime())]),
    counter(collectorMetric.processCpuSeconds, 'CPU time, user and system', [
      total({}, (user + system) / 1e6),
    ]),
    gauge(collectorMetric.processMemoryRss, 'Resident memory', [value({}, memory.rss)]),
    gauge(collectorMetric.processHeap, 'Heap in use', [value({}, memory.heapUsed)]),
    gauge(collectorMetric.processTotalMemory, 'Memory obtained from the system for heap and buffers', [
      value({}, memory.heapTotal + memory.external),
    ]),
  ];
}

function counter(name: string, help: string, samples: MetricSample[]): MetricFamily {
  return { name, help, type: 'counter', samples };
}

function gauge(name: string, help: string, samples: MetricSample[]): MetricFamily {
  return { name, help, type: 'gauge', samples };
}

function total(labels: Labels, n: number): MetricSample {
  return { suffix: '_total', labels, value: n };
}

function value(labels: Labels, n: number): MetricSample {
  return { suffix: '', labels, value: n };
}

function sum(counts: readonly IntakeCount[]): number {
  return counts.reduce((all, { records }) => all + records, 0);
}

function seconds(unixNano: bigint): number {
  return Number(unixNano / 1_000_000n) / 1000;
}
