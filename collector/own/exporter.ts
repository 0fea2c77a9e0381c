import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { type OwnSources, ownFamilies } from './families.ts';

/** A producer must name a resource, and the reader takes the one of its MeterProvider. */
const NO_RESOURCE: ResourceMetrics['resource'] = {
  attributes: {},
  merge: (other) => other ?? NO_RESOURCE,
  getRawAttributes: () => [],
};

/**
 * Hands the families to OpenTelemetry's Prometheus exporter, anew at each scrape, and gives a function that makes one
 * scrape as text. It rejects when `sources` cannot tell: the exporter's own request handler would answer 200 then, and
 * without the headers that every answer of the API has.
 */
export function createExporter(sources: OwnSources): () => Promise<string> {
  const collect = async () => {
    const scopeMetrics = [{ scope: { name: 'go-sre-collector' }, metrics: await ownFamilies(sources) }];
    return { resourceMetrics: { resource: NO_RESOURCE, scopeMetrics }, errors: [] };
  };
  const exporter = new PrometheusExporter({ preventServerStart: true, metricProducers: [{ collect }] });
  new MeterProvider({ readers: [exporter] });
  const serializer = new PrometheusSerializer('', false, undefined, true, true);
  return async () => serializer.serialize((await exporter.collect()).resourceMetrics);
}
