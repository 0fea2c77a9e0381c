/**
 * Stored samples as OTLP/JSON and back. Series have Prometheus's names and labels; each becomes a gauge or a sum of
 * that name, with all its labels as attributes, and says in its metadata what it is, so that it comes back as it was.
 */
import { label, resourceAttribute } from '../../../slo/index.ts';
import type { SampleBatch } from '../../telemetry/batch.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { SeriesInfo, SeriesKind, Temporality } from '../../telemetry/model.ts';
import { parseJson } from '../json-parse.ts';
import { toAttributes } from '../otlp-protobuf/attributes.ts';
import { OTLP, type OtlpMessage } from '../otlp-protobuf/messages.ts';
import { toPairs } from '../otlp-protobuf/to-messages.ts';
import { SampleBuilder } from '../sample-builder.ts';
import { STALE_NAN } from '../staleness.ts';
import { parseMessage } from './parse-message.ts';

/** One sample with its series; ids of exemplars are absent or of their full length. */
export interface StoredSample {
  series: SeriesInfo;
  timeUnixNano: bigint;
  value: number;
  exemplars: { timeUnixNano: bigint; value: number; traceId: Uint8Array; spanId: Uint8Array }[];
}

const KIND_KEY = 'go-sre.series.kind';
const TEMPORALITY_KEY = 'go-sre.series.temporality';
const KINDS: readonly SeriesKind[] = ['counter', 'gauge', 'histogram', 'summary', 'unknown'];
const TEMPORALITIES: readonly Temporality[] = ['cumulative', 'delta', 'none'];
const DELTA = 1;
const CUMULATIVE = 2;
/** DataPointFlags.NO_RECORDED_VALUE: the series ended. */
const NO_RECORDED_VALUE = 1;

/** Samples as one request, one resource per job and instance. */
export function toMetricsMessage(samples: readonly StoredSample[]): OtlpMessage<'MetricsData'> {
  const bySeries = new Map<SeriesInfo, StoredSample[]>();
  for (const sample of samples) {
    const known = bySeries.get(sample.series);
    if (known) known.push(sample);
    else bySeries.set(sample.series, [sample]);
  }
  const targets = new Map<string, OtlpMessage<'Metric'>[]>();
  for (const [series, of] of bySeries) {
    const key = JSON.stringify([series.labels[label.job], series.labels[label.instance]]);
    const metrics = targets.get(key) ?? [];
    metrics.push(toMetric(series, of));
    targets.set(key, metrics);
  }
  const resourceMetrics = [...targets].map(([key, metrics]) => ({
    resource: resourceOf(JSON.parse(key) as (string | null)[]),
    scopeMetrics: [{ metrics }],
  }));
  return { resourceMetrics };
}

function resourceOf([job, instance]: readonly (string | null | undefined)[]): OtlpMessage<'Resource'> {
  const attributes = {
    ...(job && { [resourceAttribute.serviceName]: job }),
    ...(instance && { [resourceAttribute.serviceInstanceId]: instance }),
  };
  return { attributes: toPairs(attributes) };
}

function toMetric(series: SeriesInfo, samples: readonly StoredSample[]): OtlpMessage<'Metric'> {
  const attributes = toPairs(series.labels);
  const dataPoints = samples.map(({ timeUnixNano, value, exemplars }) => ({
    attributes,
    timeUnixNano,
    asDouble: value,
    ...(Number.isNaN(value) && { flags: NO_RECORDED_VALUE }),
    exemplars: exemplars.map((exemplar) => ({
      timeUnixNano: exemplar.timeUnixNano,
      asDouble: exemplar.value,
      ...(exemplar.traceId.some(Boolean) && { traceId: exemplar.traceId }),
      ...(exemplar.spanId.some(Boolean) && { spanId: exemplar.spanId }),
    })),
  }));
  const metadata = toPairs({ [KIND_KEY]: series.kind, [TEMPORALITY_KEY]: series.temporality });
  if (series.temporality === 'none') return { name: series.name, metadata, gauge: { dataPoints } };
  const aggregationTemporality = series.temporality === 'delta' ? DELTA : CUMULATIVE;
  const isMonotonic = series.kind === 'counter';
  return { name: series.name, metadata, sum: { dataPoints, aggregationTemporality, isMonotonic } };
}

/**
 * The samples of an OTLP/JSON request that `toMetricsMessage` made, as they were; undefined for any other request, which
 * is to be read by the rules for OTLP metrics. Throws `bad-data`.
 */
export function readStoredSeries(body: Uint8Array): SampleBatch | undefined {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!text.includes(KIND_KEY)) return undefined;
  const request = parseMessage(jsonOf(text.toString()), OTLP.MetricsData, '') as OtlpMessage<'MetricsData'>;
  const metrics = (request.resourceMetrics ?? [])
    .flatMap((group) => group.scopeMetrics ?? [])
    .flatMap((scope) => scope.metrics ?? []);
  if (metrics.some((metric) => toAttributes(metric.metadata)[KIND_KEY] === undefined)) return undefined;
  const builder = new SampleBuilder();
  for (const metric of metrics) readMetric(builder, metric);
  return builder.build();
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    throw new CollectorError('bad-data', `the body is not JSON: ${(cause as Error).message}`, { cause });
  }
}

function readMetric(builder: SampleBuilder, metric: OtlpMessage<'Metric'>): void {
  const metadata = toAttributes(metric.metadata);
  const kind = KINDS.find((one) => one === metadata[KIND_KEY]);
  const temporality = TEMPORALITIES.find((one) => one === metadata[TEMPORALITY_KEY]);
  const name = metric.name ?? '';
  if (kind === undefined || temporality === undefined || name === '') {
    throw new CollectorError('bad-data', `the metric "${name}" does not say which kind of series it is`);
  }
  const known = new Map<string, SeriesInfo>();
  for (const point of metric.gauge?.dataPoints ?? metric.sum?.dataPoints ?? []) {
    const labels = toAttributes(point.attributes) as Record<string, string>;
    const key = JSON.stringify(labels);
    const series = known.get(key) ?? { name, labels, kind, temporality };
    known.set(key, series);
    const isStale = ((point.flags ?? 0) & NO_RECORDED_VALUE) !== 0;
    builder.add(series, point.timeUnixNano ?? 0n, isStale ? STALE_NAN : (point.asDouble ?? 0));
    for (const exemplar of point.exemplars ?? []) {
      builder.addExemplar(series, {
        timeUnixNano: exemplar.timeUnixNano ?? 0n,
        value: exemplar.asDouble ?? 0,
        traceId: exemplar.traceId?.length ? exemplar.traceId : undefined,
        spanId: exemplar.spanId?.length ? exemplar.spanId : undefined,
      });
    }
  }
}
