import { exemplarLabel, label, suffix } from '../../../slo/index.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { fromHex, SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import type { SeriesInfo, SeriesKind, Temporality } from '../../telemetry/model.ts';
import type { ClassicBucket } from '../exponential-histogram.ts';
import { numberLabel, setLabel } from '../prometheus-names.ts';
import { LabelLimits } from '../prometheus-text/label-limits.ts';
import type { ParsedText } from '../prometheus-text/parse-text.ts';
import type { CachedSeries, SeriesCache } from '../prometheus-text/series-cache.ts';
import { WireReader } from '../protobuf/reader.ts';
import { SampleBuilder } from '../sample-builder.ts';
import { type ClientMessage, familyCodec } from './messages.ts';
import { isNative, nativeBuckets } from './native-buckets.ts';

type Exemplar = ClientMessage<'Exemplar'>;
type Labels = Record<string, string>;

const TYPES = ['counter', 'gauge', 'summary', 'untyped', 'histogram', 'gaugehistogram'] as const;
const NANOS_PER_MS = 1_000_000n;
const NANOS_PER_SECOND = 1_000_000_000n;
const MAX_INT64 = 2n ** 63n - 1n;

/**
 * Parses one scrape of delimited `io.prometheus.client.MetricFamily` messages, as `parsePrometheusText` parses text.
 * A native histogram becomes classic buckets at its own boundaries; classic ones that the target writes beside them
 * are kept too, both count the same observations. Throws `bad-data`, and `too-large` above a limit of the target.
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/#protobuf-format
 */
export function parsePrometheusProtobuf(
  body: Uint8Array,
  cache: SeriesCache,
  timeUnixNano: bigint,
): { builder: SampleBuilder; parsed: ParsedText } {
  const parser = new ProtobufParser(cache, timeUnixNano);
  const reader = new WireReader(body);
  while (reader.pos < body.length) {
    const length = reader.length();
    parser.family(familyCodec.decode(body, reader.pos, reader.pos + length));
    reader.pos += length;
  }
  parser.end();
  return parser;
}

/** What all samples of one metric share. */
interface Point {
  kind: SeriesKind;
  temporality: Temporality;
  labels: Labels;
  /** Undefined: that of the scrape. */
  ownTime: bigint | undefined;
}

class ProtobufParser {
  readonly parsed: ParsedText = { samples: 0, duplicates: 0, added: 0 };
  readonly builder: SampleBuilder;
  readonly #cache: SeriesCache;
  readonly #scrape: number;
  readonly #time: bigint;
  readonly #limits: LabelLimits;

  constructor(cache: SeriesCache, time: bigint) {
    this.#cache = cache;
    this.#scrape = cache.begin('protobuf');
    this.#time = time;
    this.#limits = new LabelLimits(cache.options);
    this.builder = new SampleBuilder(cache.table, cache.table.size);
  }

  end(): void {
    this.#limits.samples(this.parsed.samples);
  }

  family({ name = '', type = 0, metric: metrics = [] }: ClientMessage<'MetricFamily'>): void {
    if (name === '') fail('a metric family without a name');
    const kind = TYPES[type];
    if (kind === undefined) fail(`${name} is of type ${type}, which is not known`);
    for (const metric of metrics) {
      const labels = labelsOf(metric.label ?? [], name);
      const point = (of: SeriesKind, temporality: Temporality): Point => ({
        ...{ kind: of, temporality, labels },
        ownTime: this.#ownTime(metric.timestampMs),
      });
      if (kind === 'counter') {
        const series = this.#add(point('counter', 'cumulative'), name, metric.counter?.value ?? 0);
        if (metric.counter?.exemplar) this.#exemplars(series, [metric.counter.exemplar]);
      } else if (kind === 'gauge') this.#add(point('gauge', 'none'), name, metric.gauge?.value ?? 0);
      else if (kind === 'untyped') this.#add(point('unknown', 'none'), name, metric.untyped?.value ?? 0);
      else if (kind === 'summary') this.#summary(point('summary', 'cumulative'), name, metric.summary ?? {});
      else {
        const isGauge = kind === 'gaugehistogram';
        const of = isGauge ? point('gauge', 'none') : point('histogram', 'cumulative');
        this.#histogram(of, name, metric.histogram ?? {});
      }
    }
  }

  #summary(point: Point, name: string, summary: ClientMessage<'Summary'>): void {
    for (const { quantile = 0, value = 0 } of summary.quantile ?? []) {
      const labels = { ...point.labels, [label.quantile]: numberLabel(quantile) };
      this.#add({ ...point, labels, temporality: 'none' }, name, value);
    }
    this.#add(point, name + suffix.sum, summary.sampleSum ?? 0);
    this.#add(point, name + suffix.count, Number(summary.sampleCount ?? 0n));
  }

  #histogram(point: Point, name: string, histogram: ClientMessage<'Histogram'>): void {
    const { sampleCount = 0n, sampleCountFloat, bucket = [], exemplars = [] } = histogram;
    const total = sampleCountFloat || Number(sampleCount);
    const buckets = joined(classic(histogram), isNative(histogram) ? nativeBuckets(histogram) : []);
    const all = [...buckets, { bound: Number.POSITIVE_INFINITY, count: total }];
    const handed: Exemplar[][] = all.map(() => []);
    for (const one of [...exemplars, ...bucket.flatMap(({ exemplar }) => exemplar ?? [])]) {
      const at = all.findIndex(({ bound }) => (one.value ?? 0) <= bound);
      handed[at < 0 ? all.length - 1 : at]!.push(one);
    }
    for (const [i, { bound, count }] of all.entries()) {
      const labels = { ...point.labels, [label.bucketBound]: numberLabel(bound) };
      this.#exemplars(this.#add({ ...point, labels }, name + suffix.bucket, count), handed[i]!);
    }
    this.#add(point, name + suffix.sum, histogram.sampleSum ?? 0);
    this.#add(point, name + suffix.count, total);
  }

  /** Adds a sample; gives its series, or undefined when it was given before in this scrape. */
  #add({ kind, temporality, labels, ownTime }: Point, name: string, value: number): CachedSeries | undefined {
    const series = this.#seriesOf({ name, labels, kind, temporality });
    if (series.line.seen === this.#scrape && ownTime === undefined) {
      this.parsed.duplicates++;
      return undefined;
    }
    series.line.seen = this.#scrape;
    series.ownTime = ownTime !== undefined;
    this.builder.addAt(series.position, ownTime ?? this.#time, value);
    this.parsed.samples++;
    return series;
  }

  #seriesOf(info: SeriesInfo): CachedSeries {
    const { name, labels, kind, temporality } = info;
    const text = JSON.stringify([name, Object.entries(labels)]);
    const type = `${kind} ${temporality}`;
    const known = this.#cache.get(text);
    if (known?.line.type === type) return known;
    this.#limits.labels(name, labels, fail);
    if (!known) this.parsed.added++;
    this.#limits.samples(this.parsed.added);
    return this.#cache.add(text, info, '', type);
  }

  #exemplars(series: CachedSeries | undefined, exemplars: readonly Exemplar[]): void {
    if (!series || (exemplars.length === 0 && series.exemplars.size === 0)) return;
    const texts = new Set<string>();
    for (const { label: pairs = [], value = 0, timestamp } of exemplars) {
      const labels = Object.fromEntries(pairs.map((pair) => [pair.name ?? '', pair.value ?? '']));
      const time = timestamp && int64(timestamp.seconds, NANOS_PER_SECOND, timestamp.nanos);
      const traceId = labels[exemplarLabel.traceId] ?? labels.traceID ?? '';
      const spanId = labels[exemplarLabel.spanId] ?? labels.spanID ?? '';
      const text = `${traceId} ${spanId} ${value} ${time}`;
      texts.add(text);
      if (series.exemplars.has(text)) continue;
      this.builder.addExemplar(series.info, {
        timeUnixNano: time ?? this.#time,
        value,
        traceId: fromHex(traceId, TRACE_ID_BYTES),
        spanId: fromHex(spanId, SPAN_ID_BYTES),
      });
    }
    series.exemplars = texts;
  }

  #ownTime(timestampMs: bigint | undefined): bigint | undefined {
    if (!timestampMs || this.#cache.options.honorTimestamps === false) return undefined;
    return int64(timestampMs, NANOS_PER_MS, 0);
  }
}

function fail(problem: string): never {
  throw new CollectorError('bad-data', problem);
}

/** A time in nanoseconds; one that 64 bits do not hold is refused. */
function int64(count: bigint = 0n, unit: bigint, nanos = 0): bigint {
  const time = count * unit + BigInt(nanos);
  return time >= 0n && time <= MAX_INT64
    ? time
    : fail(`the time ${count} lies outside the years 1970 to 2262`);
}

function labelsOf(pairs: readonly ClientMessage<'LabelPair'>[], name: string): Labels {
  const labels: Labels = {};
  const seen = new Set<string>();
  for (const { name: key = '', value = '' } of pairs) {
    if (key === '') fail(`${name} has a label without a name`);
    if (seen.has(key)) fail(`${name} has the label ${key} twice`);
    seen.add(key);
    if (value !== '') setLabel(labels, key, value);
  }
  return labels;
}

function classic({ bucket = [] }: ClientMessage<'Histogram'>): ClassicBucket[] {
  return bucket
    .map(({ upperBound = 0, cumulativeCount = 0n, cumulativeCountFloat }) => ({
      bound: upperBound,
      count: cumulativeCountFloat || Number(cumulativeCount),
    }))
    .filter(({ bound }) => Number.isFinite(bound));
}

/** Both kinds of buckets as one list by bound. They count the same observations, so the counts ascend all the same. */
function joined(classicOnes: ClassicBucket[], nativeOnes: ClassicBucket[]): ClassicBucket[] {
  const byBound = new Map(nativeOnes.map((one) => [one.bound, one]));
  for (const one of classicOnes) byBound.set(one.bound, one);
  return [...byBound.values()].sort((a, b) => a.bound - b.bound);
}
