import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ObservableResult } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { collectorLabel, collectorMetric } from '../../slo/index.ts';
import type { StoreStatus } from '../storage/store.ts';
import type { Signal } from '../telemetry/model.ts';
import type { Intake, IntakeCount } from './intake.ts';
import type { Tally } from './tally.ts';

const RECEIVED: Record<Signal, { accepted: string; refused: string }> = {
  traces: { accepted: collectorMetric.acceptedSpans, refused: collectorMetric.refusedSpans },
  metrics: { accepted: collectorMetric.acceptedMetricPoints, refused: collectorMetric.refusedMetricPoints },
  logs: { accepted: collectorMetric.acceptedLogRecords, refused: collectorMetric.refusedLogRecords },
};

export interface OwnMetrics {
  /** Answers one scrape of the collector's own metrics (text format, written to `response`). */
  handle(request: IncomingMessage, response: ServerResponse): void;
  stop(): Promise<void>;
}

/** The collector's own metrics under the OpenTelemetry Collector's names, read from Intake and the store at each scrape. */
export function startOwnMetrics(
  intake: Intake,
  redacted: Tally,
  status: () => Promise<StoreStatus>,
): OwnMetrics {
  // The SDK's own guess at a resource names the path of the node binary; the scraping job names the collector.
  const exporter = new PrometheusExporter({
    ...{ preventServerStart: true, withoutScopeInfo: true, withoutTargetInfo: true },
  });
  const provider = new MeterProvider({ readers: [exporter] });
  const meter = provider.getMeter('go-sre-collector');
  const observe = (result: ObservableResult, pick: (count: IntakeCount) => boolean) => {
    for (const c of intake.counts().filter(pick)) {
      const reason = c.reason ? { [collectorLabel.reason]: c.reason } : {};
      result.observe(c.records, { [collectorLabel.receiver]: c.where, ...reason });
    }
  };
  for (const [signal, names] of Object.entries(RECEIVED)) {
    for (const what of ['accepted', 'refused'] as const) {
      meter
        .createObservableCounter(names[what], { description: `Records ${what} by the receivers` })
        .addCallback((result) => observe(result, (c) => c.what === what && c.signal === signal));
    }
  }
  meter
    .createObservableCounter(collectorMetric.dropped, {
      description: 'Records lost after or before they were accepted',
    })
    .addCallback((result) => {
      for (const c of intake.counts().filter((count) => count.what !== 'accepted')) {
        result.observe(c.records, { [collectorLabel.signal]: c.signal, [collectorLabel.reason]: c.reason });
      }
    });
  meter
    .createObservableCounter(collectorMetric.redacted, {
      description: 'Secrets masked before they were stored',
    })
    .addCallback((result) => {
      for (const [kind, count] of redacted.counts()) result.observe(count, { [collectorLabel.kind]: kind });
    });
  observeProcess(meter);
  observeStore(meter, status);
  return {
    handle: (request, response) => exporter.getMetricsRequestHandler(request, response),
    stop: () => provider.shutdown(),
  };
}

type Meter = ReturnType<MeterProvider['getMeter']>;

function observeProcess(meter: Meter): void {
  meter
    .createObservableCounter(collectorMetric.processUptime, {
      description: 'Seconds since the start',
      unit: 's',
    })
    .addCallback((result) => result.observe(process.uptime()));
  meter
    .createObservableCounter(collectorMetric.processCpuSeconds, {
      description: 'CPU time, user and system',
      unit: 's',
    })
    .addCallback((result) => {
      const used = process.cpuUsage();
      result.observe((used.user + used.system) / 1e6);
    });
  meter
    .createObservableGauge(collectorMetric.processMemoryRss, { description: 'Resident memory', unit: 'By' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  meter
    .createObservableGauge(collectorMetric.processHeap, { description: 'Heap in use', unit: 'By' })
    .addCallback((result) => result.observe(process.memoryUsage().heapUsed));
}

function observeStore(meter: Meter, status: () => Promise<StoreStatus>): void {
  const size = meter.createObservableGauge(collectorMetric.storageBytes, {
    description: 'Store on disk',
    unit: 'By',
  });
  const oldest = meter.createObservableGauge(collectorMetric.oldestTime, {
    description: 'Unix time of the oldest record kept',
    unit: 's',
  });
  const evicted = meter.createObservableCounter(collectorMetric.evicted, {
    description: 'Records that left the store by age or by size',
  });
  meter.addBatchObservableCallback(
    async (result) => {
      const now = await status();
      result.observe(size, now.bytes);
      for (const e of now.evictions) {
        result.observe(evicted, e.records, {
          [collectorLabel.signal]: e.signal,
          [collectorLabel.reason]: e.reason,
          [collectorLabel.service]: e.service,
        });
      }
      for (const [signal, kept] of Object.entries(now.signals)) {
        if (kept.oldestUnixNano === undefined) continue;
        result.observe(oldest, Number(kept.oldestUnixNano) / 1e9, { [collectorLabel.signal]: signal });
      }
    },
    [size, oldest, evicted],
  );
}
