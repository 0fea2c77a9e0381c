// Prometheus's text and OpenMetrics read by regular expressions, line by line: the truth that the parser is compared with.
import { canonicalNumber, goNumber } from '../../../collector/formats/prometheus-names.ts';

export interface NaiveSample {
  name: string;
  labels: Record<string, string>;
  value: number;
  time: bigint;
}

const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*[ \t]*=[ \t]*"(?:[^"\\]|\\[\\"n])*"[ \t]*`;
const LABELS = String.raw`\{[ \t]*(?:${LABEL}(?:,[ \t]*${LABEL})*(?:,[ \t]*)?)?\}`;
const SAMPLE = new RegExp(
  String.raw`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?![a-zA-Z0-9_:])((?:[ \t]*${LABELS})?)[ \t]*([^ \t]+)(?![^ \t])[ \t]*(?:([^ \t#][^ \t]*)(?![^ \t])[ \t]*)?(#.*)?$`,
  's',
);
const EXEMPLAR = new RegExp(String.raw`^#[ \t]*(${LABELS})[ \t]*([^ \t]+)[ \t]*(?:([^ \t]+)[ \t]*)?$`, 's');
const MAX_INT64 = 2n ** 63n - 1n;

/** Suffixes of each type's series; a family's bare name that is not among them is refused. */
const BARE = {
  openmetrics: ['gauge', 'summary', 'stateset', 'unknown'],
  text: ['counter', 'gauge', 'summary', 'untyped'],
};
const TYPES = {
  openmetrics: [...BARE.openmetrics, 'counter', 'histogram', 'gaugehistogram', 'info'],
  text: [...BARE.text, 'histogram'],
};

/** The samples of an exposition; undefined when it must be refused. A series given twice without a time counts once. */
export function naiveExposition(
  text: string,
  format: 'openmetrics' | 'text',
  now: bigint,
): NaiveSample[] | undefined {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const samples: NaiveSample[] = [];
  const seen = new Set<string>();
  let family = '';
  let type = '';
  let ended = false;
  for (const line of lines) {
    if (ended) return undefined;
    if (line.startsWith('#')) {
      if (format === 'openmetrics' && line === '# EOF') ended = true;
      if (!/^#[ \t]*TYPE(?=[ \t]|$)/.test(line)) continue;
      const match = /^#[ \t]*TYPE[ \t]+([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]+([^ \t]+)[ \t]*$/s.exec(line);
      if (!match || !TYPES[format].includes(match[2]!)) return undefined;
      [, family = '', type = ''] = match;
      continue;
    }
    if (line.trim() === '') {
      if (format === 'openmetrics') return undefined;
      continue;
    }
    const sample = naiveSample(line, format, now);
    if (!sample) return undefined;
    if (sample.name === family && family !== '' && !BARE[format].includes(type)) return undefined;
    const key = line.slice(0, sample.textEnd);
    if (seen.has(key) && !sample.ownTime) continue;
    if (sample.exemplar !== undefined && !isExemplar(sample.exemplar, format)) return undefined;
    seen.add(key);
    samples.push({ name: sample.name, labels: sample.labels, value: sample.value, time: sample.time });
  }
  return format === 'openmetrics' && !ended ? undefined : samples;
}

function naiveSample(line: string, format: 'openmetrics' | 'text', now: bigint) {
  const match = SAMPLE.exec(line);
  if (!match) return undefined;
  const [, name = '', labelText = '', number = '', stamp, exemplar] = match;
  const labels = naiveLabels(labelText);
  const value = /^[+-]?nan$/i.test(number) ? Number.NaN : goNumber(number);
  if (!labels || (Number.isNaN(value) && !/^[+-]?nan$/i.test(number))) return undefined;
  const time = stamp === undefined ? now : naiveTime(stamp, format);
  if (time === undefined) return undefined;
  const textEnd = name.length + labelText.length;
  return { name, labels, value, time, exemplar, textEnd, ownTime: stamp !== undefined };
}

/** Labels by name, those that are empty left out; undefined when one is given twice. */
function naiveLabels(text: string): Record<string, string> | undefined {
  const labels = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(
    /([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\[\\"n])*)"/g,
  )) {
    if (labels.has(name)) return undefined;
    labels.set(
      name,
      value.replaceAll(/\\(.)/g, (_all, c: string) => (c === 'n' ? '\n' : c)),
    );
  }
  for (const bound of ['le', 'quantile']) {
    const value = labels.get(bound);
    if (value !== undefined) labels.set(bound, canonicalNumber(value));
  }
  return Object.fromEntries([...labels].filter(([, value]) => value !== ''));
}

/** Seconds with decimals in OpenMetrics, whole milliseconds in Prometheus's own format. */
function naiveTime(text: string, format: 'openmetrics' | 'text'): bigint | undefined {
  let nanos: bigint | undefined;
  if (format === 'text') nanos = /^\d{1,16}$/.test(text) ? BigInt(text) * 1_000_000n : undefined;
  else if (/^\d(\.\d+)?e\+?\d+$/i.test(text)) {
    nanos = BigInt(Math.round(Math.min(Number(text), 1e11) * 1e3)) * 1_000_000n;
  } else {
    const match = /^(\d{1,18})(?:\.(\d{1,20}))?$/.exec(text);
    if (match) nanos = BigInt(match[1]! + (match[2] ?? '').slice(0, 9).padEnd(9, '0'));
  }
  return nanos !== undefined && nanos <= MAX_INT64 ? nanos : undefined;
}

function isExemplar(text: string, format: 'openmetrics' | 'text'): boolean {
  const match = format === 'openmetrics' ? EXEMPLAR.exec(text) : null;
  if (!match) return false;
  const [, labels = '', number = '', stamp] = match;
  if (naiveLabels(labels) === undefined) return false;
  if (Number.isNaN(goNumber(number)) && !/^[+-]?nan$/i.test(number)) return false;
  return stamp === undefined || naiveTime(stamp, format) !== undefined;
}
