import { NANOS_PER_MS } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';
import type { Fetch } from './prometheus-scrape/fetch-text.ts';
import { type ScrapeTarget, TargetScraper, type TargetStatus } from './prometheus-scrape/target.ts';
import { messageOf, type Receiver, type ReceiverDeps, type Schedule, systemSchedule } from './receiver.ts';

/** Targets that are scraped alike. */
export interface ScrapeJob {
  job: string;
  /** host:port, or whole URLs. */
  targets: readonly string[];
  /** Path for targets given as host:port. */
  path: string;
  /** Seconds. */
  interval: number;
  /** Seconds. */
  timeout: number;
  labels: Readonly<Record<string, string>>;
}

export interface PrometheusScrapeOptions {
  jobs: readonly ScrapeJob[];
  /** Bytes of one exposition, inflated, at the most. */
  maxBodyBytes?: number;
}

export interface PrometheusScrapeDeps extends ReceiverDeps {
  fetch?: Fetch;
  schedule?: Schedule;
}

const NAME = 'prometheus-scrape';
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * Scrapes OpenMetrics (with exemplars) or Prometheus text from its targets, each on its own clock; their first
 * scrapes are spread over the interval. `targets` tells their state.
 */
export function createPrometheusScrape(
  options: PrometheusScrapeOptions,
  deps: PrometheusScrapeDeps,
): Receiver & { targets(): TargetStatus[] } {
  const { clock, warn } = deps;
  const maxBodyBytes = options.maxBodyBytes ?? MAX_BODY_BYTES;
  const scraperDeps = { fetch: deps.fetch ?? fetch, clock, warn };
  const loops = targetsOf(options.jobs).map(
    (target) => new TargetLoop(new TargetScraper(target, maxBodyBytes, scraperDeps), deps),
  );
  return {
    name: NAME,
    start: async () => {
      for (const [i, loop] of loops.entries()) loop.start(i / loops.length);
    },
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
    targets: () => loops.map((loop) => loop.scraper.status),
  };
}

/** `instance` is host:port, as Prometheus has it. */
function targetsOf(jobs: readonly ScrapeJob[]): ScrapeTarget[] {
  return jobs.flatMap(({ job, targets, path, interval, timeout, labels }) =>
    targets.map((target) => {
      const url = new URL(target.includes('://') ? target : `http://${target}${path}`);
      const port = url.port || (url.protocol === 'https:' ? '443' : '80');
      return {
        job,
        instance: `${url.hostname}:${port}`,
        url: url.href,
        intervalMs: interval * 1000,
        // A scrape must have ended when the next one begins.
        timeoutMs: Math.min(timeout, interval) * 1000,
        labels,
      };
    }),
  );
}

/** Scrapes one target again and again, never twice at once. */
class TargetLoop {
  readonly scraper: TargetScraper;
  readonly #deps: PrometheusScrapeDeps;
  readonly #schedule: Schedule;
  #cancel: (() => void) | undefined;
  #abort = new AbortController();
  #underway: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(scraper: TargetScraper, deps: PrometheusScrapeDeps) {
    this.scraper = scraper;
    this.#deps = deps;
    this.#schedule = deps.schedule ?? systemSchedule;
  }

  /** `share` of the interval passes before the first scrape. */
  start(share: number): void {
    this.#after(share * this.scraper.target.intervalMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    this.#abort.abort(new Error('the collector stops'));
    await this.#underway;
  }

  #after(ms: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#schedule(() => {
      this.#underway = this.#turn();
    }, ms);
  }

  async #turn(): Promise<void> {
    const start = this.#deps.clock();
    await this.#scrape();
    const tookMs = Number((this.#deps.clock() - start) / NANOS_PER_MS);
    const { intervalMs } = this.scraper.target;
    // A scrape that took longer than an interval (the store was slow) skips turns, it does not catch up.
    this.#after(intervalMs - (tookMs % intervalMs));
  }

  async #scrape(): Promise<void> {
    const { timeoutMs } = this.scraper.target;
    this.#abort = new AbortController();
    const cancelTimeout = this.#schedule(
      () => this.#abort.abort(new Error(`no complete answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const batch = await this.scraper.scrape(this.#abort.signal).finally(cancelTimeout);
    if (this.#stopped) return;
    const { stats, consume, warn } = this.#deps;
    try {
      await consume([batch]);
      this.scraper.delivered();
      stats.accepted(NAME, 'metrics', batch.count);
    } catch (error) {
      const reason = error instanceof CollectorError ? error.code : 'internal';
      stats.refused(NAME, 'metrics', batch.count, reason);
      warn('the samples of a scrape were not kept', {
        url: this.scraper.target.url,
        error: messageOf(error),
      });
    }
  }
}
