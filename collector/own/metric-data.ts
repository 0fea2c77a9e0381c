import { type HrTime, ValueType } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import type { Histogram } from '../telemetry/histogram.ts';

export type Labels = Readonly<Record<string, string>>;

/** The text has no times: Prometheus gives every point that of its scrape. */
const UNTOLD: HrTime = [0, 0];

/** A value as it is now, under its labels in the order in which they are written. */
export function point<T>(labels: Labels, value: T): DataPoint<T> {
  return { startTime: UNTOLD, endTime: UNTOLD, attributes: labels, value };
}

/** A sum that only grows; `name` stands without `_total`. */
export function counter(name: string, help: string, dataPoints: DataPoint<number>[]): MetricData {
  return { ...described(name, help), dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}

export function gauge(name: string, help: string, dataPoints: DataPoint<number>[]): MetricData {
  return { ...described(name, help), dataPointType: DataPointType.GAUGE, dataPoints };
}

export function histogram(name: string, help: string, points: DataPoint<Histogram>[]): MetricData {
  const dataPoints = points.map(({ value: { bounds, counts, sum, count }, ...of }) => ({
    ...of,
    value: { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count },
  }));
  return { ...described(name, help), dataPointType: DataPointType.HISTOGRAM, dataPoints };
}

/** The unit is part of the name. */
function described(name: string, description: string) {
  return {
    descriptor: { name, description, unit: '', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
}
