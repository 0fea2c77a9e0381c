import type { SeriesInfo } from '../../telemetry/model.ts';

/** A series of one target, found again by the text it is written as: its labels are parsed once, not per scrape. */
export interface CachedSeries {
  info: SeriesInfo;
  /** Family and type it was read under; another type makes it another series. */
  family: string;
  type: string;
  /** The scrape in which it was last seen. */
  seen: number;
  /** It was in a scrape that succeeded, so that its end must be marked. */
  known: boolean;
  /** It carries its own timestamps: such series get no staleness markers, as in Prometheus. */
  ownTime: boolean;
  /** Text of the exemplar handed on last; exporters repeat an exemplar until a new one comes. */
  exemplar: string;
}

/** The series of one scraped target from scrape to scrape; what vanished tells `commit`. */
export class SeriesCache {
  /** Labels that every series of the target gets: job, instance and the configured ones. */
  readonly target: Readonly<Record<string, string>>;
  readonly #series = new Map<string, CachedSeries>();
  #scrape = 0;

  constructor(target: Readonly<Record<string, string>>) {
    this.target = target;
  }

  /** Begins a scrape; gives its number. */
  begin(): number {
    return ++this.#scrape;
  }

  get(text: string): CachedSeries | undefined {
    return this.#series.get(text);
  }

  set(text: string, series: CachedSeries): void {
    this.#series.set(text, series);
  }

  /** Ends a scrape that was read to its end: forgets and gives the series that were in the one before and not in it. */
  commit(): SeriesInfo[] {
    return this.#forget((series) => series.seen !== this.#scrape);
  }

  /** The target is down: forgets all series and gives those that must be marked as ended. */
  fail(): SeriesInfo[] {
    return this.#forget(() => true);
  }

  #forget(ended: (series: CachedSeries) => boolean): SeriesInfo[] {
    const gone: SeriesInfo[] = [];
    for (const [text, series] of this.#series) {
      if (!ended(series)) series.known = true;
      else {
        this.#series.delete(text);
        if (series.known && !series.ownTime) gone.push(series.info);
      }
    }
    return gone;
  }
}
