import { label, scrapeMetric } from '../../../slo/index.ts';
import { parsePrometheusText } from '../../formats/prometheus-text/parse-text.ts';
import { SeriesCache } from '../../formats/prometheus-text/series-cache.ts';
import { SampleBuilder } from '../../formats/sample-builder.ts';
import { STALE_NAN } from '../../formats/staleness.ts';
import type { SampleBatch } from '../../telemetry/batch.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { SeriesInfo } from '../../telemetry/model.ts';
import { messageOf } from '../receiver.ts';
import { type Fetch, fetchText } from './fetch-text.ts';

/** One target: where it is, and the labels its series get. */
export interface ScrapeTarget {
  job: string;
  instance: string;
  url: string;
  intervalMs: number;
  timeoutMs: number;
  labels: Readonly<Record<string, string>>;
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

/** Turns one target's expositions into batches, with `up` and its kin, and with markers for series that ended. */
export class TargetScraper {
  readonly target: ScrapeTarget;
  readonly #deps: ScraperDeps;
  readonly #maxBodyBytes: number;
  readonly #cache: SeriesCache;
  readonly #labels: Record<string, string>;
  readonly #own: Record<keyof typeof scrapeMetric, SeriesInfo>;
  /** Series that ended and when, until a batch with their markers was taken. */
  #ended: { series: SeriesInfo; time: bigint }[] = [];
  status: TargetStatus;

  constructor(target: ScrapeTarget, maxBodyBytes: number, deps: ScraperDeps) {
    const { job, instance } = target;
    this.target = target;
    this.#deps = deps;
    this.#maxBodyBytes = maxBodyBytes;
    this.#labels = { ...target.labels, [label.job]: job, [label.instance]: instance };
    this.#own = {
      up: this.#gauge(scrapeMetric.up),
      duration: this.#gauge(scrapeMetric.duration),
      samplesScraped: this.#gauge(scrapeMetric.samplesScraped),
    };
    this.#cache = new SeriesCache({ labels: this.#labels }, Object.values(this.#own));
    this.status = { job, instance, up: false };
  }

  #gauge(name: string): SeriesInfo {
    return { name, labels: this.#labels, kind: 'gauge', temporality: 'none' };
  }

  /** Scrapes once; a target that is down gives a batch too. Call `delivered` when the batch is durable. */
  async scrape(signal: AbortSignal): Promise<SampleBatch> {
    const { clock } = this.#deps;
    const start = clock();
    const { builder, samples, error } = await this.#read(start, signal);
    for (const { series, time } of this.#ended) builder.add(series, time, STALE_NAN);
    builder.add(this.#own.up, start, error === undefined ? 1 : 0);
    builder.add(this.#own.duration, start, Number(clock() - start) / 1e9);
    builder.add(this.#own.samplesScraped, start, samples);
    this.#note(start, error);
    return builder.build();
  }

  /** The batch of the last scrape was taken: the markers in it need not be sent again. */
  delivered(): void {
    this.#ended = [];
  }

  async #read(
    time: bigint,
    signal: AbortSignal,
  ): Promise<{ builder: SampleBuilder; samples: number; error?: string }> {
    try {
      const { body, format } = await fetchText(this.#deps.fetch, this.target.url, this.#maxBodyBytes, signal);
      const { builder, parsed } = parsePrometheusText(body, format, this.#cache, time);
      const { samples, duplicates } = parsed;
      this.#end(this.#cache.commit(), time);
      if (duplicates > 0)
        this.#warn('a target writes series twice; the first of each was kept', { duplicates });
      return { builder, samples };
    } catch (error) {
      this.#end(this.#cache.fail(), time);
      return { builder: new SampleBuilder(this.#cache.table), samples: 0, error: reasonOf(error, signal) };
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

/** fetch says "fetch failed" and hides why in its cause. */
function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return messageOf(signal.reason);
  const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
  return `${messageOf(error)}${cause}`;
}
