import { label, resourceAttribute, serviceMetric, suffix, unknownService } from '../../../slo/index.ts';
import type { SampleBatch } from '../../telemetry/batch.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { AttributeValue, SeriesInfo, SeriesKind, Temporality } from '../../telemetry/model.ts';
import type { ClassicBucket } from '../exponential-histogram.ts';
import { numberLabel, prometheusLabel, prometheusName, withTarget } from '../prometheus-names.ts';
import { SampleBuilder } from '../sample-builder.ts';
import { STALE_NAN } from '../staleness.ts';
import { toAttributes } from './attributes.ts';
import { classicBuckets } from './exponential-buckets.ts';
import { metricsCodec, type OtlpMessage } from './messages.ts';

type Point =
  | OtlpMessage<'NumberDataPoint'>
  | OtlpMessage<'HistogramDataPoint'>
  | OtlpMessage<'ExponentialHistogramDataPoint'>
  | OtlpMessage<'SummaryDataPoint'>;
type Labels = Record<string, string>;

/** Samples one request may become at the most; a histogram point is one per bucket. */
const MAX_SAMPLES = 1_000_000;
/** DataPointFlags.NO_RECORDED_VALUE: the series ended. */
const NO_RECORDED_VALUE = 1;
const MAX_INT64 = 2n ** 63n - 1n;
const DELTA = 1;
const RESOURCE_IN_LABELS: ReadonlySet<string> = new Set([
  resourceAttribute.serviceName,
  resourceAttribute.serviceNamespace,
  resourceAttribute.serviceInstanceId,
]);

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
    const decoder = new ResourceDecoder(builder, group.resource);
    for (const scope of group.scopeMetrics ?? []) {
      for (const metric of scope.metrics ?? []) decoder.metric(metric);
    }
    decoder.targetInfo();
  }
  return builder.build();
}

/** What all points of one metric share. */
interface Family {
  name: string;
  kind: SeriesKind;
  temporality: Temporality;
}

class ResourceDecoder {
  readonly #builder: SampleBuilder;
  readonly #target: Labels;
  readonly #info: Labels;
  readonly #series = new Map<string, SeriesInfo>();
  #newest = 0n;

  constructor(builder: SampleBuilder, resource: OtlpMessage<'Resource'> | undefined) {
    const attributes = toAttributes(resource?.attributes);
    const namespace = labelText(attributes[resourceAttribute.serviceNamespace]);
    const service = labelText(attributes[resourceAttribute.serviceName]) || unknownService;
    this.#builder = builder;
    const instance = labelText(attributes[resourceAttribute.serviceInstanceId]);
    this.#target = { [label.job]: namespace ? `${namespace}/${service}` : service };
    if (instance !== '') this.#target[label.instance] = instance;
    const rest = Object.entries(attributes).filter(([key]) => !RESOURCE_IN_LABELS.has(key));
    this.#info = toLabels(Object.fromEntries(rest));
  }

  metric(metric: OtlpMessage<'Metric'>): void {
    const { gauge, sum, histogram, exponentialHistogram, summary } = metric;
    const counter = sum?.isMonotonic === true;
    const family = (kind: SeriesKind, temporality: Temporality): Family => ({
      name: prometheusName({
        name: metric.name ?? '',
        unit: metric.unit ?? '',
        counter,
        gauge: gauge !== undefined,
      }),
      kind,
      temporality,
    });
    if (gauge) this.#numbers(family('gauge', 'none'), gauge.dataPoints);
    else if (sum) {
      const temporality = temporalityOf(sum.aggregationTemporality);
      const inTime = counter || temporality === 'delta' ? temporality : 'none';
      this.#numbers(family(counter ? 'counter' : 'gauge', inTime), sum.dataPoints);
    } else if (histogram) {
      const of = family('histogram', temporalityOf(histogram.aggregationTemporality));
      for (const point of histogram.dataPoints ?? []) {
        this.#histogram(of, point, explicitBuckets(of.name, point));
      }
    } else if (exponentialHistogram) {
      const of = family('histogram', temporalityOf(exponentialHistogram.aggregationTemporality));
      for (const point of exponentialHistogram.dataPoints ?? []) {
        this.#histogram(of, point, classicBuckets(point));
      }
    } else if (summary) this.#summaries(family('summary', 'cumulative'), summary.dataPoints);
  }

  #numbers(family: Family, points: OtlpMessage<'NumberDataPoint'>[] | undefined): void {
    for (const point of points ?? []) {
      const series = this.#seriesOf(family, family.name, toLabels(toAttributes(point.attributes)));
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
      this.#seriesOf(family, family.name + suffix.bucket, {
        ...labels,
        [label.bucketBound]: numberLabel(bound),
      }),
    );
    for (const [i, { count }] of all.entries()) this.#add(bucketSeries[i]!, point, count);
    if (point.sum !== undefined) {
      this.#add(this.#seriesOf(family, family.name + suffix.sum, labels), point, point.sum);
    }
    this.#add(this.#seriesOf(family, family.name + suffix.count, labels), point, total);
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
        this.#add(this.#seriesOf({ ...family, temporality: 'none' }, family.name, of), point, value);
      }
      this.#add(this.#seriesOf(family, family.name + suffix.sum, labels), point, point.sum ?? 0);
      const count = Number(point.count ?? 0n);
      this.#add(this.#seriesOf(family, family.name + suffix.count, labels), point, count);
    }
  }

  /** One SeriesInfo per name and labels, so that a series stands once in the batch. */
  #seriesOf({ kind, temporality }: Family, name: string, labels: Labels): SeriesInfo {
    const key = JSON.stringify([name, Object.entries(labels).sort(), temporality]);
    let series = this.#series.get(key);
    if (!series) {
      series = { name, labels: withTarget(labels, this.#target), kind, temporality };
      this.#series.set(key, series);
    }
    return series;
  }

  #add(series: SeriesInfo, point: Point, value: number): void {
    const time = timeOf(point.timeUnixNano);
    if (time > this.#newest) this.#newest = time;
    if (this.#builder.count >= MAX_SAMPLES) {
      throw new CollectorError(
        'too-large',
        `the body holds more than ${MAX_SAMPLES} samples: send smaller batches`,
      );
    }
    this.#builder.add(series, time, ((point.flags ?? 0) & NO_RECORDED_VALUE) !== 0 ? STALE_NAN : value);
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
    if (this.#newest === 0n || Object.keys(this.#info).length === 0) return;
    const family: Family = { name: serviceMetric.targetInfo, kind: 'gauge', temporality: 'none' };
    this.#builder.add(this.#seriesOf(family, family.name, this.#info), this.#newest, 1);
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

/** Unspecified is read as cumulative, the SDKs' default. */
function temporalityOf(number: number | undefined): Temporality {
  return number === DELTA ? 'delta' : 'cumulative';
}

function timeOf(time: bigint | undefined): bigint {
  return time === undefined ? 0n : time > MAX_INT64 ? MAX_INT64 : time;
}

function exemplarValue({ asDouble, asInt }: OtlpMessage<'Exemplar'>): number {
  return asDouble ?? Number(asInt ?? 0n);
}

/** Attributes as labels; of attributes that become one label the values are joined, as the rules have it. */
function toLabels(attributes: Record<string, AttributeValue>): Labels {
  const labels: Labels = {};
  for (const key of Object.keys(attributes).sort()) {
    const name = prometheusLabel(key);
    const value = labelText(attributes[key]);
    if (name === '' || value === '') continue;
    labels[name] = Object.hasOwn(labels, name) ? `${labels[name]};${value}` : value;
  }
  return labels;
}

function labelText(value: AttributeValue | undefined): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return String(value);
  return JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? String(inner) : inner));
}
