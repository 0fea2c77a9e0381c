import { label, suffix } from '../../../slo/index.ts';
import type { Histogram } from '../../telemetry/histogram.ts';

/** One line of a family: what its name ends with, its labels in the order in which they are written, its value. */
export interface MetricSample {
  suffix: string;
  labels: Readonly<Record<string, string>>;
  value: number;
  exemplar?: MetricExemplar;
}

export interface MetricExemplar {
  labels: Readonly<Record<string, string>>;
  value: number;
  /** Seconds since the Unix epoch. */
  timestamp: number;
}

/** Samples of one metric; the name stands without the `_total` of a counter. */
export interface MetricFamily {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  samples: Iterable<MetricSample>;
}

/** Content type of what is written here. */
export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/**
 * Families as OpenMetrics 1.0 writes them, exemplars included.
 * Source: https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
 */
export function writeOpenMetrics(families: Iterable<MetricFamily>): string {
  let text = '';
  for (const family of families) text += header(family) + lines(family);
  return `${text}# EOF\n`;
}

/** The lines of one histogram: cumulative buckets, sum, count. `exemplarOf` gives the exemplar of a bucket. */
export function histogramSamples(
  labels: Readonly<Record<string, string>>,
  histogram: Histogram,
  exemplarOf?: (bucket: number) => MetricExemplar | undefined,
): MetricSample[] {
  let count = 0;
  const buckets = [...histogram.counts].map((n, bucket): MetricSample => {
    count += n;
    const bound = writeValue(histogram.bounds[bucket] ?? Number.POSITIVE_INFINITY);
    const exemplar = exemplarOf?.(bucket);
    return {
      suffix: suffix.bucket,
      labels: { [label.bucketBound]: bound, ...labels },
      value: count,
      ...(exemplar ? { exemplar } : {}),
    };
  });
  return [
    ...buckets,
    { suffix: suffix.sum, labels, value: histogram.sum },
    { suffix: suffix.count, labels, value: count },
  ];
}

function header({ name, help, type }: MetricFamily): string {
  return `# HELP ${name} ${escapeText(help)}\n# TYPE ${name} ${type}\n`;
}

function lines({ name, samples }: MetricFamily): string {
  let text = '';
  for (const { suffix, labels, value, exemplar } of samples) {
    text += `${name}${suffix}${writeLabels(labels)} ${writeValue(value)}`;
    if (exemplar) {
      text += ` # ${writeLabels(exemplar.labels)} ${writeValue(exemplar.value)} ${exemplar.timestamp}`;
    }
    text += '\n';
  }
  return text;
}

function writeLabels(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(
    ([key, value]) => `${key}="${escapeText(value).replaceAll('"', '\\"')}"`,
  );
  return parts.length > 0 ? `{${parts.join(',')}}` : '';
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** A number as Prometheus writes it. */
function writeValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
