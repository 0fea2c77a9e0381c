import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { parsePrometheusProtobuf } from '../../../collector/formats/prometheus-protobuf/parse-protobuf.ts';
import { SeriesCache } from '../../../collector/formats/prometheus-text/series-cache.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { toHex } from '../../../collector/telemetry/ids.ts';
import { mutations } from './tampering.ts';

const NOW = 1_700_000_000_000_000_000n;
const LABELS = { job: 'shop', instance: 'shop:8081' };
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const family = protobuf
  .parse(readFileSync(new URL('./client-model.proto', import.meta.url), 'utf8'))
  .root.lookupType('io.prometheus.client.MetricFamily');

/** What a target sends: protobufjs writes it, not our own code. */
function exposition(...families: object[]): Uint8Array {
  return Buffer.concat(families.map((one) => family.encodeDelimited(family.fromObject(one)).finish()));
}

function parse(body: Uint8Array, cache = new SeriesCache({ labels: LABELS })) {
  const { builder, parsed } = parsePrometheusProtobuf(body, cache, NOW);
  const { index, count } = builder.build();
  const samples = Array.from({ length: count }, (_, i) => {
    const { name, labels, kind, temporality } = index.series[index.seriesIndex[i]!]!;
    const { job, instance, ...own } = labels;
    assert.deepEqual({ job, instance }, LABELS);
    return { name, labels: own, kind, temporality, value: index.value[i]!, time: index.timeUnixNano[i]! };
  });
  const exemplars = Array.from(index.exemplars.value, (value, i) => ({
    le: index.series[index.exemplars.seriesIndex[i]!]?.labels.le,
    value,
    time: index.exemplars.timeUnixNano[i],
    traceId: toHex(index.exemplars.traceId, i * 16, 16),
  }));
  return { samples, exemplars, parsed, cache };
}

function rows(body: Uint8Array): string[] {
  return parse(body).samples.map(
    ({ name, labels, value, kind, temporality }) =>
      `${name}${JSON.stringify(labels)} ${value} ${kind} ${temporality}`,
  );
}

const label = [{ name: 'route', value: '/a' }];

test('counters, gauges, untyped ones and summaries are the series that text would give', () => {
  const body = exposition(
    { name: 'a_total', type: 'COUNTER', metric: [{ label, counter: { value: 5 } }] },
    { name: 'b', type: 'GAUGE', metric: [{ label, gauge: { value: -0.5 } }] },
    { name: 'c', type: 'UNTYPED', metric: [{ label: [{ name: 'x', value: '' }], untyped: { value: 1 } }] },
    {
      name: 's',
      type: 'SUMMARY',
      metric: [{ summary: { sampleCount: 7, sampleSum: 0.5, quantile: [{ quantile: 0.5, value: 0.1 }] } }],
    },
  );
  assert.deepEqual(rows(body), [
    'a_total{"route":"/a"} 5 counter cumulative',
    'b{"route":"/a"} -0.5 gauge none',
    'c{} 1 unknown none',
    's{"quantile":"0.5"} 0.1 summary none',
    's_sum{} 0.5 summary cumulative',
    's_count{} 7 summary cumulative',
  ]);
});

test('a native histogram becomes buckets at its own bounds, the classic ones beside it are kept', () => {
  const histogram = {
    ...{ sampleCount: 13, sampleSum: 20, schema: 0, zeroThreshold: 0.001, zeroCount: 2 },
    bucket: [
      { cumulativeCount: 6, upperBound: 1 },
      {
        cumulativeCount: 9,
        upperBound: 3,
        exemplar: { value: 2.5, label: [{ name: 'trace_id', value: TRACE }] },
      },
    ],
    // (1, 2] holds 3, (4, 8] holds 4; [-4, -2) holds 4.
    positiveSpan: [
      { offset: 1, length: 1 },
      { offset: 1, length: 1 },
    ],
    positiveDelta: [3, 1],
    negativeSpan: [{ offset: 2, length: 1 }],
    negativeDelta: [4],
    exemplars: [
      {
        value: 5,
        timestamp: { seconds: 1_700_000_001, nanos: 5 },
        label: [{ name: 'trace_id', value: TRACE }],
      },
    ],
  };
  const body = exposition({ name: 'h', type: 'HISTOGRAM', metric: [{ histogram }] });
  assert.deepEqual(rows(body), [
    'h_bucket{"le":"-2"} 4 histogram cumulative',
    'h_bucket{"le":"0.001"} 6 histogram cumulative',
    'h_bucket{"le":"1"} 6 histogram cumulative',
    'h_bucket{"le":"2"} 9 histogram cumulative',
    'h_bucket{"le":"3"} 9 histogram cumulative',
    'h_bucket{"le":"4"} 9 histogram cumulative',
    'h_bucket{"le":"8"} 13 histogram cumulative',
    'h_bucket{"le":"+Inf"} 13 histogram cumulative',
    'h_sum{} 20 histogram cumulative',
    'h_count{} 13 histogram cumulative',
  ]);
  const first = parse(body);
  assert.deepEqual(first.exemplars, [
    { le: '3', value: 2.5, time: NOW, traceId: TRACE },
    { le: '8', value: 5, time: 1_700_000_001_000_000_005n, traceId: TRACE },
  ]);
  assert.deepEqual(parse(body, first.cache).exemplars, [], 'an exemplar is handed on once');
});

test('whatever the schema, a bucket counts what lies at or below its bound', () => {
  const count = fc.integer({ min: 0, max: 1000 });
  // Powers of two up to 120 either way: farther out lies the zero bucket.
  const side = (schema: number) => {
    const most = Math.min(300, Math.floor(120 * 2 ** schema));
    const index = fc.integer({ min: -most, max: most });
    return fc.uniqueArray(fc.tuple(index, count), { selector: ([at]) => at, maxLength: 20 });
  };
  const histograms = fc
    .integer({ min: -4, max: 8 })
    .chain((schema) => fc.tuple(fc.constant(schema), side(schema), side(schema), count, fc.boolean()));
  fc.assert(
    fc.property(histograms, ([schema, up, down, zero, floats]) => {
      const [positive, negative] = [up, down].map((one) => one.toSorted(([a], [b]) => a - b));
      const total = [...up, ...down].reduce((sum, [, n]) => sum + n, zero);
      const histogram = {
        schema,
        zeroThreshold: 2 ** -128,
        ...(floats
          ? { zeroCountFloat: zero, sampleCountFloat: total }
          : { zeroCount: zero, sampleCount: total }),
        ...sideOf('positive', positive!, floats),
        ...sideOf('negative', negative!, floats),
      };
      const { samples } = parse(exposition({ name: 'h', type: 'HISTOGRAM', metric: [{ histogram }] }));
      assert.equal(samples.find(({ labels }) => labels.le === '+Inf')?.value, total);
      const upper = (index: number) => 2 ** (index / 2 ** schema);
      for (const { name, labels, value } of samples) {
        if (name !== 'h_bucket' || labels.le === '+Inf') continue;
        const bound = Number(labels.le) * (1 + Math.sign(Number(labels.le)) * 1e-12);
        const within = (counts: typeof up, end: (index: number) => number) =>
          counts.reduce((sum, [index, n]) => sum + (end(index) <= bound ? n : 0), 0);
        // A negative bucket ends at its bound that is nearer to zero, the one of the index below.
        const expected =
          within(up, upper) + within(down, (index) => -upper(index - 1)) + (bound > 0 ? zero : 0);
        assert.equal(value, expected, `le=${labels.le}`);
      }
    }),
  );
});

/** One sign of a histogram as client libraries write it: runs of buckets, and each count as the difference to the last. */
function sideOf(sign: 'positive' | 'negative', buckets: [number, number][], floats: boolean): object {
  const spans: { offset: number; length: number }[] = [];
  for (const [n, [index]] of buckets.entries()) {
    const before = buckets[n - 1]?.[0];
    if (before === index - 1) spans.at(-1)!.length++;
    else spans.push({ offset: before === undefined ? index : index - before - 1, length: 1 });
  }
  const counts = buckets.map(([, n]) => n);
  const deltas = counts.map((n, i) => n - (counts[i - 1] ?? 0));
  return { [`${sign}Span`]: spans, [`${sign}${floats ? 'Count' : 'Delta'}`]: floats ? counts : deltas };
}

const refused: [what: string, family: object, message: RegExp][] = [
  ['a family without a name', { type: 'GAUGE' }, /without a name/],
  [
    'a label twice',
    { name: 'a', type: 'GAUGE', metric: [{ label: [...label, ...label] }] },
    /label route twice/,
  ],
  [
    'spans of more buckets than counts',
    native({ positiveSpan: [{ offset: 0, length: 4_000_000_000 }] }),
    /more buckets/,
  ],
  [
    'counts of no span',
    native({ positiveSpan: [{ length: 1 }], positiveDelta: [1, 1] }),
    /2 counts for spans of 1/,
  ],
  ['a count below nothing', native({ positiveSpan: [{ length: 1 }], positiveDelta: [-1] }), /count of -1/],
  [
    'a span before the one before',
    native({ negativeSpan: [{ length: 1 }, { offset: -1, length: 1 }], negativeDelta: [1, 1] }),
    /before it ends/,
  ],
  ['a schema that is not known', native({ schema: 9, zeroThreshold: 1 }), /schema 9/],
  [
    'a bucket beyond all numbers',
    native({ positiveSpan: [{ offset: 2 ** 31 - 1, length: 3 }], positiveDelta: [1, 1, 1] }),
    /no value lies in/,
  ],
  [
    'a time beyond 64 bits',
    { name: 'a', type: 'GAUGE', metric: [{ timestampMs: '9223372036854775807' }] },
    /1970 to 2262/,
  ],
];
function native(histogram: object): object {
  return { name: 'h', type: 'HISTOGRAM', metric: [{ histogram }] };
}
test('refused: a type that is not known', () => {
  // protobufjs leaves out what the enum lacks: {name: "a", type: 9, metric: [{}]} by hand.
  const body = Buffer.from('070a016118092200', 'hex');
  assert.throws(() => parse(body), /a is of type 9, which is not known/);
});

for (const [what, one, message] of refused) {
  test(`refused: ${what}`, () => {
    const isBad = (error: unknown) =>
      error instanceof CollectorError && error.code === 'bad-data' && message.test(error.message);
    assert.throws(() => parse(exposition(one)), isBad);
  });
}

test('series that come with protobuf end with a marker as those of text do; timestamps of their own count', () => {
  const gauge = (name: string, timestampMs?: number) => ({
    name,
    type: 'GAUGE',
    metric: [{ gauge: { value: 1 }, timestampMs }],
  });
  const cache = new SeriesCache({ labels: LABELS });
  const { samples, parsed } = parse(
    exposition(gauge('a'), gauge('b'), gauge('b'), gauge('c', 1_700_000_000_123)),
    cache,
  );
  assert.deepEqual(cache.commit(), []);
  assert.deepEqual([parsed.samples, parsed.duplicates, parsed.added], [3, 1, 3]);
  assert.equal(samples[2]?.time, 1_700_000_000_123_000_000n);
  const second = parse(exposition(gauge('a')), cache);
  assert.equal(second.parsed.added, 0);
  assert.deepEqual(
    cache.commit().map(({ name }) => name),
    ['b'],
  );
});

test('damaged bodies are read or refused, never a crash; one that was cut off in a message is refused', () => {
  const body = exposition(
    {
      name: 'a',
      help: 'ä',
      type: 'COUNTER',
      metric: [{ label, counter: { value: 5, exemplar: { value: 1, label } } }],
    },
    native({
      schema: 3,
      sampleCount: 3,
      positiveSpan: [{ offset: -5, length: 2 }],
      positiveDelta: [1, 1],
      bucket: [{ upperBound: 1 }],
    }),
  );
  const ends = new Set([
    0,
    family
      .encodeDelimited(
        family.fromObject({
          name: 'a',
          help: 'ä',
          type: 'COUNTER',
          metric: [{ label, counter: { value: 5, exemplar: { value: 1, label } } }],
        }),
      )
      .finish().length,
  ]);
  for (let length = 0; length < body.length; length++) {
    if (!ends.has(length)) assert.throws(() => parse(body.subarray(0, length)), { code: 'bad-data' });
  }
  for (const damaged of mutations([body], 5000)) {
    try {
      parse(damaged);
    } catch (error) {
      assert.ok(error instanceof CollectorError && error.code === 'bad-data', String(error));
    }
  }
});
