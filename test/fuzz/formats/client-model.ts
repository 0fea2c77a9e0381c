// Scraped protobuf against protobufjs and the rules of a strict reader.
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { parsePrometheusProtobuf } from '../../../collector/formats/prometheus-protobuf/parse-protobuf.ts';
import { SeriesCache } from '../../../collector/formats/prometheus-text/series-cache.ts';
import type { Plain } from '../../collector/formats/oracle.ts';
import { judgeDelimited } from '../../collector/formats/strict.ts';
import type { Property } from '../target.ts';
import { mustEqual, type Oracle, ours, outcome } from './verdict.ts';

const NOW = 1_700_000_000_000_000_000n;
const TARGET = { job: 'shop', instance: 'shop:8081' };
const MAX_MS = (2n ** 63n - 1n) / 1_000_000n;
// Creation times are not read here, so that whatever stands in their field is stepped over; and protobufjs drops values of
// an enum that it does not know, which are to be refused.
const schema = readFileSync(new URL('../../collector/formats/client-model.proto', import.meta.url), 'utf8')
  .replaceAll(/optional Timestamp created_timestamp = \d+;/g, '')
  .replace('optional MetricType type', 'optional int32 type');
const family = protobuf.parse(schema).root.lookupType('io.prometheus.client.MetricFamily');

type Sample = [name: string, labels: Record<string, string>, value: number, time: bigint];

function parse(body: Uint8Array): Sample[] {
  const { builder } = parsePrometheusProtobuf(body, new SeriesCache({ labels: TARGET }), NOW);
  const { index, count } = builder.build();
  return Array.from({ length: count }, (_, i) => {
    const { name, labels } = index.series[index.seriesIndex[i]!]!;
    return [name, labels, index.value[i]!, index.timeUnixNano[i]!];
  });
}

/** What a scrape says, read slowly; of histograms and of exemplars with times the naive reading is no judge. */
function truthOf(body: Uint8Array): Oracle<Sample[]> {
  const judged = judgeDelimited(family, body);
  if (judged.verdict === 'either') return 'either';
  if (judged.verdict === 'refuse') return { refused: judged.why };
  let families: Plain[];
  try {
    families = familiesOf(body);
  } catch (error) {
    return { refused: String(error) };
  }
  const samples: Sample[] = [];
  const seen = new Set<string>();
  for (const { name = '', type = 0, metric } of families) {
    if (name === '' || type < 0 || type > 5) return { refused: 'no name or type' };
    if (type > 3 && metric.length > 0) return 'either';
    for (const one of metric) {
      const labels = labelsOf(one.label);
      if (labels === undefined) return { refused: 'labels' };
      if (Object.keys(labels).some((key) => /^(exported_)*(job|instance)$|^__proto__$/.test(key)))
        return 'either';
      const ms = BigInt(one.timestampMs ?? 0);
      if (ms < 0n || ms > MAX_MS) return { refused: 'the time' };
      if (one.counter?.exemplar?.timestamp) return 'either';
      for (const [suffix, own, value] of valuesOf(type, one)) {
        const key = JSON.stringify([name + suffix, Object.entries({ ...labels, ...own })]);
        if (seen.has(key) && ms === 0n) continue;
        seen.add(key);
        samples.push([
          name + suffix,
          { ...labels, ...own, ...TARGET },
          value,
          ms === 0n ? NOW : ms * 1_000_000n,
        ]);
      }
    }
  }
  return { value: samples };
}

function familiesOf(body: Uint8Array): Plain[] {
  const reader = protobuf.Reader.create(body);
  const families: Plain[] = [];
  while (reader.pos < reader.len) {
    families.push(family.toObject(family.decodeDelimited(reader), { longs: String, arrays: true }));
  }
  return families;
}

function labelsOf(pairs: Plain[]): Record<string, string> | undefined {
  const names = pairs.map(({ name = '' }) => name as string);
  if (names.includes('') || new Set(names).size < names.length) return undefined;
  return Object.fromEntries(pairs.filter(({ value }) => value).map(({ name, value }) => [name, value]));
}

/** Suffix, own labels and value of each sample of a metric that is no histogram. */
function valuesOf(type: number, metric: Plain): [string, Record<string, string>, number][] {
  if (type === 0) return [['', {}, metric.counter?.value ?? 0]];
  if (type === 1) return [['', {}, metric.gauge?.value ?? 0]];
  if (type === 3) return [['', {}, metric.untyped?.value ?? 0]];
  const { sampleSum = 0, sampleCount = 0, quantile = [] } = metric.summary ?? {};
  return [
    ...quantile.map(({ quantile: q = 0, value = 0 }: Plain) => ['', { quantile: numberText(q) }, value]),
    ['_sum', {}, sampleSum],
    ['_count', {}, Number(sampleCount)],
  ];
}

function numberText(value: number): string {
  if (Math.abs(value) === Number.POSITIVE_INFINITY) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}

const label = [
  { name: 'route', value: '/orders/{id}' },
  { name: 'method', value: 'GET' },
];
const families: object[] = [
  {
    name: 'a_total',
    help: 'ä',
    type: 0,
    metric: [{ label, counter: { value: 5, exemplar: { value: 1, label } } }],
  },
  { name: 'b', type: 1, metric: [{ label, gauge: { value: -0.5 }, timestampMs: 1_700_000_000_123 }, {}] },
  { name: 'c', type: 3, metric: [{ label: [{ name: 'x', value: '' }], untyped: { value: 1 } }] },
  {
    ...{ name: 's', type: 2 },
    metric: [{ summary: { sampleCount: 7, sampleSum: 0.5, quantile: [{ quantile: 0.5, value: 0.1 }] } }],
  },
];
const histogram = {
  ...{ sampleCount: 13, sampleSum: 20, schema: 0, zeroThreshold: 0.001, zeroCount: 2 },
  bucket: [{ cumulativeCount: 6, upperBound: 1, exemplar: { value: 0.5, label } }],
  positiveSpan: [{ offset: 1, length: 2 }],
  positiveDelta: [3, 1],
  negativeSpan: [{ offset: 2, length: 1 }],
  negativeDelta: [4],
};

function exposition(all: readonly object[]): Uint8Array {
  return Buffer.concat(all.map((one) => family.encodeDelimited(family.fromObject(one)).finish()));
}

export const clientModel = (): Property => ({
  seeds: [
    exposition(families),
    ...families.map((one) => exposition([one])),
    exposition([...families, { name: 'h', type: 4, metric: [{ label, histogram }] }]),
  ],
  check: (body) =>
    outcome(
      ours(() => parse(body)),
      truthOf(body),
      (mine, truth) => mustEqual(mine, truth, 'samples'),
    ),
});
