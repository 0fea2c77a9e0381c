// One scrape of a service, taken apart by what its numbers are: what grows can then be played again.
import { parsePrometheusText } from '../../collector/formats/prometheus-text/parse-text.ts';
import { SeriesCache } from '../../collector/formats/prometheus-text/series-cache.ts';
import type { SampleIndex } from '../../collector/telemetry/batch.ts';
import type { SeriesInfo } from '../../collector/telemetry/model.ts';
import { label, suffix } from '../../slo/index.ts';

export type Labels = Readonly<Record<string, string>>;

/** A number of its own; a counter's is a running total. */
export interface Single {
  name: string;
  labels: Labels;
  isCounter: boolean;
  value: number;
}

/** A histogram or a summary: running totals, of buckets not cumulative; `bounds` are those below +Inf. */
export interface Distribution {
  name: string;
  labels: Labels;
  bounds: number[];
  counts: number[];
  count: number;
  sum: number;
  /** Of a summary, as they stood. */
  quantiles: { quantile: number; value: number }[];
}

/** An exemplar with a trace, and the key of the histogram that shows it. */
export interface ShownExemplar {
  histogram: string;
  timeUnixNano: bigint;
  value: number;
  traceId: Uint8Array;
  spanId: Uint8Array;
}

/** What one scrape said. Series by name and labels. */
export interface Exposition {
  singles: Map<string, Single>;
  distributions: Map<string, Distribution>;
  exemplars: ShownExemplar[];
}

/** Reads OpenMetrics text that was scraped at a time. Throws CollectorError `bad-data`. */
export function readExposition(body: Uint8Array, timeUnixNano: bigint): Exposition {
  const options = { labels: {}, honorLabels: true, honorTimestamps: false, sampleLimit: 0 };
  const limits = { labelLimit: 0, labelNameLengthLimit: 0, labelValueLengthLimit: 0 };
  const cache = new SeriesCache({ ...options, ...limits });
  const { builder } = parsePrometheusText(body, 'openmetrics', cache, timeUnixNano);
  return taken(builder.build().index);
}

function taken(index: SampleIndex): Exposition {
  const found: Exposition = { singles: new Map(), distributions: new Map(), exemplars: [] };
  const buckets = new Map<string, { bound: number; cumulative: number }[]>();
  index.seriesIndex.forEach((position, i) => {
    const info = index.series[position]!;
    const value = index.value[i]!;
    if (info.kind === 'histogram' || info.kind === 'summary') addPart(found, buckets, info, value);
    else {
      const { name, labels, kind } = info;
      found.singles.set(keyOf(name, labels), { name, labels, isCounter: kind === 'counter', value });
    }
  });
  for (const [key, own] of buckets) setBuckets(found.distributions.get(key)!, own);
  found.exemplars = exemplarsOf(index);
  return found;
}

function addPart(
  { distributions }: Exposition,
  buckets: Map<string, { bound: number; cumulative: number }[]>,
  info: SeriesInfo,
  value: number,
): void {
  const { name, labels } = familyOf(info);
  const key = keyOf(name, labels);
  const none = { name, labels, bounds: [], counts: [], count: 0, sum: 0, quantiles: [] };
  const one = distributions.get(key) ?? none;
  distributions.set(key, one);
  const bound = info.labels[label.bucketBound];
  const quantile = info.labels[label.quantile];
  if (bound !== undefined) {
    const own = buckets.get(key) ?? [];
    buckets.set(key, own);
    own.push({ bound: bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound), cumulative: value });
  } else if (quantile !== undefined) one.quantiles.push({ quantile: Number(quantile), value });
  else if (info.name.endsWith(suffix.sum)) one.sum = value;
  else one.count = value;
}

function setBuckets(one: Distribution, own: { bound: number; cumulative: number }[]): void {
  own.sort((a, b) => a.bound - b.bound);
  one.bounds = own.map(({ bound }) => bound).filter(Number.isFinite);
  one.counts = own.map(({ cumulative }, i) => cumulative - (own[i - 1]?.cumulative ?? 0));
}

function exemplarsOf({ series, exemplars }: SampleIndex): ShownExemplar[] {
  return Array.from(exemplars.seriesIndex, (position, i) => {
    const { name, labels } = familyOf(series[position]!);
    return {
      histogram: keyOf(name, labels),
      timeUnixNano: exemplars.timeUnixNano[i]!,
      value: exemplars.value[i]!,
      traceId: exemplars.traceId.slice(i * 16, i * 16 + 16),
      spanId: exemplars.spanId.slice(i * 8, i * 8 + 8),
    };
  });
}

/** The histogram or summary that a series is a part of. */
function familyOf({ name, labels }: SeriesInfo): { name: string; labels: Labels } {
  const { [label.bucketBound]: _bound, [label.quantile]: _quantile, ...rest } = labels;
  const ending = Object.values(suffix).find((one) => name.endsWith(one)) ?? '';
  return { name: name.slice(0, name.length - ending.length), labels: rest };
}

/** A series by its name and labels. */
export function keyOf(name: string, labels: Labels): string {
  return JSON.stringify([name, Object.entries(labels).sort()]);
}
