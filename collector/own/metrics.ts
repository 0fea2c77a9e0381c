import type { OwnSources } from './families.ts';

export interface OwnMetrics {
  contentType: string;
  /** One scrape of the collector's own metrics. */
  metrics(): Promise<string>;
}

/**
 * The collector's own metrics, which OpenTelemetry's Prometheus exporter writes in the older text format. It is loaded
 * at the first scrape, because the SDK costs memory at rest.
 */
export function createOwnMetrics(sources: OwnSources): OwnMetrics {
  let scrape: Promise<() => Promise<string>> | undefined;
  return {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    metrics: async () => {
      scrape ??= import('./exporter.ts').then(({ createExporter }) => createExporter(sources));
      return (await scrape)();
    },
  };
}
