import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Intake } from '../../../collector/own/intake.ts';
import { createOwnMetrics } from '../../../collector/own/metrics.ts';
import { StoreTraffic } from '../../../collector/own/store-traffic.ts';
import { Tally } from '../../../collector/own/tally.ts';
import type { StoreStatus } from '../../../collector/storage/store.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { collectorMetric } from '../../../slo/index.ts';
import { logBatch, spanBatch } from '../../helpers/telemetry.ts';

const nothing = { records: 0, bytes: 0 };
const status: StoreStatus = {
  signals: {
    traces: { records: 1, bytes: 1, oldestUnixNano: 1_500_000_000n },
    logs: nothing,
    metrics: nothing,
  },
  ...{ bytes: 7, services: ['shop'], oldestByService: [{ service: 'shop', oldestUnixNano: 2_000_000_000n }] },
  evictions: [{ signal: 'logs', reason: 'size', service: 'shop', records: 3 }],
};

function made(tell = async () => status) {
  let now = 0;
  const intake = new Intake(() => 60_000_000_000n);
  const redacted = new Tally();
  const traffic = new StoreTraffic(() => now);
  const limits = { storeBytes: 10, retentionSeconds: 60 };
  const { metrics } = createOwnMetrics({ intake, redacted, traffic, status: tell, limits });
  const pass = (ms: number) => {
    now += ms;
  };
  const lines = async (prefix: string) =>
    (await metrics()).split('\n').filter((line) => line.startsWith(prefix));
  return { intake, redacted, traffic, lines, pass };
}

const spans = (count: number) =>
  spanBatch(
    Array.from({ length: count }, (_, i) => ({
      ...{ traceId: 'ab'.repeat(16), spanId: `cd0000000000000${i % 10}`, name: 'x', service: 'shop' },
      ...{ start: 1n, duration: 1n },
    })),
  );

test('receivers have the names, labels and suffixes that the OpenTelemetry Collector gives them', async () => {
  const { intake, lines } = made();
  intake.accepted('otlp-http', 'traces', 5);
  intake.accepted('otlp-grpc', 'traces', 6);
  intake.refused('otlp-grpc', 'traces', 2, 'overloaded');
  intake.refused('otlp-grpc', 'traces', 1, 'bad-data');
  intake.accepted('log-files', 'logs', 7);
  assert.deepEqual(await lines('otelcol_receiver_'), [
    'otelcol_receiver_accepted_spans_total{receiver="otlp",transport="http"} 5',
    'otelcol_receiver_accepted_spans_total{receiver="otlp",transport="grpc"} 6',
    'otelcol_receiver_refused_spans_total{receiver="otlp",transport="http"} 0',
    'otelcol_receiver_refused_spans_total{receiver="otlp",transport="grpc"} 3',
    'otelcol_receiver_accepted_log_records_total{receiver="filelog",transport="file"} 7',
    'otelcol_receiver_refused_log_records_total{receiver="filelog",transport="file"} 0',
  ]);
  assert.ok((await lines('# TYPE otelcol_receiver_accepted_spans_total counter')).length > 0);
});

test('lost is what a processor dropped and what was refused for good, by reason; what comes again is not', async () => {
  const { intake, lines } = made();
  intake.refused('otlp-http', 'traces', 2, 'overloaded');
  intake.refused('otlp-http', 'traces', 1, 'bad-data');
  intake.refused('log-files', 'logs', 4, 'line-too-long');
  intake.dropped('limit', 'traces', 3, 'record-too-large');
  assert.deepEqual(await lines('otelcol_dropped_records_total'), [
    'otelcol_dropped_records_total{receiver="otlp",transport="http",signal="traces",reason="bad-data"} 1',
    'otelcol_dropped_records_total{receiver="filelog",transport="file",signal="logs",reason="line-too-long"} 4',
    'otelcol_dropped_records_total{processor="limit",signal="traces",reason="record-too-large"} 3',
  ]);
});

test('the store is told as an exporter: sent, failed, waiting, the time to the acknowledgement, records a commit', async () => {
  const { traffic, lines, pass } = made();
  const commit = Promise.withResolvers<void>();
  const store = traffic.counted({ append: () => commit.promise });
  const appends = [store.append([spans(3)]), store.append([spans(4)])];
  assert.deepEqual(await lines('otelcol_exporter_queue_size{data_type="traces"'), [
    'otelcol_exporter_queue_size{data_type="traces",exporter="store"} 2',
  ]);
  pass(20);
  commit.resolve();
  await Promise.all(appends);
  const failing = traffic.counted({
    append: () => Promise.reject(new CollectorError('store-full', 'no room')),
  });
  const log = logBatch([{ time: 1n, severityNumber: 9, service: 'shop', body: 'x' }]);
  await assert.rejects(failing.append([log]), { code: 'store-full' });
  assert.deepEqual(
    [
      ...(await lines('otelcol_exporter_sent_spans')),
      ...(await lines('otelcol_exporter_send_failed_log_records')),
      ...(await lines('otelcol_exporter_queue_size{data_type="traces"')),
      ...(await lines('otelcol_storage_ack_duration_seconds_bucket{exporter="store",le="0.025"')),
      ...(await lines('otelcol_storage_ack_duration_seconds_bucket{exporter="store",le="0.01"')),
      ...(await lines('otelcol_storage_commit_records_sum')),
      ...(await lines('otelcol_storage_commit_records_count')),
    ].map((line) => line.replace(/\{.*\}/, '')),
    [
      'otelcol_exporter_sent_spans_total 7',
      'otelcol_exporter_send_failed_log_records_total 1',
      'otelcol_exporter_queue_size 0',
      'otelcol_storage_ack_duration_seconds_bucket 2',
      'otelcol_storage_ack_duration_seconds_bucket 0',
      'otelcol_storage_commit_records_sum 7',
      'otelcol_storage_commit_records_count 1',
    ],
  );
});

test('the store tells its size beside its limits, what it evicted of whom, and how far back it reaches', async () => {
  const { redacted, lines } = made();
  redacted.add('mail');
  redacted.add('mail');
  assert.deepEqual(await lines('otelcol_storage_size'), ['otelcol_storage_size_bytes 7']);
  assert.deepEqual(
    [...(await lines('otelcol_storage_limit')), ...(await lines('otelcol_storage_retention'))],
    ['otelcol_storage_limit_bytes 10', 'otelcol_storage_retention_seconds 60'],
  );
  assert.deepEqual(await lines('otelcol_storage_evicted'), [
    'otelcol_storage_evicted_records_total{signal="logs",reason="size",service="shop"} 3',
  ]);
  assert.deepEqual(
    [...(await lines('otelcol_storage_oldest')), ...(await lines('otelcol_storage_service'))],
    [
      'otelcol_storage_oldest_time_seconds{signal="traces"} 1.5',
      'otelcol_storage_service_oldest_time_seconds{service="shop"} 2',
    ],
  );
  assert.deepEqual(await lines('otelcol_processor_redact'), [
    'otelcol_processor_redact_masked_values_total{kind="mail"} 2',
  ]);
  for (const name of [
    'uptime_seconds_total',
    'cpu_seconds_total',
    'memory_rss_bytes',
    'runtime_heap_alloc_bytes',
  ]) {
    assert.match((await lines(`otelcol_process_${name} `))[0] ?? '', / \d/);
  }
});

test('every family has one type and one help, also before anything happened', async () => {
  const { lines } = made();
  const headed = async (what: string) => (await lines(`# ${what} `)).map((line) => line.split(' ')[2]);
  const named = await headed('TYPE');
  const names = named.map((name) => name?.replace(/_total$/, ''));
  assert.deepEqual(names.toSorted(), Object.values(collectorMetric).toSorted());
  assert.deepEqual(await headed('HELP'), named);
  const types = (await lines('# TYPE ')).map((line) => line.split(' ').slice(2).join(' '));
  for (const line of types) assert.equal(/_total /.test(line), line.endsWith(' counter'), line);
  assert.deepEqual(
    types.filter((line) => line.endsWith(' histogram')),
    ['otelcol_storage_ack_duration_seconds histogram', 'otelcol_storage_commit_records histogram'],
  );
});

test('a store that cannot tell its status fails the scrape, and the next one that it can answers', async () => {
  let broken = true;
  const { lines } = made(async () => {
    if (broken) throw new CollectorError('internal', 'no status');
    return status;
  });
  await assert.rejects(lines(''), { message: 'no status' });
  broken = false;
  assert.equal((await lines('otelcol_storage_size_bytes ')).length, 1);
});
