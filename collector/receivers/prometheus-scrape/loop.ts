import type { SampleBatch } from '../../telemetry/batch.ts';
import { NANOS_PER_MS } from '../../telemetry/clock.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { messageOf, type ReceiverDeps, type Schedule } from '../receiver.ts';
import type { TargetScraper } from './target.ts';

/** The receiver's name in counts of what came in. */
export const RECEIVER = 'prometheus-scrape';
/** Tries to store the markers of a target that vanished, an interval apart. */
const END_TRIES = 5;

export interface LoopDeps extends ReceiverDeps {
  schedule: Schedule;
}

/** Scrapes one target again and again, never twice at once. */
export class TargetLoop {
  readonly scraper: TargetScraper;
  readonly #deps: LoopDeps;
  #cancel: (() => void) | undefined;
  #abort = new AbortController();
  #underway: Promise<void> = Promise.resolve();
  /** Where its turns went: scraping, ending (its target vanished), or stopped with the collector. */
  #state: 'scraping' | 'ending' | 'stopped' = 'scraping';

  constructor(scraper: TargetScraper, deps: LoopDeps) {
    this.scraper = scraper;
    this.#deps = deps;
  }

  /** `share` of the interval passes before the first scrape. */
  start(share: number): void {
    this.#after(share * this.scraper.target.intervalMs, () => this.#turn());
  }

  /** The collector stops: what is under way is called off, and nothing is marked as ended. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#cancel?.();
    this.#abort.abort(new Error('the collector stops'));
    await this.#underway;
  }

  /** The target vanished: its series get their markers, tried again while the store does not take them. */
  async end(): Promise<void> {
    if (this.#state !== 'scraping') return;
    this.#state = 'ending';
    this.#cancel?.();
    this.#abort.abort(new Error('the target vanished'));
    await this.#underway;
    if (this.#isStopped()) return;
    const batch = this.scraper.end();
    if (!batch) return;
    for (let tries = 1; !(await this.#deliver(batch)) && tries < END_TRIES && !this.#isStopped(); tries++)
      await this.#wait();
  }

  #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  async #wait(): Promise<void> {
    const waited = Promise.withResolvers<void>();
    const call = this.#deps.schedule(waited.resolve, this.scraper.target.intervalMs);
    this.#cancel = () => {
      call();
      waited.resolve();
    };
    await waited.promise;
  }

  #after(ms: number, task: () => Promise<void>): void {
    if (this.#state !== 'scraping') return;
    this.#cancel = this.#deps.schedule(() => {
      this.#underway = task();
    }, ms);
  }

  async #turn(): Promise<void> {
    const start = this.#deps.clock();
    await this.#scrape();
    const tookMs = Number((this.#deps.clock() - start) / NANOS_PER_MS);
    const { intervalMs } = this.scraper.target;
    // A scrape that took longer than an interval (the store was slow) skips turns, it does not catch up.
    this.#after(intervalMs - (tookMs % intervalMs), () => this.#turn());
  }

  async #scrape(): Promise<void> {
    const { timeoutMs } = this.scraper.target;
    this.#abort = new AbortController();
    const cancelTimeout = this.#deps.schedule(
      () => this.#abort.abort(new Error(`no complete answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const batch = await this.scraper.scrape(this.#abort.signal).finally(cancelTimeout);
    if (this.#state === 'scraping') await this.#deliver(batch);
  }

  /** True when the batch was stored. */
  async #deliver(batch: SampleBatch): Promise<boolean> {
    const { stats, consume, warn } = this.#deps;
    try {
      await consume([batch]);
      this.scraper.delivered();
      stats.accepted(RECEIVER, 'metrics', batch.count);
      return true;
    } catch (error) {
      const reason = error instanceof CollectorError ? error.code : 'internal';
      stats.refused(RECEIVER, 'metrics', batch.count, reason);
      warn('the samples of a scrape were not kept', {
        url: this.scraper.target.url,
        error: messageOf(error),
      });
      return false;
    }
  }
}
