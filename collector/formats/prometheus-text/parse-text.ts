import { isUtf8 } from 'node:buffer';
import { exemplarLabel, label } from '../../../slo/index.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { fromHex, SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import type { SeriesInfo } from '../../telemetry/model.ts';
import { canonicalNumber, goNumber } from '../prometheus-names.ts';
import { SampleBuilder } from '../sample-builder.ts';
import { ByteCursor, sameBytes } from './known-lines.ts';
import { LabelLimits } from './label-limits.ts';
import { LineReader } from './line-reader.ts';
import type { CachedSeries, KnownLine, SeriesCache } from './series-cache.ts';
import { isType, kindOf, type TextFormat, UNTYPED } from './series-kind.ts';

const EOF = '# EOF';
const NEWLINE = 0x0a;
const SPACE = 0x20;
const HASH = 0x23;
const MAX_INT64 = 2n ** 63n - 1n;
/** Series that a scrape may have more than the one before, before its columns must grow. */
const ROOM_FOR_MORE = 64;

/** What a scrape held; `duplicates` were given twice under one text and are kept once. */
export interface ParsedText {
  samples: number;
  duplicates: number;
  /** Series that the scrape before did not have. */
  added: number;
}

/**
 * Parses one scrape into a builder on the table of `cache`. Lines are expected
 * as they stood in the scrape before: where one has the same comment, or the same series, only its value and exemplar
 * are read. A sample without a timestamp has `timeUnixNano`; an exemplar that stood there in the scrape before is not
 * handed on again. Throws `bad-data` with the line's number, or, for OpenMetrics, when the closing `# EOF` is missing,
 * and `too-large` above a limit of the target. Call `cache.commit()` after it, or `cache.fail()` when it throws.
 */
export function parsePrometheusText(
  body: Uint8Array,
  format: TextFormat,
  cache: SeriesCache,
  timeUnixNano: bigint,
): { builder: SampleBuilder; parsed: ParsedText } {
  if (!isUtf8(body)) throw new CollectorError('bad-data', 'the exposition is not UTF-8');
  const parser = new TextParser(body, format, cache, timeUnixNano);
  parser.run();
  return parser;
}

class TextParser {
  readonly parsed: ParsedText = { samples: 0, duplicates: 0, added: 0 };
  readonly builder: SampleBuilder;
  readonly #body: Buffer;
  readonly #view: DataView;
  readonly #before: DataView;
  readonly #format: TextFormat;
  readonly #cache: SeriesCache;
  readonly #time: bigint;
  readonly #scrape: number;
  readonly #cursor: ByteCursor;
  readonly #limits: LabelLimits;
  #pos = 0;
  #number = 0;
  /** The line that was read last, and the one that should follow it. */
  #last: KnownLine | undefined;
  #expected: KnownLine | undefined;
  #family = '';
  #type = '';
  #ended = false;

  constructor(body: Uint8Array, format: TextFormat, cache: SeriesCache, time: bigint) {
    this.#body = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.#view = viewOf(body);
    this.#before = viewOf(cache.body);
    this.#format = format;
    this.#cache = cache;
    this.#time = time;
    this.#scrape = cache.begin(format);
    this.#expected = cache.first;
    this.#cursor = new ByteCursor(this.#body);
    this.#limits = new LabelLimits(cache.options);
    this.builder = new SampleBuilder(cache.table, cache.table.size + ROOM_FOR_MORE);
  }

  run(): void {
    const { length } = this.#body;
    while (this.#pos < length) {
      this.#number++;
      const line = this.#readKnown() ?? this.#readAnew();
      if (line) this.#follow(line);
    }
    this.#end();
    this.#limits.samples(this.parsed.samples);
    this.#cache.body = this.#body;
  }

  #follow(line: KnownLine): void {
    if (this.#last === undefined) this.#cache.first = line;
    else if (this.#last.next !== line) this.#last.next = line;
    this.#last = line;
    this.#expected = line.next;
  }

  /** The line here when it is the expected one in its usual form, or undefined with nothing done. */
  #readKnown(): KnownLine | undefined {
    const line = this.#expected;
    // What was not seen in the scrape before stands in a body that is gone.
    if (line === undefined || line.length === 0 || line.seen !== this.#scrape - 1) return undefined;
    const pos = this.#pos;
    const { start, length, series } = line;
    if (pos + length > this.#body.length || !sameBytes(this.#view, pos, this.#before, start, length)) {
      return undefined;
    }
    if (series === undefined) {
      if (line.family !== undefined) {
        this.#family = line.family;
        this.#type = line.type;
      }
      this.#pos = pos + length;
    } else if (line.family !== this.#family || line.type !== this.#type || !this.#readValue(series)) {
      return undefined;
    }
    line.start = pos;
    line.seen = this.#scrape;
    return line;
  }

  #readValue(series: CachedSeries): boolean {
    const cursor = this.#cursor;
    const { builder } = this;
    cursor.pos = this.#pos + series.line.length;
    const value = cursor.number();
    if (cursor.pos < 0) return false;
    let exemplarStart = 0;
    let ownTime: bigint | undefined;
    if (this.#body[cursor.pos++] === SPACE) {
      if (this.#body[cursor.pos] !== HASH) ownTime = cursor.timestamp(this.#format);
      else {
        if (this.#format !== 'openmetrics') return false;
        exemplarStart = cursor.pos;
        if (!this.#skipOldExemplar(series)) cursor.exemplar(builder, series.position, this.#time);
      }
      if (cursor.pos < 0) return false;
    }
    if (this.#cache.options.honorTimestamps === false) ownTime = undefined;
    series.exemplarStart = exemplarStart;
    series.exemplarLength = exemplarStart === 0 ? 0 : cursor.pos - exemplarStart;
    series.ownTime = ownTime !== undefined;
    builder.addAt(series.position, ownTime ?? this.#time, value);
    this.parsed.samples++;
    this.#pos = cursor.pos;
    return true;
  }

  /** Steps over the exemplar at the cursor when the scrape before had the very same. */
  #skipOldExemplar({ exemplarStart, exemplarLength }: CachedSeries): boolean {
    const { pos } = this.#cursor;
    const isOld =
      exemplarLength > 0 &&
      pos + exemplarLength <= this.#body.length &&
      sameBytes(this.#view, pos, this.#before, exemplarStart, exemplarLength);
    if (isOld) this.#cursor.pos = pos + exemplarLength;
    return isOld;
  }

  /** Reads the line here whatever its form; gives it when it can be expected again. */
  #readAnew(): KnownLine | undefined {
    const start = this.#pos;
    const newline = this.#body.indexOf(NEWLINE, start);
    const end = newline < 0 ? this.#body.length : newline;
    const reader = new LineReader(this.#body.toString('utf8', start, end), this.#number);
    this.#pos = end + 1;
    if (this.#ended) reader.fail('# EOF must be the last line');
    const { line } = reader;
    if (line.startsWith('#')) return this.#comment(reader, start);
    if (line.trim() !== '') return this.#sample(reader, start);
    if (this.#format === 'openmetrics') reader.fail('OpenMetrics has no empty lines');
    return undefined;
  }

  #end(): void {
    if (this.#format === 'openmetrics' && !this.#ended) {
      throw new CollectorError('bad-data', 'the closing # EOF is missing: the exposition was cut off');
    }
  }

  #comment(reader: LineReader, start: number): KnownLine | undefined {
    if (this.#format === 'openmetrics' && reader.line === EOF) {
      this.#ended = true;
      return undefined;
    }
    reader.pos = 1;
    reader.space();
    const isType = reader.word() === 'TYPE';
    if (isType) this.#typed(reader);
    // Without its newline it might be the beginning of a longer one.
    if (this.#pos > this.#body.length) return undefined;
    return {
      ...{ start, length: this.#pos - start, seen: this.#scrape, next: undefined },
      ...{ family: isType ? this.#family : undefined, type: isType ? this.#type : '', series: undefined },
    };
  }

  #typed(reader: LineReader): void {
    reader.space();
    const family = reader.name(true);
    reader.space();
    const type = reader.word();
    reader.space();
    if (family === '' || !reader.done) reader.fail('TYPE must be followed by a metric name and a type');
    if (!isType(this.#format, type)) reader.fail(`${JSON.stringify(type)} is no type of this format`);
    // A family may be typed twice: client_golang exposes go_memstats_alloc_bytes as a gauge and, with _total, as a counter.
    this.#family = family;
    this.#type = type;
  }

  #sample(reader: LineReader, start: number): KnownLine | undefined {
    const name = reader.name(true);
    if (name === '') reader.fail(`a metric name must stand at "${reader.line.slice(0, 20)}"`);
    const labelsAt = reader.pos;
    reader.space();
    if (reader.line[reader.pos] === '{') reader.braces();
    else reader.pos = labelsAt;
    const text = reader.line.slice(0, reader.pos);
    const series = this.#seriesOf(text, name, labelsAt, reader);
    const { line } = series;
    const hasOneSpace = /^ [^ \t]/.test(reader.line.slice(reader.pos, reader.pos + 2));
    const length = hasOneSpace ? Buffer.byteLength(text) + 1 : 0;
    if (hasOneSpace && this.#readUsual(line, series, start, length)) return line;
    reader.space();
    const value = readValue(reader);
    reader.space();
    const written = reader.done || reader.line[reader.pos] === '#' ? undefined : this.#timestamp(reader);
    const ownTime = this.#cache.options.honorTimestamps === false ? undefined : written;
    const isFirst = line.seen !== this.#scrape;
    if (!isFirst && ownTime === undefined) {
      this.parsed.duplicates++;
      return undefined;
    }
    const time = ownTime ?? this.#time;
    this.builder.addAt(series.position, time, value);
    this.parsed.samples++;
    const exemplarAt = start + Buffer.byteLength(reader.line.slice(0, reader.pos));
    if (reader.done) series.exemplarLength = 0;
    else this.#exemplar(reader, series, time, exemplarAt, isFirst);
    series.ownTime = ownTime !== undefined;
    line.start = start;
    line.length = length;
    line.seen = this.#scrape;
    return line;
  }

  /** What stands behind a series that is seen for the first time in this scrape, when it has the usual form. */
  #readUsual(line: KnownLine, series: CachedSeries, start: number, length: number): boolean {
    if (line.seen === this.#scrape) return false;
    const behind = this.#pos;
    this.#pos = start;
    line.length = length;
    if (line.seen !== this.#scrape - 1) series.exemplarLength = 0;
    if (this.#readValue(series)) {
      line.start = start;
      line.seen = this.#scrape;
      return true;
    }
    this.#pos = behind;
    return false;
  }

  #seriesOf(text: string, name: string, labelsAt: number, reader: LineReader): CachedSeries {
    const known = this.#cache.get(text);
    if (known && known.line.type === this.#type && known.line.family === this.#family) return known;
    const belongs = name.startsWith(this.#family)
      ? kindOf(this.#format, this.#family, this.#type, name)
      : undefined;
    if (!belongs && name === this.#family) reader.fail(`a ${this.#type} has no series named ${name}`);
    const { kind, temporality } = belongs ?? UNTYPED;
    const labels = this.#labelsOf(text, labelsAt, reader.number);
    this.#limits.labels(name, labels, (problem) => reader.fail(problem));
    if (!known) this.parsed.added++;
    // Not only at the end: a target of series without number must not fill the memory first.
    this.#limits.samples(this.parsed.added);
    return this.#cache.add(text, { name, labels, kind, temporality }, this.#family, this.#type);
  }

  #labelsOf(text: string, at: number, number: number): Record<string, string> {
    const reader = new LineReader(text, number);
    reader.pos = at;
    reader.space();
    const labels = reader.done ? {} : reader.labels();
    for (const bound of [label.bucketBound, label.quantile]) {
      const value = labels[bound];
      if (value !== undefined) labels[bound] = canonicalNumber(value);
    }
    return labels;
  }

  /** OpenMetrics has seconds with decimals, Prometheus's text whole milliseconds. */
  #timestamp(reader: LineReader): bigint {
    const word = reader.word();
    const time = this.#format === 'openmetrics' ? decimalNanos(word, 9) : wholeNanos(word);
    if (time === undefined) reader.fail(`${JSON.stringify(word)} is no timestamp`);
    reader.space();
    return time;
  }

  #exemplar(reader: LineReader, series: CachedSeries, time: bigint, start: number, isFirst: boolean): void {
    if (this.#format !== 'openmetrics') reader.fail('nothing may follow the timestamp');
    const { seen } = series.line;
    this.#cursor.pos = start;
    const isOld = isFirst && seen !== 0 && seen === this.#scrape - 1 && this.#skipOldExemplar(series);
    if (!isOld) this.#newExemplar(reader, series.info, time);
    series.exemplarStart = start;
    // Without its newline the body ends, and no scrape that is read to its end ends so.
    series.exemplarLength = Math.min(this.#pos, this.#body.length) - start;
  }

  #newExemplar(reader: LineReader, series: SeriesInfo, time: bigint): void {
    if (!reader.skip('#')) reader.fail('only an exemplar may follow the sample');
    reader.space();
    const labels = reader.labels();
    reader.space();
    const value = readValue(reader);
    reader.space();
    const ownTime = reader.done ? time : this.#timestamp(reader);
    if (!reader.done) reader.fail('nothing may follow an exemplar');
    this.builder.addExemplar(series, {
      timeUnixNano: ownTime,
      value,
      traceId: fromHex(labels[exemplarLabel.traceId] ?? labels.traceID ?? '', TRACE_ID_BYTES),
      spanId: fromHex(labels[exemplarLabel.spanId] ?? labels.spanID ?? '', SPAN_ID_BYTES),
    });
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readValue(reader: LineReader): number {
  const word = reader.word();
  const value = goNumber(word);
  if (Number.isNaN(value) && !/^[+-]?nan$/i.test(word)) {
    reader.fail(word === '' ? 'the value is missing' : `${JSON.stringify(word)} is no number`);
  }
  return value;
}

/** Decimal text in nanoseconds when one unit is 10^exponent of them; digits beyond the nanosecond are cut. */
function decimalNanos(text: string, exponent: number): bigint | undefined {
  const match = /^(\d{1,18})(?:\.(\d{1,20}))?$/.exec(text);
  if (!match) return /^\d(\.\d+)?e\+?\d+$/i.test(text) ? nanosOfFloat(text, exponent) : undefined;
  const fraction = (match[2] ?? '').slice(0, exponent).padEnd(exponent, '0');
  return inRange(BigInt((match[1] ?? '') + fraction));
}

/** `1.7e+09`, as Go prints floats: no more exact than the float itself. */
function nanosOfFloat(text: string, exponent: number): bigint | undefined {
  return inRange(BigInt(Math.round(Math.min(Number(text), 1e11) * 1e3)) * 10n ** BigInt(exponent - 3));
}

function wholeNanos(text: string): bigint | undefined {
  return /^\d{1,16}$/.test(text) ? inRange(BigInt(text) * 1_000_000n) : undefined;
}

function inRange(nanos: bigint): bigint | undefined {
  return nanos <= MAX_INT64 ? nanos : undefined;
}
