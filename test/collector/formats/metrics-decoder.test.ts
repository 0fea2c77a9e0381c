import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeMetrics } from '../../../collector/formats/otlp-protobuf/decode-metrics.ts';
import { MetricsDecoder } from '../../../collector/formats/otlp-protobuf/metrics-decoder.ts';
import type { SampleBatch } from '../../../collector/telemetry/batch.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { toHex } from '../../../collector/telemetry/ids.ts';
import { encodeByOracle, metricsRequest } from './oracle.ts';
import { mutations } from './tampering.ts';

const TIME = '1700000000000000001';
const RESOURCE = {
  attributes: [
    { key: 'service.name', value: { stringValue: 'shop' } },
    { key: 'host.name', value: { stringValue: 'a' } },
  ],
};
const attributes = (route: string) => [{ key: 'http.route', value: { stringValue: route } }];

/** What a body gives, by whichever decoder, as values that can be compared: positions of series may differ. */
function told(decode: (body: Uint8Array) => SampleBatch, body: Uint8Array): unknown {
  try {
    const { index, count } = decode(body);
    const { exemplars } = index;
    return {
      samples: Array.from({ length: count }, (_, i) => [
        index.series[index.seriesIndex[i]!],
        index.value[i],
        index.timeUnixNano[i],
      ]),
      exemplars: Array.from(exemplars.value, (value, i) => [
        ...[index.series[exemplars.seriesIndex[i]!], value, exemplars.timeUnixNano[i]],
        ...[toHex(exemplars.traceId, i * 16, 16), toHex(exemplars.spanId, i * 8, 8)],
      ]),
    };
  } catch (error) {
    assert.ok(error instanceof CollectorError, String(error));
    return [error.code, error.message];
  }
}

/** Points of every kind, in the form that SDKs send them. */
function request(value: number) {
  const point = { attributes: attributes('/a'), startTimeUnixNano: TIME, timeUnixNano: TIME };
  const exemplars = [
    {
      timeUnixNano: TIME,
      asDouble: 0.7,
      traceId: new Uint8Array(16).fill(1),
      spanId: new Uint8Array(8).fill(2),
    },
  ];
  const histogram = {
    ...point,
    count: '6',
    sum: value,
    explicitBounds: [0.5, 1],
    bucketCounts: ['1', '2', '3'],
    exemplars,
  };
  const metrics = [
    {
      name: 'g',
      unit: 'By',
      gauge: {
        dataPoints: [
          { ...point, asDouble: value },
          { timeUnixNano: TIME, asInt: '-3' },
        ],
      },
    },
    {
      name: 's',
      description: 'ä',
      sum: {
        aggregationTemporality: 2,
        isMonotonic: true,
        dataPoints: [
          { ...point, asInt: '5', exemplars },
          { ...point, flags: 1 },
        ],
      },
    },
    { name: 'd', sum: { aggregationTemporality: 1, dataPoints: [{ ...point, asDouble: -0 }] } },
    {
      name: 'h',
      unit: 's',
      histogram: {
        aggregationTemporality: 2,
        dataPoints: [
          histogram,
          { ...point, attributes: attributes('/b'), count: '4' },
          { ...histogram, flags: 1 },
        ],
      },
    },
    {
      name: 'e',
      exponentialHistogram: {
        dataPoints: [{ ...point, count: '2', scale: 1, positive: { offset: 0, bucketCounts: ['2'] } }],
      },
    },
    {
      name: 'q',
      summary: {
        dataPoints: [{ ...point, count: '2', sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }] }],
      },
    },
  ];
  return {
    resourceMetrics: [
      {
        resource: RESOURCE,
        schemaUrl: 'x',
        scopeMetrics: [{ scope: { name: 'm', version: '1' }, metrics, schemaUrl: 'y' }],
      },
    ],
  };
}

test('a body that was never seen, and one that was, give what decoding them as wholes gives', () => {
  const decoder = new MetricsDecoder();
  for (const value of [1, 2.5, Number.NaN]) {
    const body = encodeByOracle('MetricsData', request(value));
    assert.deepEqual(
      told((b) => decoder.decode(b), body),
      told(decodeMetrics, body),
    );
  }
});

test('what came before is not decoded again: its series are the same objects', () => {
  const decoder = new MetricsDecoder();
  const [first, second] = [1, 2].map(
    (value) => decoder.decode(encodeByOracle('MetricsData', request(value))).index.series,
  );
  assert.ok(first!.length > 10);
  for (const [i, series] of first!.entries()) {
    if (/^[gsdh]_/.test(series.name)) assert.equal(second![i], series);
  }
});

test('a metric that comes back as another kind is a series of that kind', () => {
  const decoder = new MetricsDecoder();
  const dataPoints = [{ timeUnixNano: '1600000000000000000', count: '1', sum: 2 }];
  for (const data of [{ histogram: { dataPoints } }, { summary: { dataPoints } }]) {
    const metric = { name: 'm', ...data };
    const body = encodeByOracle('MetricsData', {
      resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }],
    });
    const { series } = decoder.decode(body).index;
    assert.deepEqual(new Set(series.map(({ kind }) => kind)), new Set(Object.keys(data)));
  }
});

test('any request gives what decoding it as a whole gives, with any others before it', () => {
  const decoder = new MetricsDecoder();
  fc.assert(
    fc.property(metricsRequest, (plain) => {
      const body = encodeByOracle('MetricsData', plain);
      for (const _ of ['new', 'known'])
        assert.deepEqual(
          told((b) => decoder.decode(b), body),
          told(decodeMetrics, body),
        );
    }),
    { numRuns: 100 },
  );
});

test('a damaged body gives the same as decoding it as a whole: the same samples, or the same refusal', () => {
  const decoder = new MetricsDecoder();
  const seeds = [...fc.sample(metricsRequest, { numRuns: 20, seed: 7 }), request(1), request(2)];
  const bodies = seeds.map((plain) => encodeByOracle('MetricsData', plain));
  for (const body of bodies) decoder.decode(body);
  for (const body of mutations([...bodies, ...bodies.slice(-2)], 3000)) {
    assert.deepEqual(
      told((b) => decoder.decode(b), body),
      told(decodeMetrics, body),
    );
  }
});

test('series without end do not fill the memory: what is known is forgotten when it is too much', () => {
  const decoder = new MetricsDecoder();
  const wide = (n: number) => ({
    resourceMetrics: [
      {
        scopeMetrics: [
          {
            metrics: [
              {
                name: 'g',
                gauge: {
                  dataPoints: [
                    {
                      attributes: attributes(`${n}${'x'.repeat(4_000_000)}`),
                      timeUnixNano: TIME,
                      asInt: '1',
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
  });
  const series = (n: number) => decoder.decode(encodeByOracle('MetricsData', wide(n))).index.series[0];
  const first = series(0);
  assert.equal(series(0), first);
  for (let n = 1; n < 9; n++) series(n);
  assert.notEqual(series(0), first);
});
