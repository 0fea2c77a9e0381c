import { label, suffix } from '../../../slo/index.ts';
import type { SampleBatch } from '../../telemetry/batch.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { SeriesInfo } from '../../telemetry/model.ts';
import type { ClassicBucket } from '../exponential-histogram.ts';
import { numberLabel } from '../prometheus-names.ts';
import { SampleBuilder } from '../sample-builder.ts';
import { STALE_NAN } from '../staleness.ts';
import { toAttributes } from './attributes.ts';
import { classicBuckets } from './exponential-buckets.ts';
import { metricsCodec, type OtlpMessage } from './messages.ts';
import { type Family, familyOf, type MetricShape, ResourceSeries, toLabels } from './resource-series.ts';

type Point =
  | OtlpMessage<'NumberDataPoint'>
  | OtlpMessage<'HistogramDataPoint'>
  | OtlpMessage<'ExponentialHistogramDataPoint'>
  | OtlpMessage<'SummaryDataPoint'>;

/** Samples one request may become at the most; a histogram point is one per bucket. */
const MAX_SAMPLES = 1_000_000;
/** DataPointFlags.NO_RECORDED_VALUE: the series ended. */
export const NO_RECORDED_VALUE = 1;
const MAX_INT64 = 2n ** 63n - 1n;

/**
 * Decodes an ExportMetricsServiceRequest into samples of series in Prometheus's spelling: names and units converted,
 * histograms as NAME_bucket{le}/_sum/_count (buckets cumulative over `le`, also of a delta in time), summaries as
 * NAME{quantile}, exponential histograms as classic ones at their own boundaries. `job` is service.namespace and
 * service.name, `instance` service.instance.id; what else a resource says is in target_info. Throws `bad-data`.
 */
export function decodeMetrics(body: Uint8Array): SampleBatch {
  const request = metricsCodec.decode(body);
  const builder = new SampleBuilder();
  for (const group of request.resourceMetrics ?? []) {
    const decoder = new ResourceDecoder(builder, new ResourceSeries(group.resource));
    for (const scope of group.scopeMetrics ?? []) {
      for (const metric of scope.metrics ?? []) decoder.metric(metric);
    }
    decoder.targetInfo();
  }
  return builder.build();
}

/** Puts the points of one resource's metrics into a builder. */
export class ResourceDecoder {
  readonly #builder: SampleBuilder;
  readonly #series: ResourceSeries;
  #newest = 0n;

  constructor(builder: SampleBuilder, series: ResourceSeries) {
    this.#builder = builder;
    this.#series = series;
  }

  metric(metric: OtlpMessage<'Metric'>): void {
    const { name = '', unit = '', gauge, sum, histogram, exponentialHistogram, summary } = metric;
    const family = (shape: MetricShape) => familyOf(name, unit, shape);
    if (gauge) this.#numbers(family({ type: 'gauge' }), gauge.dataPoints);
    else if (sum) {
      const { isMonotonic, aggregationTemporality: temporality } = sum;
      this.#numbers(family({ type: 'sum', isMonotonic, temporality }), sum.dataPoints);
    } else if (histogram) {
      const of = family({ type: 'histogram', temporality: histogram.aggregationTemporality });
      for (const point of histogram.dataPoints ?? []) {
        this.#histogram(of, point, explicitBuckets(of.name, point));
      }
    } else if (exponentialHistogram) {
      const of = family({ type: 'histogram', temporality: exponentialHistogram.aggregationTemporality });
      for (const point of exponentialHistogram.dataPoints ?? []) {
        this.#histogram(of, point, classicBuckets(point));
      }
    } else if (summary) this.#summaries(family({ type: 'summary' }), summary.dataPoints);
  }

  #numbers(family: Family, points: OtlpMessage<'NumberDataPoint'>[] | undefined): void {
    for (const point of points ?? []) {
      const series = this.#series.of(family, family.name, toLabels(toAttributes(point.attributes)));
      this.#add(series, point, point.asDouble ?? Number(point.asInt ?? 0n));
      for (const exemplar of point.exemplars ?? []) this.#exemplar(series, exemplar);
    }
  }

  #histogram(
    family: Family,
    point: OtlpMessage<'HistogramDataPoint'> | OtlpMessage<'ExponentialHistogramDataPoint'>,
    buckets: ClassicBucket[],
  ): void {
    const labels = toLabels(toAttributes(point.attributes));
    const total = Number(point.count ?? 0n);
    const all = [...buckets, { bound: Number.POSITIVE_INFINITY, count: total }];
    const bucketSeries = all.map(({ bound }) =>
      this.#series.of(family, family.name + suffix.bucket, {
        ...labels,
        [label.bucketBound]: numberLabel(bound),
      }),
    );
    for (const [i, { count }] of all.entries()) this.#add(bucketSeries[i]!, point, count);
    if (point.sum !== undefined) {
      this.#add(this.#series.of(family, family.name + suffix.sum, labels), point, point.sum);
    }
    this.#add(this.#series.of(family, family.name + suffix.count, labels), point, total);
    for (const exemplar of point.exemplars ?? []) {
      const value = exemplarValue(exemplar);
      const bucket = all.findIndex(({ bound }) => value <= bound);
      this.#exemplar(bucketSeries[bucket < 0 ? all.length - 1 : bucket]!, exemplar);
    }
  }

  #summaries(family: Family, points: OtlpMessage<'SummaryDataPoint'>[] | undefined): void {
    for (const point of points ?? []) {
      const labels = toLabels(toAttributes(point.attributes));
      for (const { quantile = 0, value = 0 } of point.quantileValues ?? []) {
        const of = { ...labels, [label.quantile]: numberLabel(quantile) };
        this.#add(this.#series.of({ ...family, temporality: 'none' }, family.name, of), point, value);
      }
      this.#add(this.#series.of(family, family.name + suffix.sum, labels), point, point.sum ?? 0);
      const count = Number(point.count ?? 0n);
      this.#add(this.#series.of(family, family.name + suffix.count, labels), point, count);
    }
  }

  #add(series: SeriesInfo, point: Point, value: number): void {
    const hasNone = ((point.flags ?? 0) & NO_RECORDED_VALUE) !== 0;
    this.add(series, timeOf(point.timeUnixNano), hasNone ? STALE_NAN : value);
  }

  /** Adds a sample; throws `too-large` when there are too many. */
  add(series: SeriesInfo, time: bigint, value: number): void {
    if (time > this.#newest) this.#newest = time;
    if (this.#builder.count >= MAX_SAMPLES) {
      throw new CollectorError(
        'too-large',
        `the body holds more than ${MAX_SAMPLES} samples: send smaller batches`,
      );
    }
    this.#builder.add(series, time, value);
  }

  #exemplar(series: SeriesInfo, exemplar: OtlpMessage<'Exemplar'>): void {
    this.#builder.addExemplar(series, {
      timeUnixNano: timeOf(exemplar.timeUnixNano),
      value: exemplarValue(exemplar),
      traceId: exemplar.traceId?.length ? exemplar.traceId : undefined,
      spanId: exemplar.spanId?.length ? exemplar.spanId : undefined,
    });
  }

  /** The resource as a series of its own, as Prometheus keeps it. */
  targetInfo(): void {
    const { targetInfo } = this.#series;
    if (this.#newest > 0n && targetInfo) this.#builder.add(targetInfo, this.#newest, 1);
  }
}

function explicitBuckets(name: string, point: OtlpMessage<'HistogramDataPoint'>): ClassicBucket[] {
  const bounds = point.explicitBounds ?? [];
  const counts = point.bucketCounts ?? [];
  if (counts.length === 0 && bounds.length === 0) return [];
  if (counts.length !== bounds.length + 1) {
    throw new CollectorError(
      'bad-data',
      `histogram ${name} has ${counts.length} buckets for ${bounds.length} bounds, not one more than bounds`,
    );
  }
  let total = 0;
  const buckets = bounds.map((bound, i) => {
    total += Number(counts[i]);
    return { bound, count: total };
  });
  return buckets.filter(({ bound }) => Number.isFinite(bound));
}

/** A time as the store keeps it; what 64 bits with a sign do not hold is their end. */
export function timeOf(time: bigint | undefined): bigint {
  return time === undefined ? 0n : time > MAX_INT64 ? MAX_INT64 : time;
}

function exemplarValue({ asDouble, asInt }: OtlpMessage<'Exemplar'>): number {
  return asDouble ?? Number(asInt ?? 0n);
}
