import { label, suffix } from '../../../slo/index.ts';
import type { SampleBatch } from '../../telemetry/batch.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { SeriesInfo } from '../../telemetry/model.ts';
import { numberLabel } from '../prometheus-names.ts';
import { WireReader } from '../protobuf/reader.ts';
import { SampleBuilder } from '../sample-builder.ts';
import { toAttributes } from './attributes.ts';
import { decodeMetrics, ResourceDecoder, timeOf } from './decode-metrics.ts';
import { histogramPointCodec, metricCodec, numberPointCodec, resourceCodec, scopeCodec } from './messages.ts';
import { type ExemplarFields, HistogramPoint, NumberPoint, readExemplar } from './point-reader.ts';
import {
  type Family,
  familyOf,
  type Labels,
  type MetricShape,
  ResourceSeries,
  toLabels,
} from './resource-series.ts';

/** Room for what is known: bytes of the texts it is found by, and what a series takes on the heap, roughly. */
const MAX_KNOWN_BYTES = 24 * 1024 * 1024;
const SERIES_BYTES = 600;

/** A resource that came before, under the bytes of its message. */
interface KnownResource {
  series: ResourceSeries;
  /** Bytes of scopes that were found readable. */
  scopes: Set<string>;
  families: Map<string, KnownFamily>;
}

interface KnownFamily {
  family: Family;
  /** By the bytes of their attributes. */
  numbers: Map<string, SeriesInfo>;
  histograms: Map<string, KnownHistogram>;
}

interface KnownHistogram {
  labels: Labels;
  /** Bytes of the bounds that `buckets` are for. */
  bounds: string | undefined;
  /** By bucket, undefined where the bound is infinite before the last. */
  buckets: (SeriesInfo | undefined)[];
  upperBounds: number[];
  sum: SeriesInfo;
  count: SeriesInfo;
}

/**
 * Decodes metrics as `decodeMetrics` does, with its result, but remembers resources, metrics and attributes by their
 * bytes: what a sender sends again is not decoded again, only its numbers are. A body that is written in another way
 * than all senders write it, or that cannot be read, goes to `decodeMetrics`.
 */
export class MetricsDecoder {
  #resources = new Map<string, KnownResource>();
  #knownBytes = 0;

  /** Throws `bad-data`, and `too-large` for too many samples. */
  decode(body: Uint8Array): SampleBatch {
    if (this.#knownBytes > MAX_KNOWN_BYTES) {
      this.#resources = new Map();
      this.#knownBytes = 0;
    }
    try {
      return this.#decodeUsual(body);
    } catch (error) {
      if (!(error instanceof CollectorError)) throw error;
      return decodeMetrics(body);
    }
  }

  #decodeUsual(body: Uint8Array): SampleBatch {
    const builder = new SampleBuilder();
    const reader = new WireReader(body);
    while (reader.pos < reader.limit) {
      if (reader.tag() !== TAG.resourceMetrics) unusual(reader);
      const outer = reader.enter();
      new ResourceScan(reader, builder, this).run();
      reader.leave(outer);
    }
    return builder.build();
  }

  /** What is known under this text, or what `make` gives; it is kept while there is room. */
  known<T>(map: Map<string, T>, text: string, make: () => T): T {
    let value = map.get(text);
    if (value === undefined) {
      value = make();
      this.#knownBytes += text.length + SERIES_BYTES;
      if (this.#knownBytes <= MAX_KNOWN_BYTES) map.set(text, value);
    }
    return value;
  }

  resource(text: string, make: () => KnownResource): KnownResource {
    return this.known(this.#resources, text, make);
  }

  /** Counts series beside the first that something known brought. */
  grew(series: number): void {
    this.#knownBytes += series * SERIES_BYTES;
  }
}

/** Tags that are looked for: field number << 3 | wire type. */
const TAG = {
  resourceMetrics: 0x0a,
  resource: 0x0a,
  scopeMetrics: 0x12,
  schemaUrl: 0x1a,
  scope: 0x0a,
  metric: 0x12,
  name: 0x0a,
  unit: 0x1a,
  gauge: 0x2a,
  sum: 0x3a,
  histogram: 0x4a,
  exponentialHistogram: 0x52,
  summary: 0x5a,
  point: 0x0a,
  temporality: 0x10,
  isMonotonic: 0x18,
} as const;

/** Leaves the body to `decodeMetrics`, which also says what is wrong with it. */
function unusual(reader: WireReader): never {
  return reader.fail('written in a way that is not expected');
}

/** Reads one ResourceMetrics message, to the reader's limit. */
class ResourceScan {
  readonly #reader: WireReader;
  readonly #builder: SampleBuilder;
  readonly #decoder: MetricsDecoder;
  readonly #text: Buffer;
  readonly #number = new NumberPoint();
  readonly #histogram = new HistogramPoint();
  readonly #exemplar: ExemplarFields = { time: 0n, value: 0, traceAt: -1, spanAt: -1 };
  #known!: KnownResource;
  #out!: ResourceDecoder;

  constructor(reader: WireReader, builder: SampleBuilder, decoder: MetricsDecoder) {
    this.#reader = reader;
    this.#builder = builder;
    this.#decoder = decoder;
    const { buffer, byteOffset, byteLength } = reader.bytes;
    this.#text = Buffer.from(buffer, byteOffset, byteLength);
  }

  run(): void {
    const reader = this.#reader;
    let begun = false;
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag === TAG.resource && !begun) {
        this.#begin(reader.length());
        begun = true;
      } else if (tag === TAG.scopeMetrics) {
        if (!begun) this.#begin(0);
        begun = true;
        const outer = reader.enter();
        this.#scope();
        reader.leave(outer);
      } else if (tag === TAG.schemaUrl && begun) reader.utf8();
      else unusual(reader);
    }
    if (begun) this.#out.targetInfo();
  }

  #begin(length: number): void {
    const from = this.#reader.take(length, 'a resource');
    const { bytes } = this.#reader;
    this.#known = this.#decoder.resource(this.#slice(from, length), () => ({
      series: new ResourceSeries(resourceCodec.decode(bytes, from, from + length)),
      scopes: new Set(),
      families: new Map(),
    }));
    this.#out = new ResourceDecoder(this.#builder, this.#known.series);
  }

  /** Bytes as text that other bytes do not have. */
  #slice(from: number, length: number): string {
    return this.#text.toString('latin1', from, from + length);
  }

  #scope(): void {
    const reader = this.#reader;
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag === TAG.metric) {
        const outer = reader.enter();
        this.#metric();
        reader.leave(outer);
      } else if (tag === TAG.scope) this.#checkScope(reader.length());
      else if (tag === TAG.schemaUrl) reader.utf8();
      else unusual(reader);
    }
  }

  #checkScope(length: number): void {
    const from = this.#reader.take(length, 'a scope');
    const text = this.#slice(from, length);
    if (this.#known.scopes.has(text)) return;
    scopeCodec.decode(this.#reader.bytes, from, from + length);
    this.#known.scopes.add(text);
    this.#decoder.grew(1);
  }

  /** Reads a metric: name, description and unit, then its data, then nothing more. */
  #metric(): void {
    const reader = this.#reader;
    const start = reader.pos;
    let last = 0;
    let tag = reader.tag();
    for (; tag <= TAG.unit && (tag & 7) === 2 && tag > last; tag = reader.tag()) {
      last = tag;
      reader.take(reader.length(), 'a text');
    }
    const behindHead = reader.pos;
    if (tag === TAG.exponentialHistogram || tag === TAG.summary) {
      this.#wholeMetric(start);
      return;
    }
    if (tag !== TAG.gauge && tag !== TAG.sum && tag !== TAG.histogram) unusual(reader);
    const outer = reader.enter();
    if (reader.limit !== outer) unusual(reader);
    const points = reader.pos;
    const shape = this.#shape(tag);
    const traits = `${shape.temporality} ${shape.isMonotonic}`;
    const known = this.#family(
      `${traits} ${this.#slice(start, behindHead - start)}`,
      start,
      behindHead,
      shape,
    );
    reader.pos = points;
    while (reader.pos < reader.limit && reader.tag() === TAG.point) {
      const outerPoint = reader.enter();
      if (tag === TAG.histogram) this.#histogramPoint(known);
      else this.#numberPoint(known);
      reader.leave(outerPoint);
    }
    reader.pos = reader.limit;
    reader.leave(outer);
  }

  /** Exponential histograms and summaries are decoded as wholes; their labels are found among the known series. */
  #wholeMetric(start: number): void {
    const { bytes, limit } = this.#reader;
    this.#out.metric(metricCodec.decode(bytes, start, limit));
    this.#reader.pos = limit;
  }

  /** Steps over the points to what is said behind them, to the end of the data. */
  #shape(tag: number): MetricShape {
    const reader = this.#reader;
    const shape: MetricShape = {
      type: tag === TAG.gauge ? 'gauge' : tag === TAG.sum ? 'sum' : 'histogram',
    };
    let last = 0;
    while (reader.pos < reader.limit) {
      const next = reader.tag();
      if (next < last || (next === last && next !== TAG.point)) unusual(reader);
      last = next;
      if (next === TAG.point) reader.take(reader.length(), 'a point');
      else if (next === TAG.temporality && tag !== TAG.gauge) shape.temporality = reader.varint32() | 0;
      else if (next === TAG.isMonotonic && tag === TAG.sum) shape.isMonotonic = reader.varint64() !== 0n;
      else unusual(reader);
    }
    return shape;
  }

  #family(text: string, start: number, behindHead: number, shape: MetricShape): KnownFamily {
    return this.#decoder.known(this.#known.families, text, () => {
      // The head ends with the tag of the data, which has one byte.
      const { name = '', unit = '' } = metricCodec.decode(this.#reader.bytes, start, behindHead - 1);
      return { family: familyOf(name, unit, shape), numbers: new Map(), histograms: new Map() };
    });
  }

  #numberPoint({ family, numbers }: KnownFamily): void {
    const reader = this.#reader;
    const point = this.#number;
    if (!point.read(reader)) unusual(reader);
    const { attributesAt, attributesLength } = point;
    const text = this.#slice(attributesAt, attributesLength);
    const series = this.#decoder.known(numbers, text, () => {
      const end = attributesAt + attributesLength;
      const { attributes } = numberPointCodec.decode(reader.bytes, attributesAt, end);
      return this.#known.series.of(family, family.name, toLabels(toAttributes(attributes)));
    });
    this.#out.add(series, timeOf(point.time), point.value);
    this.#exemplars(point.exemplarsAt, point.exemplarsEnd, () => series);
  }

  #histogramPoint({ family, histograms }: KnownFamily): void {
    const reader = this.#reader;
    const point = this.#histogram;
    if (!point.read(reader)) unusual(reader);
    const { attributesAt, attributesLength } = point;
    const known = this.#decoder.known(histograms, this.#slice(attributesAt, attributesLength), () => {
      const end = attributesAt + attributesLength;
      const { attributes } = histogramPointCodec.decode(reader.bytes, attributesAt, end);
      return this.#newHistogram(family, toLabels(toAttributes(attributes)));
    });
    const bounds = this.#slice(point.boundsAt, point.boundsCount * 8);
    if (known.bounds !== bounds) this.#setBounds(known, family, bounds);
    const time = timeOf(point.time);
    let total = 0;
    for (let i = 0; i < point.boundsCount; i++) {
      total += point.bucketCount(reader, i);
      const series = known.buckets[i];
      if (series) this.#out.add(series, time, point.isStale ? point.count : total);
    }
    this.#out.add(known.buckets[point.boundsCount]!, time, point.count);
    if (point.hasSum) this.#out.add(known.sum, time, point.sum);
    this.#out.add(known.count, time, point.count);
    this.#exemplars(point.exemplarsAt, point.exemplarsEnd, (value) => bucketOf(known, value));
  }

  #newHistogram(family: Family, labels: Labels): KnownHistogram {
    const { series } = this.#known;
    this.#decoder.grew(1);
    return {
      ...{ labels, bounds: undefined, buckets: [], upperBounds: [] },
      sum: series.of(family, family.name + suffix.sum, labels),
      count: series.of(family, family.name + suffix.count, labels),
    };
  }

  #setBounds(known: KnownHistogram, family: Family, text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    known.bounds = text;
    known.upperBounds = Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(i * 8));
    known.upperBounds.push(Number.POSITIVE_INFINITY);
    this.#decoder.grew(known.upperBounds.length);
    known.buckets = known.upperBounds.map((bound, i) => {
      if (!Number.isFinite(bound) && i < known.upperBounds.length - 1) return undefined;
      const labels = { ...known.labels, [label.bucketBound]: numberLabel(bound) };
      return this.#known.series.of(family, family.name + suffix.bucket, labels);
    });
  }

  #exemplars(from: number, end: number, seriesOf: (value: number) => SeriesInfo): void {
    const reader = this.#reader;
    const { limit } = reader;
    reader.pos = from;
    while (reader.pos < end) {
      reader.tag();
      const outer = reader.enter();
      if (!readExemplar(reader, this.#exemplar)) unusual(reader);
      reader.leave(outer);
      const { time, value, traceAt, spanAt } = this.#exemplar;
      this.#builder.addExemplar(seriesOf(value), {
        timeUnixNano: timeOf(time),
        value,
        traceId: traceAt < 0 ? undefined : reader.bytes.subarray(traceAt, traceAt + 16),
        spanId: spanAt < 0 ? undefined : reader.bytes.subarray(spanAt, spanAt + 8),
      });
    }
    reader.pos = limit;
  }
}

/** The series of the first bucket that holds the value; of a value that is no number the last. */
function bucketOf({ upperBounds, buckets }: KnownHistogram, value: number): SeriesInfo {
  const at = upperBounds.findIndex((bound, i) => value <= bound && buckets[i] !== undefined);
  return buckets[at < 0 ? buckets.length - 1 : at]!;
}
