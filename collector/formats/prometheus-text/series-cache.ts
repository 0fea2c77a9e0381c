import type { SeriesInfo } from '../../telemetry/model.ts';
import { withTarget } from '../prometheus-names.ts';
import { SeriesTable } from '../sample-builder.ts';

/**
 * A line of one target's exposition that is expected again: a comment, or a series with its labels. Its fixed part
 * (the comment with its newline, the series with the space behind it) stands in the body of the scrape in which it was
 * last seen, and is compared byte by byte with what the next scrape has in its place.
 */
export interface KnownLine {
  start: number;
  /** Bytes of the fixed part; 0 when the line is written in a way that only the slow reading takes. */
  length: number;
  /** The scrape in which it was last seen. */
  seen: number;
  /** What followed it. */
  next: KnownLine | undefined;
  /** Of a TYPE comment what it says, of a series what it was read under (another type is another series); else undefined. */
  family: string | undefined;
  type: string;
  series: CachedSeries | undefined;
}

/** A series of one target, found again by the text it is written as: its labels are parsed once, not per scrape. */
export interface CachedSeries {
  info: SeriesInfo;
  line: KnownLine;
  /** Its place in the target's table. */
  position: number;
  /** It was in a scrape that succeeded, so that its end must be marked. */
  known: boolean;
  /** It carries its own timestamps: such series get no staleness markers, as in Prometheus. */
  ownTime: boolean;
  /** Where its exemplar stands, newline included, in the body of the scrape in which it was last seen; length 0 for none. */
  exemplarStart: number;
  exemplarLength: number;
  /** Of protobuf: the exemplars that the last scrape had. */
  exemplars: ReadonlySet<string>;
}

/** What a target is taken as. Each limit refuses the scrape as a whole, as Prometheus has it; 0 is no limit. */
export interface TargetOptions {
  /** Labels that every series of the target gets: job, instance and the configured ones. */
  labels: Readonly<Record<string, string>>;
  /** Labels of the series win over those of the target, instead of becoming `exported_…`. */
  honorLabels?: boolean;
  /** Timestamps of the exposition count; default true. */
  honorTimestamps?: boolean;
  sampleLimit?: number;
  labelLimit?: number;
  labelNameLengthLimit?: number;
  labelValueLengthLimit?: number;
}

const NO_BODY = new Uint8Array(0);
const NO_EXEMPLARS: ReadonlySet<string> = new Set();

/** The series of one scraped target from scrape to scrape; what vanished tells `commit`. */
export class SeriesCache {
  readonly options: TargetOptions;
  /** Series that the scraper writes itself; they stand at the first positions of the table, in this order. */
  readonly #own: readonly SeriesInfo[];
  readonly #series = new Map<string, CachedSeries>();
  #table = new SeriesTable();
  #tableIsWorn = true;
  #scrape = 0;
  #format = '';
  /** The body of the last scrape, and the first line of it. */
  body: Uint8Array = NO_BODY;
  first: KnownLine | undefined;

  constructor(options: TargetOptions, own: readonly SeriesInfo[] = []) {
    this.options = options;
    this.#own = own;
  }

  /** The table of this scrape; `begin` may make a new one. */
  get table(): SeriesTable {
    return this.#table;
  }

  /** Begins a scrape; gives its number. Lines of another format are not expected: a number is left out. */
  begin(format: string): number {
    if (this.#tableIsWorn) this.#renewTable();
    this.#scrape += format === this.#format ? 1 : 2;
    this.#format = format;
    return this.#scrape;
  }

  get(text: string): CachedSeries | undefined {
    return this.#series.get(text);
  }

  /** Takes in a series that is written as `text`; one of the same text but of another type gives way to it. */
  add(
    text: string,
    { name, labels, kind, temporality }: SeriesInfo,
    family: string,
    type: string,
  ): CachedSeries {
    const { options } = this;
    const all = options.honorLabels ? { ...options.labels, ...labels } : withTarget(labels, options.labels);
    const info: SeriesInfo = { name, labels: all, kind, temporality };
    const replaced = this.#series.get(text);
    const line: KnownLine = {
      ...{ start: 0, length: 0, seen: replaced?.line.seen ?? 0 },
      ...{ next: replaced?.line.next, family, type, series: undefined },
    };
    const series: CachedSeries = {
      ...{
        info,
        line,
        position: this.#table.position(info),
        known: replaced?.known ?? false,
        ownTime: false,
      },
      ...{ exemplarStart: 0, exemplarLength: 0, exemplars: NO_EXEMPLARS },
    };
    line.series = series;
    if (replaced) {
      this.#tableIsWorn = true;
      // It has no position in the next table, so its line must not be expected.
      replaced.line.length = 0;
    }
    this.#series.set(text, series);
    return series;
  }

  /** Ends a scrape that was read to its end: forgets and gives the series that were in the one before and not in it. */
  commit(): SeriesInfo[] {
    return this.#forget((series) => series.line.seen !== this.#scrape);
  }

  /** The target is down: forgets all series and gives those that must be marked as ended. */
  fail(): SeriesInfo[] {
    this.body = NO_BODY;
    this.first = undefined;
    return this.#forget(() => true);
  }

  #forget(ended: (series: CachedSeries) => boolean): SeriesInfo[] {
    const gone: SeriesInfo[] = [];
    for (const [text, series] of this.#series) {
      if (!ended(series)) series.known = true;
      else {
        this.#series.delete(text);
        this.#tableIsWorn = true;
        if (series.known && !series.ownTime) gone.push(series.info);
      }
    }
    return gone;
  }

  /** A table without the series that ended. */
  #renewTable(): void {
    this.#table = new SeriesTable();
    this.#tableIsWorn = false;
    for (const info of this.#own) this.#table.position(info);
    for (const series of this.#series.values()) series.position = this.#table.position(series.info);
  }
}
