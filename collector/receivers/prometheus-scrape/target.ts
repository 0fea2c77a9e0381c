import { label, scrapeMetric } from '../../../slo/index.ts';
import { parsePrometheusProtobuf } from '../../formats/prometheus-protobuf/parse-protobuf.ts';
import { type ParsedText, parsePrometheusText } from '../../formats/prometheus-text/parse-text.ts';
import { SeriesCache, type TargetOptions } from '../../formats/prometheus-text/series-cache.ts';
import { SampleBuilder } from '../../formats/sample-builder.ts';
import { STALE_NAN } from '../../formats/staleness.ts';
import type { SampleBatch } from '../../telemetry/batch.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { SeriesInfo } from '../../telemetry/model.ts';
import { messageOf } from '../receiver.ts';
import { type ExpositionFormat, type Fetch, fetchExposition } from './fetch-exposition.ts';

/** How the targets of one job are scraped; limits of 0 are none. */
export interface ScrapeSettings extends Omit<TargetOptions, 'labels'> {
  nativeHistograms?: boolean;
  /** Bytes of one exposition, inflated, at the most. */
  maxBodyBytes: number;
}

/** One target: where it is, and the labels its series get, job and instance among them. */
export interface ScrapeTarget {
  job: string;
  instance: string;
  url: string;
  intervalMs: number;
  timeoutMs: number;
  labels: Readonly<Record<string, string>>;
  settings: ScrapeSettings;
}

/** State of one target, as the status API shows it. */
export interface TargetStatus {
  job: string;
  instance: string;
  up: boolean;
  lastError?: string;
  /** Decimal nanoseconds since the Unix epoch. */
  lastScrapeUnixNano?: string;
}

export interface ScraperDeps {
  fetch: Fetch;
  clock: Clock;
  warn(message: string, fields?: Record<string, unknown>): void;
}

type OwnSeries = Record<keyof typeof scrapeMetric, SeriesInfo>;

const NOTHING: ParsedText = { samples: 0, duplicates: 0, added: 0 };

/** Turns one target's expositions into batches, with `up` and its kin, and with markers for series that ended. */
export class TargetScraper {
  readonly target: ScrapeTarget;
  readonly #deps: ScraperDeps;
  readonly #cache: SeriesCache;
  readonly #own: OwnSeries;
  /** Series that ended and when, until a batch with their markers was taken. */
  #ended: { series: SeriesInfo; time: bigint }[] = [];
  #wasScraped = false;
  status: TargetStatus;

  constructor(target: ScrapeTarget, deps: ScraperDeps) {
    const { job, instance } = target;
    this.target = target;
    this.#deps = deps;
    const labels = { ...target.labels, [label.job]: job, [label.instance]: instance };
    const gauge = (name: string): SeriesInfo => ({ name, labels, kind: 'gauge', temporality: 'none' });
    this.#own = {
      up: gauge(scrapeMetric.up),
      duration: gauge(scrapeMetric.duration),
      samplesScraped: gauge(scrapeMetric.samplesScraped),
      samplesKept: gauge(scrapeMetric.samplesKept),
      seriesAdded: gauge(scrapeMetric.seriesAdded),
    };
    this.#cache = new SeriesCache({ ...target.settings, labels }, Object.values(this.#own));
    this.status = { job, instance, up: false };
  }

  /** Scrapes once; a target that is down gives a batch too. Call `delivered` when the batch is durable. */
  async scrape(signal: AbortSignal): Promise<SampleBatch> {
    const { clock } = this.#deps;
    const start = clock();
    const { builder, parsed, error } = await this.#read(start, signal);
    this.#wasScraped = true;
    for (const { series, time } of this.#ended) builder.add(series, time, STALE_NAN);
    builder.add(this.#own.up, start, error === undefined ? 1 : 0);
    builder.add(this.#own.duration, start, Number(clock() - start) / 1e9);
    builder.add(this.#own.samplesScraped, start, parsed.samples);
    builder.add(this.#own.samplesKept, start, parsed.samples);
    builder.add(this.#own.seriesAdded, start, parsed.added);
    this.#note(start, error);
    return builder.build();
  }

  /** The markers of a target that is not scraped any more, its `up` and kin included; undefined when it never was. */
  end(): SampleBatch | undefined {
    if (!this.#wasScraped) return undefined;
    const time = this.#deps.clock();
    this.#end(this.#cache.fail(), time);
    this.#end(Object.values(this.#own), time);
    const builder = new SampleBuilder();
    for (const ended of this.#ended) builder.add(ended.series, ended.time, STALE_NAN);
    return builder.build();
  }

  /** The batch of the last scrape was taken: the markers in it need not be sent again. */
  delivered(): void {
    this.#ended = [];
  }

  async #read(
    time: bigint,
    signal: AbortSignal,
  ): Promise<{ builder: SampleBuilder; parsed: ParsedText; error?: string }> {
    const { url, timeoutMs, settings } = this.target;
    const { maxBodyBytes, nativeHistograms = false } = settings;
    try {
      const request = { url, maxBodyBytes, timeoutMs, nativeHistograms };
      const { body, format } = await fetchExposition(this.#deps.fetch, request, signal);
      const { builder, parsed } = parse(body, format, this.#cache, time);
      this.#end(this.#cache.commit(), time);
      if (parsed.duplicates > 0)
        this.#warn('a target writes series twice; the first of each was kept', {
          duplicates: parsed.duplicates,
        });
      return { builder, parsed };
    } catch (error) {
      this.#end(this.#cache.fail(), time);
      const builder = new SampleBuilder(this.#cache.table);
      return { builder, parsed: NOTHING, error: reasonOf(error, signal) };
    }
  }

  #end(gone: readonly SeriesInfo[], time: bigint): void {
    for (const series of gone) this.#ended.push({ series, time });
  }

  #note(time: bigint, error: string | undefined): void {
    const { job, instance } = this.target;
    const lastScrapeUnixNano = String(time);
    if (error !== undefined && error !== this.status.lastError)
      this.#warn('a target cannot be scraped', { error });
    this.status =
      error === undefined
        ? { job, instance, up: true, lastScrapeUnixNano }
        : { job, instance, up: false, lastError: error, lastScrapeUnixNano };
  }

  #warn(message: string, fields: Record<string, unknown>): void {
    this.#deps.warn(message, { ...fields, job: this.target.job, url: this.target.url });
  }
}

function parse(body: Uint8Array, format: ExpositionFormat, cache: SeriesCache, time: bigint) {
  return format === 'protobuf'
    ? parsePrometheusProtobuf(body, cache, time)
    : parsePrometheusText(body, format, cache, time);
}

/** fetch says "fetch failed" and hides why in its cause. */
function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return messageOf(signal.reason);
  const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
  return `${messageOf(error)}${cause}`;
}
