import type { SeriesKind, Temporality } from '../../telemetry/model.ts';

/** The two text formats: OpenMetrics 1.0 and Prometheus's own 0.0.4. */
export type TextFormat = 'openmetrics' | 'text';

/** What a series is, by its family's type and its own suffix. */
export interface KindOfSeries {
  kind: SeriesKind;
  temporality: Temporality;
}

const COUNTER: KindOfSeries = { kind: 'counter', temporality: 'cumulative' };
const GAUGE: KindOfSeries = { kind: 'gauge', temporality: 'none' };
const HISTOGRAM: KindOfSeries = { kind: 'histogram', temporality: 'cumulative' };
const SUMMARY: KindOfSeries = { kind: 'summary', temporality: 'cumulative' };
const QUANTILE: KindOfSeries = { kind: 'summary', temporality: 'none' };
const UNKNOWN: KindOfSeries = { kind: 'unknown', temporality: 'none' };

const HISTOGRAM_SUFFIXES = { _bucket: HISTOGRAM, _count: HISTOGRAM, _sum: HISTOGRAM };
const SUMMARY_SUFFIXES = { '': QUANTILE, _count: SUMMARY, _sum: SUMMARY };

/**
 * Sample suffixes that each type allows. Sources: https://prometheus.io/docs/specs/om/open_metrics_spec/#metric-types
 * and https://prometheus.io/docs/instrumenting/exposition_formats/
 */
const SUFFIXES: Record<TextFormat, Record<string, Record<string, KindOfSeries>>> = {
  openmetrics: {
    counter: { _total: COUNTER, _created: GAUGE },
    gauge: { '': GAUGE },
    histogram: { ...HISTOGRAM_SUFFIXES, _created: GAUGE },
    gaugehistogram: { _bucket: GAUGE, _gcount: GAUGE, _gsum: GAUGE },
    summary: { ...SUMMARY_SUFFIXES, _created: GAUGE },
    info: { _info: GAUGE },
    stateset: { '': GAUGE },
    unknown: { '': UNKNOWN },
  },
  text: {
    counter: { '': COUNTER },
    gauge: { '': GAUGE },
    histogram: HISTOGRAM_SUFFIXES,
    summary: SUMMARY_SUFFIXES,
    untyped: { '': UNKNOWN },
  },
};

/** True when the format knows this word behind `# TYPE name`. */
export function isType(format: TextFormat, type: string): boolean {
  return Object.hasOwn(SUFFIXES[format], type);
}

/** The kind of the series `name` under the family and type in force; undefined when it is not of that family. */
export function kindOf(
  format: TextFormat,
  family: string,
  type: string,
  name: string,
): KindOfSeries | undefined {
  if (!name.startsWith(family)) return undefined;
  const allowed = SUFFIXES[format][type];
  const suffix = name.slice(family.length);
  return allowed && Object.hasOwn(allowed, suffix) ? allowed[suffix] : undefined;
}

/** The kind of a series that no TYPE line speaks of. */
export const UNTYPED = UNKNOWN;
