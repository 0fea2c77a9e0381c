import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countCohort } from '../../../../collector/correlate/sampling/counters.ts';
import type { SeriesData } from '../../../../collector/correlate/series.ts';
import type { SeriesInfo } from '../../../../collector/telemetry/model.ts';

const SECOND = 1_000_000_000n;
const range = { fromUnixNano: 100n * SECOND, toUnixNano: 200n * SECOND };

function series(name: string, labels: Record<string, string>, at: Record<number, number>): SeriesData {
  const kind: SeriesInfo['kind'] = name.endsWith('_total') || name.endsWith('_bucket') ? 'counter' : 'gauge';
  const info: SeriesInfo = {
    ...{ name, kind, temporality: kind === 'gauge' ? 'none' : 'cumulative' },
    labels: { job: 'shop', instance: 'shop:8081', ...labels },
  };
  return {
    info,
    time: BigInt64Array.from(Object.keys(at), (second) => BigInt(second) * SECOND),
    value: Float64Array.from(Object.values(at)),
  };
}

const route = { http_request_method: 'GET', http_route: '/a', http_response_status_code: '200', le: '+Inf' };
const REQUESTS = 'http_server_request_duration_seconds_bucket';
const PROCESSED = 'otel_sdk_processor_span_processed_total';
const batching = { otel_component_type: 'batching_span_processor' };

/** A version that takes the place of another at one address, with counters of its own. */
const REPLACED = [
  series('up', {}, { 90: 1, 110: 1, 130: 1, 150: 1, 170: 1 }),
  series('target_info', { service_version: '1' }, { 90: 1, 110: 1, 130: 1 }),
  series('target_info', { service_version: '2' }, { 150: 1, 170: 1 }),
  series(REQUESTS, route, { 90: 10, 110: 30, 130: 50, 150: 60, 170: 100 }),
];

test('a version that took the place of another at one address is counted from nothing on', () => {
  const [one, two] = ['1', '2'].map(
    (value) => countCohort(REPLACED, { key: 'service.version', value }, range)!,
  );
  assert.deepEqual([one!.routes[0]!.requests, two!.routes[0]!.requests], [40, 100]);
  assert.deepEqual(one!.window, { fromUnixNano: 90n * SECOND, toUnixNano: 130n * SECOND });
  assert.deepEqual(two!.window, { fromUnixNano: 130n * SECOND, toUnixNano: 170n * SECOND });
  assert.equal(countCohort(REPLACED, { key: 'service.version', value: '3' }, range), undefined);
  assert.equal(countCohort(REPLACED, undefined, range)!.routes[0]!.requests, 90);
});

test('a process that is scraped no more is told as ended', () => {
  const of = (instance: string, at: Record<number, number>) => series(REQUESTS, { ...route, instance }, at);
  const steady = { 90: 1, 110: 2, 130: 3, 150: 4, 170: 5, 190: 6 };
  const counted = countCohort([of('a', steady), of('b', { 90: 1, 110: 2, 130: 3 })], undefined, range)!;
  assert.deepEqual([counted.processes, counted.ended, counted.scrapeSeconds], [2, 1, 20]);
});

test('spans that could not be held are told, and are none that were to be sent', () => {
  const at = (value: number) => ({ 90: 0, 190: value });
  const counted = countCohort(
    [
      series(PROCESSED, { ...batching, error_type: '' }, at(900)),
      series(PROCESSED, { ...batching, error_type: 'queue_full' }, at(100)),
      series(PROCESSED, { otel_component_type: 'holding_span_processor', error_type: 'queue_full' }, at(7)),
      series('otel_sdk_exporter_span_exported_total', { error_type: '' }, at(880)),
      series('otel_sdk_exporter_span_exported_total', { error_type: 'timeout' }, at(20)),
    ],
    undefined,
    range,
  );
  assert.deepEqual(counted!.spans, { ended: 1000, dropped: 100, failed: 20, notHeld: 7 });
});
