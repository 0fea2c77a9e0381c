import { Counter, Histogram, type OpenMetricsContentType, type Registry } from 'prom-client';
import { durationBoundaries, exemplarLabel, spanMetric, spanMetricLabel } from '../../slo/index.ts';
import type { SpanBatch } from '../telemetry/batch.ts';
import { stringAt } from '../telemetry/columns.ts';
import { isZeroId, toHex } from '../telemetry/ids.ts';
import { SPAN_KINDS } from '../telemetry/model.ts';
import type { Observer } from './processor.ts';

export interface RedMetricsOptions {
  /** Series (method, route, status) that one service may have; more are counted as `other`. */
  seriesPerService?: number;
  /** Services that may have series; more are counted as `other`. */
  services?: number;
}

/** A service has tens of routes and a few codes on each; whoever has more puts ids into its routes. */
const SERIES_PER_SERVICE = 200;
const SERVICES = 200;
/** Label value of what exceeds a limit. */
const OTHER = 'other';
const SERVER = SPAN_KINDS.indexOf('server');

const { service, kind, route, method, statusCode } = spanMetricLabel;
const NAMES = [service, kind, route, method, statusCode];

/**
 * Golden signals of every server span as it arrived, whatever the processors dropped of it, with the trace as exemplar;
 * counted once the batch is durable, so that one which was refused and is sent again counts once. They count spans,
 * not requests: what the sender's sampling held back is not in them.
 */
export function createRedMetrics(
  options: RedMetricsOptions,
  deps: { registry: Registry<OpenMetricsContentType> | Registry },
): Observer {
  const seriesLimit = options.seriesPerService ?? SERIES_PER_SERVICE;
  const serviceLimit = options.services ?? SERVICES;
  const registers = [deps.registry as Registry];
  const durations = new Histogram<string>({
    name: spanMetric.duration,
    help: 'Duration of server spans as they arrived, by service and route. Not re-weighted for sampling.',
    labelNames: NAMES,
    buckets: [...durationBoundaries],
    enableExemplars: true,
    registers,
  });
  const overflow = new Counter<string>({
    name: spanMetric.overflow,
    help: 'Server spans counted under route "other" because their service has too many series.',
    labelNames: [service],
    registers,
  });
  const known = new Map<string, Set<string>>();

  /** The labels of a span, folded into `other` where its service or the whole has too many. */
  const labelsOf = (batch: SpanBatch, i: number): Record<string, string> => {
    const { index } = batch;
    let name = stringAt(index.service, i);
    if (!known.has(name) && known.size >= serviceLimit) name = OTHER;
    const series = known.get(name) ?? new Set<string>();
    known.set(name, series);
    const code = index.httpStatus[i] ? String(index.httpStatus[i]) : '';
    const labels = {
      [route]: stringAt(index.route, i),
      [method]: stringAt(index.method, i),
      [statusCode]: code,
    };
    const key = Object.values(labels).join('\u0000');
    const shared = { [service]: name, [kind]: 'server' };
    if (series.has(key)) return { ...shared, ...labels };
    if (series.size < seriesLimit) {
      series.add(key);
      return { ...shared, ...labels };
    }
    overflow.inc({ [service]: name });
    return { ...shared, [route]: OTHER, [method]: OTHER, [statusCode]: OTHER };
  };

  return (batch) => {
    if (batch.signal !== 'traces') return;
    const { index } = batch;
    for (let i = 0; i < batch.count; i++) {
      if (index.kind[i] !== SERVER) continue;
      durations.observe({
        labels: labelsOf(batch, i),
        value: Number(index.durationNano[i]!) / 1e9,
        ...(isZeroId(index.traceId, i * 16, 16)
          ? {}
          : {
              exemplarLabels: {
                [exemplarLabel.traceId]: toHex(index.traceId, i * 16, 16),
                [exemplarLabel.spanId]: toHex(index.spanId, i * 8, 8),
              },
            }),
      });
    }
  };
}
