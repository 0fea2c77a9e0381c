/**
 * OTLP metric names as Prometheus spells them, so that a pushed metric and a scraped one are one series.
 * Source: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#otlp-metric-points-to-prometheus
 * and the unit tables of the Collector's pkg/translator/prometheus.
 */
const UNITS: Record<string, string> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  kBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '%': 'percent',
};
const PER_UNITS: Record<string, string> = {
  s: 'second',
  min: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
};

/** How a metric counts, as far as its name shows it. */
export interface NamedMetric {
  name: string;
  unit: string;
  /** A monotonic sum: ends in `_total`. */
  counter: boolean;
  /** A gauge: unit `1` makes it a ratio. */
  gauge: boolean;
}

/** The Prometheus name of an OTLP metric: characters replaced, unit and `_total` appended unless they stand there. */
export function prometheusName({ name, unit, counter, gauge }: NamedMetric): string {
  const words = sanitize(name)
    .split('_')
    .filter((word) => word !== '');
  if (counter && words.at(-1) === 'total') words.pop();
  for (const word of unitWords(unit)) if (!words.includes(word)) words.push(...splitPer(word));
  if (gauge && unit === '1' && words.at(-1) !== 'ratio') words.push('ratio');
  if (counter) words.push('total');
  const joined = words.join('_');
  return /^\d/.test(joined) ? `_${joined}` : joined;
}

/** The Prometheus name of an attribute: characters replaced, a leading digit escaped with `key_`. */
export function prometheusLabel(key: string): string {
  const label = sanitize(key, false);
  return /^\d/.test(label) ? `key_${label}` : label;
}

function sanitize(name: string, colons = true): string {
  return name.replace(colons ? /[^a-zA-Z0-9_:]/g : /[^a-zA-Z0-9_]/g, '_');
}

/** `m/s` as `meters`, `per_second`; annotations in braces are no unit. */
function unitWords(unit: string): string[] {
  const [main = '', per = ''] = unit.replace(/\{[^}]*\}/g, '').split('/', 2);
  const words: string[] = [];
  if (main.trim() !== '' && main !== '1')
    words.push(Object.hasOwn(UNITS, main) ? UNITS[main]! : unitText(main));
  if (per.trim() !== '') words.push(`per_${Object.hasOwn(PER_UNITS, per) ? PER_UNITS[per] : unitText(per)}`);
  return words.filter((word) => word !== '' && word !== 'per_');
}

function unitText(unit: string): string {
  return sanitize(unit.trim(), false)
    .replace(/^_+|_+$/g, '')
    .replace(/_{2,}/g, '_');
}

function splitPer(word: string): string[] {
  return word.split('_');
}

/**
 * Labels of a series with those of its target; a label of the series' own under the same name becomes `exported_…`.
 * Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config (honor_labels)
 */
export function withTarget(
  labels: Readonly<Record<string, string>>,
  target: Readonly<Record<string, string>>,
): Record<string, string> {
  const all: Record<string, string> = {};
  for (const key of Object.keys(labels)) {
    let name = key;
    while (Object.hasOwn(target, name) || (name !== key && Object.hasOwn(labels, name)))
      name = `exported_${name}`;
    setLabel(all, name, labels[key]!);
  }
  return Object.assign(all, target);
}

/** Sets one label; one named `__proto__` becomes a label, not a prototype. */
export function setLabel(labels: Record<string, string>, name: string, value: string): void {
  if (name === '__proto__') {
    Object.defineProperty(labels, name, { value, enumerable: true, configurable: true, writable: true });
  } else labels[name] = value;
}

/** A `le` or `quantile` in one spelling, whoever wrote it: `1`, `0.005`, `+Inf`; text that is no number stays. */
export function canonicalNumber(text: string): string {
  const number = text === '' ? Number.NaN : goNumber(text);
  return Number.isNaN(number) ? text : numberLabel(number);
}

/** A number as a label value. */
export function numberLabel(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

/** A number as Go's text encoders write it: decimals, exponents, `NaN`, `+Inf`, `-Inf` in any case; NaN when it is none. */
export function goNumber(text: string): number {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
  const infinity = /^([+-]?)inf(inity)?$/i.exec(text);
  if (!infinity) return Number.NaN;
  return infinity[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
