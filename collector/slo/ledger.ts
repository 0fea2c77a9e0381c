/** The counts of all objectives over the store, kept in memory and added to: a reader who asks often reads little. */
import type { CountedGroup, Service } from '../../slo/index.ts';
import { WeightMemory } from '../correlate/weights.ts';
import type { Store } from '../storage/store.ts';
import { type Clock, NANOS_PER_MS } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { type Book, type Budget, bookOf, countedOf, type Kept, newestFrom, restart } from './book.ts';
import { countSeries, type Span } from './from-metrics.ts';
import { countSpans, type SpanCounts } from './from-spans.ts';
import { floorHour, floorStep, hourMs, keptHours, Timeline } from './timeline.ts';

/** Budgets that are kept, of all objectives and their groups: 100 MB. */
const maxBudgets = 500;

/** When the oldest records came: of all, and the spans of one service; undefined where it has none. */
interface Oldest {
  readonly anyMs: number;
  readonly metricsMs: number | undefined;
  readonly spansMs: (service: string) => number | undefined;
}

type Outcome = 'read' | 'shorter' | 'anew';

export interface LedgerDeps {
  readonly clock: Clock;
  readonly breathe: () => Promise<void>;
}

export class Ledger {
  #books: Book[] = [];
  readonly #leftOut = new Set<string>();
  #revision = 0;
  readonly #store: Store;
  readonly #deps: LedgerDeps;
  readonly #weights = new WeightMemory();

  constructor(store: Store, services: readonly Service[], deps: LedgerDeps) {
    this.#store = store;
    this.#deps = deps;
    this.replace(services);
  }

  /** Takes other objectives; counts stay where what is counted stayed. */
  replace(services: readonly Service[]): void {
    this.#revision++;
    const known = new Map(this.#books.map((book) => [countedOf(book.service), book]));
    this.#books = services.map((service) => bookOf(service, known.get(countedOf(service))));
  }

  /**
   * Reads what is new of every service, then older hours of those that are not read to their end, until all is read or `enough`
   * says to leave the rest for the next time. A service that cannot be read says why, and does not keep the others from it.
   * @throws CollectorError `cancelled`, and as Store.status
   */
  async advance(signal: AbortSignal, enough: () => boolean = () => false): Promise<void> {
    const oldest = await this.#oldest();
    const left = new Set(this.#books);
    for (const book of this.#books) {
      if (!(await this.#attempt(book, () => this.#readNewest(book, oldest, signal), signal)))
        left.delete(book);
    }
    while (left.size > 0) {
      for (const book of left) {
        if (enough()) return;
        const isMore = await this.#attempt(book, () => this.#readOlder(book, oldest, signal), signal);
        if (!isMore) left.delete(book);
      }
    }
  }

  /** All budgets as they stand, in the order of the files; an objective of which nothing was found is one, too. */
  budgets(): readonly Budget[] {
    return this.#books.flatMap(({ service, objectives, read, problem }) =>
      objectives.flatMap(({ slo, source, why, groups }): Budget[] => {
        const one = { service, slo, source, why, read, problem };
        if (groups.size === 0) return [{ ...one, labels: {}, counts: undefined }];
        const all = [...groups.values()];
        return all.map(({ labels, timeline }) => ({ ...one, labels, counts: timeline.read() }));
      }),
    );
  }

  /** Grows whenever the budgets may say something else. */
  get revision(): number {
    return this.#revision;
  }

  /** Budgets of groups that are not kept, because there are too many. */
  get leftOut(): number {
    return this.#leftOut.size;
  }

  async #oldest(): Promise<Oldest> {
    const { signals, oldestByService } = await this.#store.status();
    const ms = (nano: bigint | undefined) => (nano === undefined ? undefined : Number(nano / NANOS_PER_MS));
    const [metrics, traces] = [ms(signals.metrics.oldestUnixNano), ms(signals.traces.oldestUnixNano)];
    const byService = new Map(oldestByService.map((one) => [one.service, ms(one.oldestUnixNano)!]));
    return {
      metricsMs: metrics,
      anyMs: Math.min(metrics ?? Number.POSITIVE_INFINITY, traces ?? Number.POSITIVE_INFINITY),
      spansMs: (service) => {
        const own = byService.get(service);
        return traces === undefined || own === undefined ? undefined : Math.max(traces, own);
      },
    };
  }

  /** Answers what the reading answers; false, and noted, where it fails. */
  async #attempt(book: Book, reading: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
    try {
      const isMore = await reading();
      this.#revision++;
      book.problem = undefined;
      return isMore;
    } catch (error) {
      if (signal.aborted) throw error;
      book.problem = error instanceof Error ? error.message : String(error);
      return false;
    }
  }

  /** Counts from where it was read to up to now. */
  async #readNewest(book: Book, oldest: Oldest, signal: AbortSignal): Promise<boolean> {
    const toMs = floorStep(Number(this.#deps.clock() / NANOS_PER_MS));
    for (let fromMs = newestFrom(book.read, toMs); fromMs < toMs; ) {
      const endMs = Math.min(floorHour(fromMs) + book.hours * hourMs, toMs);
      const outcome = await this.#count(book, { fromMs, toMs: endMs }, oldest, signal);
      if (outcome === 'read') {
        book.read = { isWhole: false, ...book.read, fromMs: book.read?.fromMs ?? fromMs, toMs: endMs };
        fromMs = endMs;
      } else if (outcome === 'anew') {
        fromMs = newestFrom(undefined, toMs);
      }
    }
    book.read ??= { fromMs: toMs, toMs, isWhole: false };
    for (const { groups } of book.objectives)
      for (const { timeline } of groups.values()) timeline.reach(toMs);
    return true;
  }

  /** Counts some hours before those that were read; false when there are none. */
  async #readOlder(book: Book, oldest: Oldest, signal: AbortSignal): Promise<boolean> {
    if (!book.read) return this.#readNewest(book, oldest, signal);
    const { fromMs, toMs } = book.read;
    const limitMs = Math.max(floorHour(oldest.anyMs), floorHour(toMs) - (keptHours - 1) * hourMs);
    book.read = { ...book.read, isWhole: fromMs <= limitMs };
    if (book.read.isWhole) return false;
    const olderMs = Math.max(fromMs - book.hours * hourMs, limitMs);
    const outcome = await this.#count(book, { fromMs: olderMs, toMs: fromMs }, oldest, signal);
    if (outcome === 'read') book.read = { ...book.read, fromMs: olderMs };
    return true;
  }

  /** Counts a span for all objectives of a service. `shorter`: it holds too much for one reading; `anew`: all is read again. */
  async #count(book: Book, span: Span, oldest: Oldest, signal: AbortSignal): Promise<Outcome> {
    this.#revision++;
    const { service, objectives } = book;
    const deps = { signal, breathe: this.#deps.breathe };
    const wanted = objectives.filter(({ why }) => why === undefined);
    const slosOf = (some: readonly Kept[]) => some.map(({ slo }) => slo);
    try {
      const metricsDeps = { ...deps, sinceMs: oldest.metricsMs };
      const measured = await countSeries(this.#store, service, slosOf(wanted), span, metricsDeps);
      if (wanted.some((kept) => kept.source === 'spans' && (measured.get(kept.slo)?.length ?? 0) > 0)) {
        // Metrics exist after all: never both in one number.
        for (const kept of wanted) if ((measured.get(kept.slo)?.length ?? 0) > 0) restart(kept);
        book.read = undefined;
        return 'anew';
      }
      const rest = wanted.filter(({ slo, source }) => source !== 'metrics' && !measured.get(slo)?.length);
      const sinceMs = oldest.spansMs(service.job ?? service.name);
      const spanDeps = { ...deps, sinceMs, weights: this.#weights };
      const seen = await countSpans(this.#store, service, slosOf(rest), span, spanDeps);
      for (const kept of wanted) this.#take(kept, measured.get(kept.slo) ?? [], seen.get(kept.slo), span);
      return 'read';
    } catch (error) {
      if (!isTooMuch(error) || book.hours === 1) throw error;
      book.hours = Math.floor(book.hours / 2);
      return 'shorter';
    }
  }

  #take(kept: Kept, measured: readonly CountedGroup[], seen: SpanCounts | undefined, span: Span): void {
    if (measured.length > 0) kept.source = 'metrics';
    else if (seen) kept.source = 'spans';
    for (const { labels, counts } of measured) this.#timeline(kept, labels, span)?.put(counts, 1);
    if (seen) this.#timeline(kept, seen.labels, span)?.put(seen.counts, seen.weight);
  }

  #timeline(kept: Kept, labels: Readonly<Record<string, string>>, { toMs }: Span): Timeline | undefined {
    const key = JSON.stringify(labels);
    const known = kept.groups.get(key);
    if (known) return known.timeline;
    if (this.#kept() >= maxBudgets) {
      if (this.#leftOut.size < maxBudgets) this.#leftOut.add(`${kept.slo.id} ${key}`);
      return undefined;
    }
    const nowMs = Math.max(toMs, Number(this.#deps.clock() / NANOS_PER_MS));
    const timeline = new Timeline(nowMs);
    kept.groups.set(key, { labels, timeline });
    return timeline;
  }

  #kept(): number {
    return this.#books.reduce(
      (sum, book) => sum + book.objectives.reduce((n, one) => n + one.groups.size, 0),
      0,
    );
  }
}

/** Too many samples, or too long a reading: fewer hours may do. */
function isTooMuch(error: unknown): boolean {
  return error instanceof CollectorError && (error.code === 'bad-request' || error.code === 'too-slow');
}
