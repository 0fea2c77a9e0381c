import { isUtf8 } from 'node:buffer';
import { exemplarLabel, label } from '../../../slo/index.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { fromHex, SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { canonicalNumber, goNumber, withTarget } from '../prometheus-names.ts';
import type { SampleBuilder } from '../sample-builder.ts';
import { LineReader } from './line-reader.ts';
import type { CachedSeries, SeriesCache } from './series-cache.ts';
import { isType, kindOf, type TextFormat, UNTYPED } from './series-kind.ts';

const EOF = '# EOF';
const MAX_INT64 = 2n ** 63n - 1n;

/** What a scrape held; `duplicates` were given twice under one text and are kept once. */
export interface ParsedText {
  samples: number;
  duplicates: number;
}

/**
 * Parses one scrape into `builder`. Series are looked up by their text in the target's `cache`; a sample without a
 * timestamp has `timeUnixNano`; an exemplar that was handed on in an earlier scrape is not handed on again. Throws
 * `bad-data` with the line's number, or, for OpenMetrics, when the closing `# EOF` is missing.
 * Call `cache.commit()` after it, or `cache.fail()` when it throws.
 */
export function parsePrometheusText(
  body: Uint8Array,
  format: TextFormat,
  cache: SeriesCache,
  builder: SampleBuilder,
  timeUnixNano: bigint,
): ParsedText {
  if (!isUtf8(body)) throw new CollectorError('bad-data', 'the exposition is not UTF-8');
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const parser = new TextParser(format, cache, builder, timeUnixNano);
  let number = 0;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    parser.line(new LineReader(text.slice(start, end), ++number));
    start = end + 1;
  }
  parser.end();
  return parser.parsed;
}

class TextParser {
  readonly parsed: ParsedText = { samples: 0, duplicates: 0 };
  readonly #format: TextFormat;
  readonly #cache: SeriesCache;
  readonly #builder: SampleBuilder;
  readonly #time: bigint;
  readonly #scrape: number;
  #family = '';
  #type = '';
  #ended = false;

  constructor(format: TextFormat, cache: SeriesCache, builder: SampleBuilder, time: bigint) {
    this.#format = format;
    this.#cache = cache;
    this.#builder = builder;
    this.#time = time;
    this.#scrape = cache.begin();
  }

  line(reader: LineReader): void {
    if (this.#ended) reader.fail('# EOF must be the last line');
    const { line } = reader;
    if (line.startsWith('#')) this.#comment(reader);
    else if (line.trim() !== '') this.#sample(reader);
    else if (this.#format === 'openmetrics') reader.fail('OpenMetrics has no empty lines');
  }

  end(): void {
    if (this.#format === 'openmetrics' && !this.#ended) {
      throw new CollectorError('bad-data', 'the closing # EOF is missing: the exposition was cut off');
    }
  }

  #comment(reader: LineReader): void {
    if (this.#format === 'openmetrics' && reader.line === EOF) {
      this.#ended = true;
      return;
    }
    reader.pos = 1;
    reader.space();
    const word = reader.word();
    if (word !== 'TYPE') return;
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

  #sample(reader: LineReader): void {
    const name = reader.name(true);
    if (name === '') reader.fail(`a metric name must stand at "${reader.line.slice(0, 20)}"`);
    const labelsAt = reader.pos;
    reader.space();
    if (reader.line[reader.pos] === '{') reader.braces();
    else reader.pos = labelsAt;
    const series = this.#seriesOf(reader.line.slice(0, reader.pos), name, labelsAt, reader);
    reader.space();
    const value = readValue(reader);
    reader.space();
    const ownTime = reader.done || reader.line[reader.pos] === '#' ? undefined : this.#timestamp(reader);
    if (series.seen === this.#scrape && ownTime === undefined) {
      this.parsed.duplicates++;
      return;
    }
    series.seen = this.#scrape;
    series.ownTime = ownTime !== undefined;
    const time = ownTime ?? this.#time;
    this.#builder.add(series.info, time, value);
    this.parsed.samples++;
    if (!reader.done) this.#exemplar(reader, series, time);
  }

  #seriesOf(text: string, name: string, labelsAt: number, reader: LineReader): CachedSeries {
    const known = this.#cache.get(text);
    if (known && known.type === this.#type && known.family === this.#family) return known;
    const belongs = name.startsWith(this.#family)
      ? kindOf(this.#format, this.#family, this.#type, name)
      : undefined;
    if (!belongs && name === this.#family) reader.fail(`a ${this.#type} has no series named ${name}`);
    const { kind, temporality } = belongs ?? UNTYPED;
    const labels = this.#labelsOf(text, labelsAt, reader.number);
    const series: CachedSeries = {
      info: { name, labels: withTarget(labels, this.#cache.target), kind, temporality },
      family: this.#family,
      type: this.#type,
      seen: known?.seen ?? 0,
      known: known?.known ?? false,
      ownTime: false,
      exemplar: known?.exemplar ?? '',
    };
    this.#cache.set(text, series);
    return series;
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

  #exemplar(reader: LineReader, series: CachedSeries, time: bigint): void {
    if (this.#format !== 'openmetrics') reader.fail('nothing may follow the timestamp');
    const text = reader.line.slice(reader.pos);
    if (!reader.skip('#')) reader.fail('only an exemplar may follow the sample');
    if (text === series.exemplar) return;
    reader.space();
    const labels = reader.labels();
    reader.space();
    const value = readValue(reader);
    reader.space();
    const ownTime = reader.done ? time : this.#timestamp(reader);
    if (!reader.done) reader.fail('nothing may follow an exemplar');
    series.exemplar = text;
    this.#builder.addExemplar(series.info, {
      timeUnixNano: ownTime,
      value,
      traceId: fromHex(labels[exemplarLabel.traceId] ?? labels.traceID ?? '', TRACE_ID_BYTES),
      spanId: fromHex(labels[exemplarLabel.spanId] ?? labels.spanID ?? '', SPAN_ID_BYTES),
    });
  }
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
