import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseMetricsJson } from '../../../collector/formats/otlp-json/parse-request.ts';
import { decodeMetrics } from '../../../collector/formats/otlp-protobuf/decode-metrics.ts';
import { prometheusName } from '../../../collector/formats/prometheus-names.ts';
import type { SampleBatch } from '../../../collector/telemetry/batch.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { naiveAttributes } from './naive.ts';
import { decodeByOracle, encodeByOracle, metricsRequest, type Plain } from './oracle.ts';
import { mutations, toJson } from './tampering.ts';

const TIME = '1700000000000000001';
const RESOURCE = {
  attributes: [
    { key: 'service.name', value: { stringValue: 'shop' } },
    { key: 'service.namespace', value: { stringValue: 'example' } },
    { key: 'service.instance.id', value: { stringValue: 'shop-1' } },
  ],
};
const TARGET = 'instance="shop-1",job="example/shop"';

/** Every sample as `name{labels} value kind temporality`, labels sorted. */
function samples({ index, count }: SampleBatch): string[] {
  return Array.from({ length: count }, (_, i) => {
    const { name, labels, kind, temporality } = index.series[index.seriesIndex[i]!]!;
    return `${name}${render(labels)} ${index.value[i]} ${kind} ${temporality}`;
  });
}

function render(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${pairs.map(([key, value]) => `${key}="${value}"`).join(',')}}`;
}

function decodeMetric(metric: Plain): SampleBatch {
  const resourceMetrics = [{ resource: RESOURCE, scopeMetrics: [{ metrics: [metric] }] }];
  return decodeMetrics(encodeByOracle('MetricsData', { resourceMetrics }));
}

const ROUTE = [{ key: 'http.route', value: { stringValue: '/orders/{id}' } }];

test('a pushed histogram meets the scraped series: name, unit, le and labels are in Prometheus spelling', () => {
  const batch = decodeMetric({
    name: 'http.server.request.duration',
    unit: 's',
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [
        {
          attributes: ROUTE,
          timeUnixNano: TIME,
          count: '6',
          sum: 7.5,
          explicitBounds: [0.005, 1],
          bucketCounts: ['1', '2', '3'],
          exemplars: [
            {
              timeUnixNano: TIME,
              asDouble: 0.7,
              traceId: Buffer.from('4bf92f3577b34da6a3ce929d0e0e4736', 'hex'),
              spanId: Buffer.from('00f067aa0ba902b7', 'hex'),
            },
          ],
        },
      ],
    },
  });
  const labels = `http_route="/orders/{id}",${TARGET}`;
  const name = 'http_server_request_duration_seconds';
  assert.deepEqual(samples(batch), [
    `${name}_bucket{http_route="/orders/{id}",instance="shop-1",job="example/shop",le="0.005"} 1 histogram cumulative`,
    `${name}_bucket{http_route="/orders/{id}",instance="shop-1",job="example/shop",le="1"} 3 histogram cumulative`,
    `${name}_bucket{http_route="/orders/{id}",instance="shop-1",job="example/shop",le="+Inf"} 6 histogram cumulative`,
    `${name}_sum{${labels}} 7.5 histogram cumulative`,
    `${name}_count{${labels}} 6 histogram cumulative`,
  ]);
  assert.deepEqual([...batch.index.timeUnixNano], Array(5).fill(BigInt(TIME)));
  const { exemplars, series } = batch.index;
  assert.equal(series[exemplars.seriesIndex[0]!]?.labels.le, '1');
  assert.equal(Buffer.from(exemplars.traceId).toString('hex'), '4bf92f3577b34da6a3ce929d0e0e4736');
  assert.equal(Buffer.from(exemplars.spanId).toString('hex'), '00f067aa0ba902b7');
  assert.equal(exemplars.value[0], 0.7);
});

test('sums: monotonic ones are counters in _total, the others gauges; delta stays delta', () => {
  const sum = (isMonotonic: boolean, aggregationTemporality: number) => ({
    name: 'queue.items',
    unit: '{item}',
    sum: { isMonotonic, aggregationTemporality, dataPoints: [{ timeUnixNano: TIME, asInt: '-5' }] },
  });
  assert.deepEqual(samples(decodeMetric(sum(true, 2))), [
    `queue_items_total{${TARGET}} -5 counter cumulative`,
  ]);
  assert.deepEqual(samples(decodeMetric(sum(true, 1))), [`queue_items_total{${TARGET}} -5 counter delta`]);
  assert.deepEqual(samples(decodeMetric(sum(false, 2))), [`queue_items{${TARGET}} -5 gauge none`]);
  assert.deepEqual(samples(decodeMetric(sum(false, 1))), [`queue_items{${TARGET}} -5 gauge delta`]);
});

test('a summary becomes quantiles, sum and count', () => {
  const batch = decodeMetric({
    name: 'gc.pause',
    unit: 's',
    summary: {
      dataPoints: [
        {
          timeUnixNano: TIME,
          count: '4',
          sum: 2.5,
          quantileValues: [
            { quantile: 0.5, value: 0.1 },
            { quantile: 1, value: 2 },
          ],
        },
      ],
    },
  });
  assert.deepEqual(samples(batch), [
    `gc_pause_seconds{${TARGET},quantile="0.5"} 0.1 summary none`,
    `gc_pause_seconds{${TARGET},quantile="1"} 2 summary none`,
    `gc_pause_seconds_sum{${TARGET}} 2.5 summary cumulative`,
    `gc_pause_seconds_count{${TARGET}} 4 summary cumulative`,
  ]);
});

test('an exponential histogram becomes classic buckets at its own boundaries', () => {
  const batch = decodeMetric({
    name: 'latency',
    exponentialHistogram: {
      aggregationTemporality: 2,
      dataPoints: [
        {
          timeUnixNano: TIME,
          count: '13',
          sum: 20,
          scale: 0,
          zeroCount: '2',
          positive: { offset: 0, bucketCounts: ['3', '0', '4', '0'] },
          negative: { offset: 1, bucketCounts: ['4'] },
        },
      ],
    },
  });
  assert.deepEqual(samples(batch).slice(0, 7), [
    `latency_bucket{${TARGET},le="-2"} 4 histogram cumulative`,
    `latency_bucket{${TARGET},le="0"} 6 histogram cumulative`,
    `latency_bucket{${TARGET},le="1"} 6 histogram cumulative`,
    `latency_bucket{${TARGET},le="2"} 9 histogram cumulative`,
    `latency_bucket{${TARGET},le="4"} 9 histogram cumulative`,
    `latency_bucket{${TARGET},le="8"} 13 histogram cumulative`,
    `latency_bucket{${TARGET},le="+Inf"} 13 histogram cumulative`,
  ]);
});

test('a finer exponential histogram is merged to four buckets a doubling, and no value changes its side of a bound', () => {
  const value = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: -3, max: 8 }),
      (values, scale) => {
        const indices = values.map((v) => Math.ceil(Math.log2(v) * 2 ** scale) - 1);
        const offset = Math.min(...indices);
        const bucketCounts = Array.from({ length: Math.max(...indices) - offset + 1 }, (_, i) =>
          String(indices.filter((index) => index === offset + i).length),
        );
        const point = {
          timeUnixNano: TIME,
          count: String(values.length),
          scale,
          positive: { offset, bucketCounts },
        };
        const { index } = decodeMetric({ name: 'h', exponentialHistogram: { dataPoints: [point] } });
        for (const [i, series] of [...index.seriesIndex].map((s) => index.series[s]!).entries()) {
          if (series.name !== 'h_bucket' || series.labels.le === '+Inf') continue;
          const bound = Number(series.labels.le);
          const near = (v: number) => Math.abs(v / bound - 1) < 1e-9;
          const below = values.filter((v) => v <= bound && !near(v)).length;
          const mayBe = values.filter((v) => near(v)).length;
          assert.ok(index.value[i]! >= below && index.value[i]! <= below + mayBe, `le=${bound} of ${values}`);
          const step = Math.log2(bound) * 2 ** Math.min(scale, 2);
          assert.ok(Math.abs(step - Math.round(step)) < 1e-6, `${bound} is not on the grid`);
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('a point without a recorded value ends its series', () => {
  const batch = decodeMetric({
    name: 'g',
    gauge: { dataPoints: [{ timeUnixNano: TIME, flags: 1, asDouble: 3 }] },
  });
  assert.ok(Number.isNaN(batch.index.value[0]));
});

test('what a resource says beyond its name is kept as target_info', () => {
  const attributes = [...RESOURCE.attributes, { key: 'service.version', value: { stringValue: '1.2.3' } }];
  const body = encodeByOracle('MetricsData', {
    resourceMetrics: [
      {
        resource: { attributes },
        scopeMetrics: [
          { metrics: [{ name: 'g', gauge: { dataPoints: [{ timeUnixNano: TIME, asInt: '1' }] } }] },
        ],
      },
    ],
  });
  assert.equal(
    samples(decodeMetrics(body))[1],
    `target_info{${TARGET},service_version="1.2.3"} 1 gauge none`,
  );
});

test('a label of the point that would hide job or instance becomes exported_', () => {
  const attributes = [{ key: 'job', value: { stringValue: 'mine' } }];
  const batch = decodeMetric({
    name: 'g',
    gauge: { dataPoints: [{ timeUnixNano: TIME, asInt: '1', attributes }] },
  });
  assert.deepEqual(samples(batch), [`g{exported_job="mine",${TARGET}} 1 gauge none`]);
});

test('bucket counts that do not fit the bounds are refused with the name of the metric', () => {
  const dataPoints = [{ timeUnixNano: TIME, explicitBounds: [1], bucketCounts: ['1'] }];
  assert.throws(() => decodeMetric({ name: 'h.x', histogram: { dataPoints } }), {
    code: 'bad-data',
    message: /histogram h_x has 1 buckets for 1 bounds/,
  });
});

const names: [name: string, unit: string, counter: boolean, gauge: boolean, expected: string][] = [
  ['http.server.request.duration', 's', false, false, 'http_server_request_duration_seconds'],
  ['http.server.active_requests', '{request}', false, false, 'http_server_active_requests'],
  ['process.memory', 'By', false, true, 'process_memory_bytes'],
  ['memory.bytes', 'By', false, true, 'memory_bytes'],
  ['requests.total', '', true, false, 'requests_total'],
  ['requests', '1', true, false, 'requests_total'],
  ['cpu.utilization', '1', false, true, 'cpu_utilization_ratio'],
  ['disk.io', 'By/s', false, true, 'disk_io_bytes_per_second'],
  ['2xx', '', true, false, '_2xx_total'],
  ['a..b--c', 'ms', false, false, 'a_b_c_milliseconds'],
];
for (const [name, unit, counter, gauge, expected] of names) {
  test(`the OTLP name ${name} in ${unit || 'no unit'} is ${expected} for Prometheus`, () => {
    assert.equal(prometheusName({ name, unit, counter, gauge }), expected);
  });
}

/** Values and times of a request, point by point, in the order of the request. */
function naiveValues(request: Plain): [bigint, number][] {
  const max = 2n ** 63n - 1n;
  const out: [bigint, number][] = [];
  for (const group of request.resourceMetrics ?? []) {
    const before = out.length;
    const put = (p: Plain, value: number) => {
      const time = BigInt(p.timeUnixNano ?? 0);
      out.push([time > max ? max : time, ((p.flags ?? 0) & 1) === 1 ? Number.NaN : value]);
    };
    for (const metric of (group.scopeMetrics ?? []).flatMap((s: Plain) => s.metrics ?? [])) {
      for (const p of metric.gauge?.dataPoints ?? metric.sum?.dataPoints ?? [])
        put(p, Number(p.asDouble ?? p.asInt ?? 0));
      for (const p of metric.summary?.dataPoints ?? []) {
        for (const q of p.quantileValues) put(p, q.value ?? 0);
        put(p, p.sum ?? 0);
        put(p, Number(p.count ?? 0));
      }
      for (const p of metric.histogram?.dataPoints ?? []) {
        let total = 0;
        for (const count of p.bucketCounts.slice(0, -1)) {
          total += Number(count);
          put(p, total);
        }
        put(p, Number(p.count ?? 0));
        if (p.sum !== undefined) put(p, p.sum);
        put(p, Number(p.count ?? 0));
      }
    }
    const newest = out.slice(before).reduce((a, [t]) => (t > a ? t : a), 0n);
    if (newest > 0n && hasTargetInfo(group.resource)) out.push([newest, 1]);
  }
  return out;
}

function hasTargetInfo(resource: Plain): boolean {
  const own = new Set(['service.name', 'service.namespace', 'service.instance.id']);
  return Object.entries(naiveAttributes(resource?.attributes)).some(
    ([key, value]) => !own.has(key) && key !== '' && value !== null && value !== '' && key !== '__proto__',
  );
}

const valuesOf = ({ index, count }: SampleBatch) =>
  Array.from({ length: count }, (_, i) => [index.timeUnixNano[i], index.value[i]]);

test('every point that protobufjs encoded is there, in order, as protobuf and as JSON', () => {
  fc.assert(
    fc.property(metricsRequest, (request) => {
      const bytes = encodeByOracle('MetricsData', request);
      const decoded = decodeByOracle('MetricsData', bytes);
      assert.deepEqual(valuesOf(decodeMetrics(bytes)), naiveValues(decoded));
      const json = parseMetricsJson(Buffer.from(toJson(decoded)));
      assert.deepEqual(samples(json), samples(decodeMetrics(bytes)));
      assert.deepEqual(json.index.exemplars, decodeMetrics(bytes).index.exemplars);
    }),
    { numRuns: 100 },
  );
});

test('a damaged metrics body is refused, or protobufjs reads it too', () => {
  const seeds = fc.sample(metricsRequest, { numRuns: 40, seed: 5 });
  let accepted = 0;
  for (const body of mutations(
    seeds.map((r) => encodeByOracle('MetricsData', r)),
    2000,
  )) {
    let batch: SampleBatch;
    try {
      batch = decodeMetrics(body);
    } catch (error) {
      assert.ok(error instanceof CollectorError && error.code === 'bad-data', String(error));
      continue;
    }
    accepted++;
    assert.deepEqual(valuesOf(batch), naiveValues(decodeByOracle('MetricsData', body)));
  }
  assert.ok(accepted > 100, `only ${accepted} damaged bodies were still readable: the fuzz tests too little`);
});

test('a metrics body cut off at any byte is refused', () => {
  const body = encodeByOracle('MetricsData', {
    resourceMetrics: [
      {
        resource: RESOURCE,
        scopeMetrics: [
          { metrics: [{ name: 'g', gauge: { dataPoints: [{ timeUnixNano: TIME, asInt: '1' }] } }] },
        ],
      },
    ],
  });
  for (let length = 1; length < body.length; length++) {
    assert.throws(() => decodeMetrics(body.subarray(0, length)), { code: 'bad-data' });
  }
});
