/** Raw series as a store gives them, and the reader of Prometheus's own JSON. */

/** One series: labels with `__name__`, and its samples in the order of time. */
export interface RawSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
}

export type MatrixResult =
  | { readonly ok: true; readonly series: readonly RawSeries[] }
  | { readonly ok: false; readonly problem: string };

/** Samples of one answer or export: 200 series over 30 days at 30 s are 17 million. */
const maxSamples = 50_000_000;

/**
 * Reads the parsed JSON of one answer of `/api/v1/query_range`, or a list of several, in any order. Series of the same labels
 * are joined by time; of two samples at one moment the first counts. Samples that are no number (stale, NaN) are left out.
 * Source: https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
 */
export function readMatrix(value: unknown): MatrixResult {
  const answers: readonly unknown[] = Array.isArray(value) ? value : [value];
  const joined = new Map<string, { labels: Record<string, string>; samples: [number, number][] }>();
  let count = 0;
  for (const [index, answer] of answers.entries()) {
    const where = Array.isArray(value) ? `answer ${index + 1} of ${answers.length}` : 'the answer';
    const result = resultOf(answer);
    if (typeof result === 'string') return { ok: false, problem: `${where} ${result}` };
    for (const one of result) {
      const read = seriesOf(one);
      if (typeof read === 'string') return { ok: false, problem: `${where} ${read}` };
      count += read.samples.length;
      if (count > maxSamples)
        return {
          ok: false,
          problem: `there are more than ${maxSamples} samples; ask for fewer days or series`,
        };
      const key = JSON.stringify(Object.entries(read.labels).sort(([a], [b]) => (a < b ? -1 : 1)));
      const known = joined.get(key);
      if (known) for (const sample of read.samples) known.samples.push(sample);
      else joined.set(key, read);
    }
  }
  return { ok: true, series: [...joined.values()].map(({ labels, samples }) => inOrder(labels, samples)) };
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The list of series of an answer, or what it is instead. */
function resultOf(answer: unknown): readonly unknown[] | string {
  if (!isObject(answer)) return 'is no object; it must be a whole answer of /api/v1/query_range';
  if (answer.status === 'error')
    return `is an error of Prometheus: ${String(answer.error ?? answer.errorType)}`;
  const data = answer.data;
  if (!isObject(data) || !Array.isArray(data.result))
    return 'has no data.result; it must be a whole answer of /api/v1/query_range';
  if (data.resultType !== 'matrix')
    return `is a ${String(data.resultType)}, not a matrix; ask /api/v1/query_range with start, end and step`;
  return data.result;
}

function seriesOf(value: unknown): { labels: Record<string, string>; samples: [number, number][] } | string {
  if (!isObject(value) || !isObject(value.metric)) return 'holds something that is no series';
  if (!Array.isArray(value.values))
    return `holds ${labelsText(value.metric)} without values; native histograms cannot be replayed`;
  const labels: Record<string, string> = {};
  for (const [name, text] of Object.entries(value.metric)) labels[name] = String(text);
  const samples: [number, number][] = [];
  for (const pair of value.values as readonly unknown[]) {
    if (!Array.isArray(pair) || typeof pair[0] !== 'number' || !Number.isFinite(pair[0]))
      return `holds a sample of ${labelsText(labels)} that is no [time, value]`;
    const number = Number(pair[1]);
    if (Number.isFinite(number)) samples.push([Math.round(pair[0] * 1_000), number]);
  }
  return { labels, samples };
}

function labelsText(labels: Fields): string {
  return JSON.stringify(labels).slice(0, 200);
}

function inOrder(labels: Readonly<Record<string, string>>, samples: [number, number][]): RawSeries {
  const sorted = samples.some(([time], i) => i > 0 && time <= samples[i - 1]![0])
    ? samples.toSorted(([a], [b]) => a - b).filter(([time], i, all) => i === 0 || time !== all[i - 1]![0])
    : samples;
  return { labels, timesMs: sorted.map(([time]) => time), values: sorted.map(([, number]) => number) };
}
