import { spanMetric, spanMetricLabel } from '../../slo/index.ts';
import {
  histogramSamples,
  type MetricFamily,
  OPEN_METRICS_TYPE,
  writeOpenMetrics,
} from '../formats/prometheus-text/write-text.ts';
import type { Batch, SpanBatch } from '../telemetry/batch.ts';
import { type Clock, NANOS_PER_SECOND } from '../telemetry/clock.ts';
import { stringAt } from '../telemetry/columns.ts';
import { SPAN_KINDS } from '../telemetry/model.ts';
import type { Observer } from './processor.ts';
import { DurationHistogram } from './red-metrics/duration-histogram.ts';

export interface RedMetricsOptions {
  /** Series (method, route, status) that one service may have; more are counted as `other`. */
  seriesPerService?: number;
  /** Services that may have series; more are counted as `other`. */
  services?: number;
}

/** Told of batches, and gives the page that is scraped. */
export interface RedMetrics {
  observe: Observer;
  contentType: string;
  metrics(): Promise<string>;
}

/** A service has tens of routes and a few codes on each; whoever has more puts ids into its routes. */
const SERIES_PER_SERVICE = 200;
const SERVICES = 200;
/** Label value of what exceeds a limit. */
const OTHER = 'other';
const SERVER = SPAN_KINDS.indexOf('server');
/** Above every status code: makes one number of a span's positions in the dictionaries and its status. */
const STATUS_RANGE = 1000;

const { service, kind, route, method, statusCode } = spanMetricLabel;

/** One series: a histogram, and the labels it is written with. */
interface Series {
  labels: Record<string, string>;
  durations: DurationHistogram;
}

/** Series of one service by route, method and status; `other` takes what exceeds the limit. */
interface ServiceSeries {
  name: string;
  series: Map<string, Series>;
  other: Series | undefined;
}

/**
 * Golden signals of every server span as it arrived, whatever the processors dropped of it, with the trace as exemplar;
 * counted once the batch is durable, so that one which was refused and is sent again counts once. They count spans,
 * not requests: what the sender's sampling held back is not in them.
 */
export function createRedMetrics(options: RedMetricsOptions, deps: { clock: Clock }): RedMetrics {
  const table = new SeriesTable(options);
  return {
    observe: (batch) => observeSpans(batch, table, deps.clock),
    contentType: OPEN_METRICS_TYPE,
    metrics: async () => writeOpenMetrics(families(table)),
  };
}

/** Finds the series of a span once for each combination of dictionary entries that a batch has; then it is a number. */
function observeSpans(batch: Batch, table: SeriesTable, clock: Clock): void {
  if (batch.signal !== 'traces') return;
  const { index } = batch;
  const routes = index.route.dictionary.length;
  const methods = index.method.dictionary.length;
  // Two halves of 64 bits each: reading a bigint would make an object of every duration.
  const halves = new Uint32Array(index.durationNano.buffer, index.durationNano.byteOffset, batch.count * 2);
  const inBatch = new Map<number, Series>();
  let lastKey = -1;
  let series: Series | undefined;
  for (let i = 0; i < batch.count; i++) {
    if (index.kind[i] !== SERVER) continue;
    const position =
      (index.service.index[i]! * routes + index.route.index[i]!) * methods + index.method.index[i]!;
    const key = position * STATUS_RANGE + index.httpStatus[i]!;
    if (key !== lastKey) {
      series = inBatch.get(key);
      if (!series) {
        series = table.seriesOf(batch, i);
        inBatch.set(key, series);
      }
      lastKey = key;
    }
    series!.durations.observeNanos(halves[i * 2]! + halves[i * 2 + 1]! * 2 ** 32, i);
  }
  const now = Number(clock() / (NANOS_PER_SECOND / 1000n)) / 1000;
  for (const { durations } of inBatch.values()) durations.keepExemplars(index.traceId, index.spanId, now);
}

class SeriesTable {
  readonly services = new Map<string, ServiceSeries>();
  readonly #seriesLimit: number;
  readonly #serviceLimit: number;

  constructor(options: RedMetricsOptions) {
    this.#seriesLimit = options.seriesPerService ?? SERIES_PER_SERVICE;
    this.#serviceLimit = options.services ?? SERVICES;
  }

  /** The series of span `i`, which is `other` where its service or the whole has too many. */
  seriesOf({ index }: SpanBatch, i: number): Series {
    const of = this.#serviceOf(stringAt(index.service, i));
    const [at, by] = [stringAt(index.route, i), stringAt(index.method, i)];
    const key = `${index.httpStatus[i]!}\0${by}\0${at}`;
    const known = of.series.get(key);
    if (known) return known;
    const labels = {
      [route]: at,
      [method]: by,
      [statusCode]: index.httpStatus[i] ? String(index.httpStatus[i]) : '',
    };
    if (of.series.size >= this.#seriesLimit) {
      of.other ??= seriesWith(of.name, { [route]: OTHER, [method]: OTHER, [statusCode]: OTHER });
      return of.other;
    }
    const series = seriesWith(of.name, labels);
    of.series.set(key, series);
    return series;
  }

  #serviceOf(wanted: string): ServiceSeries {
    const name = this.services.has(wanted) || this.services.size < this.#serviceLimit ? wanted : OTHER;
    const found = this.services.get(name) ?? { name, series: new Map(), other: undefined };
    this.services.set(name, found);
    return found;
  }

  *all(): Generator<Series> {
    for (const { series, other } of this.services.values()) {
      yield* series.values();
      if (other) yield other;
    }
  }
}

function seriesWith(name: string, labels: Record<string, string>): Series {
  return { labels: { [service]: name, [kind]: 'server', ...labels }, durations: new DurationHistogram() };
}

function* families(table: SeriesTable): Generator<MetricFamily> {
  yield {
    name: spanMetric.duration,
    help: 'Duration of server spans as they arrived, by service and route. Not re-weighted for sampling.',
    type: 'histogram',
    samples: table
      .all()
      .flatMap(({ labels, durations }) =>
        histogramSamples(labels, durations, (bucket) => durations.exemplar(bucket)),
      ),
  };
  yield {
    name: spanMetric.overflow.replace(/_total$/, ''),
    help: 'Server spans counted under route "other" because their service has too many series.',
    type: 'counter',
    samples: [...table.services.values()].flatMap(({ name, other }) =>
      other ? [{ suffix: '_total', labels: { [service]: name }, value: other.durations.count }] : [],
    ),
  };
}
