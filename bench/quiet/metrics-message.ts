// The metrics of a played process as OTLP. A scrape by the collector would carry the machine's time; OTLP carries that of
// the day, and keeps what a scrape has: every bucket, every label, and exemplars with their trace.
import type { OtlpMessage } from '../../collector/formats/otlp-protobuf/messages.ts';
import { toPairs } from '../../collector/formats/otlp-protobuf/to-messages.ts';
import { label, resourceAttribute, scrapeMetric, serviceMetric } from '../../slo/index.ts';
import { type Distribution, keyOf, type Labels, type ShownExemplar, type Single } from './exposition.ts';
import type { Totals } from './growth.ts';

const cumulative = 2;

/** Who is scraped, and when. */
export interface Scraped {
  service: string;
  instance: string;
  version: string;
  startedUnixNano: bigint;
  timeUnixNano: bigint;
}

type Metric = OtlpMessage<'Metric'>;
export type ResourceMetrics = OtlpMessage<'ResourceMetrics'>;

/** A scrape that was answered. */
export function scrapeMessage(
  totals: Totals,
  exemplars: readonly ShownExemplar[],
  scraped: Scraped,
): ResourceMetrics {
  const shown = Map.groupBy(exemplars, ({ histogram }) => histogram);
  const families = new Map<string, Metric>();
  for (const one of totals.singles.values()) addSingle(families, one, scraped);
  for (const one of totals.distributions.values())
    addDistribution(families, one, shown.get(keyOf(one.name, one.labels)) ?? [], scraped);
  addSingle(families, upOf(1), scraped);
  return messageOf([...families.values()], scraped);
}

/** A scrape that was not. */
export function downMessage(scraped: Scraped): ResourceMetrics {
  const families = new Map<string, Metric>();
  addSingle(families, upOf(0), scraped);
  return messageOf([...families.values()], scraped);
}

function upOf(value: number): Single {
  return { name: scrapeMetric.up, labels: {}, isCounter: false, value };
}

function messageOf(metrics: Metric[], { service, instance }: Scraped): ResourceMetrics {
  const attributes = toPairs({
    [resourceAttribute.serviceName]: service,
    [resourceAttribute.serviceInstanceId]: instance,
  });
  return { resource: { attributes }, scopeMetrics: [{ scope: { name: 'replay' }, metrics }] };
}

/** What was recorded of another process and version is told as of this one. */
function named({ name, labels, value }: Single, scraped: Scraped): { labels: Labels; value: number } {
  if (name === serviceMetric.startTime) return { labels, value: Number(scraped.startedUnixNano) / 1e9 };
  if (name === serviceMetric.buildInfo)
    return { labels: { ...labels, [label.version]: scraped.version }, value };
  if (name !== serviceMetric.targetInfo) return { labels, value };
  const { version, instance } = scraped;
  return { labels: { ...labels, service_version: version, service_instance_id: instance }, value };
}

function addSingle(families: Map<string, Metric>, one: Single, scraped: Scraped): void {
  const { labels, value } = named(one, scraped);
  const point = { attributes: toPairs({ ...labels }), timeUnixNano: scraped.timeUnixNano, asDouble: value };
  const known = families.get(one.name);
  const points = known?.gauge?.dataPoints ?? known?.sum?.dataPoints;
  if (points) points.push(point);
  else if (one.isCounter)
    families.set(one.name, {
      name: one.name,
      sum: { dataPoints: [point], aggregationTemporality: cumulative, isMonotonic: true },
    });
  else families.set(one.name, { name: one.name, gauge: { dataPoints: [point] } });
}

function addDistribution(
  families: Map<string, Metric>,
  { name, labels, bounds, counts, count, sum, quantiles }: Distribution,
  exemplars: readonly ShownExemplar[],
  { timeUnixNano, startedUnixNano }: Scraped,
): void {
  const attributes = toPairs({ ...labels });
  const shared = { attributes, timeUnixNano, startTimeUnixNano: startedUnixNano, count: BigInt(count), sum };
  const known = families.get(name);
  if (counts.length === 0) {
    const summary = known?.summary ?? { dataPoints: [] };
    summary.dataPoints?.push({ ...shared, quantileValues: quantiles });
    families.set(name, { name, summary });
    return;
  }
  const histogram = known?.histogram ?? { dataPoints: [], aggregationTemporality: cumulative };
  histogram.dataPoints?.push({
    ...shared,
    bucketCounts: counts.map(BigInt),
    explicitBounds: bounds,
    exemplars: exemplars.map(({ timeUnixNano: at, value, traceId, spanId }) => ({
      ...{ timeUnixNano: at, asDouble: value, traceId, spanId },
    })),
  });
  families.set(name, { name, histogram });
}
