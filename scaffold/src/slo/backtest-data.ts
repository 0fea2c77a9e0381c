import {
  alertLabel,
  alertSeries,
  alertState,
  quote,
  type RawSeries,
  readingOf,
  readMatrix,
  type Service,
  type Steps,
  selectorText,
  windows,
} from '../../../slo/index.ts';
import { failed } from '../errors.ts';

/** The longest window of the rules: data before the first day that is told fills it. */
export const warmUpMs = windows['3d'].seconds * 1_000;

/** Steps that windows are made of without a rest, in seconds. */
const stepLengths = [5, 10, 15, 20, 25, 30, 50, 60, 75, 100, 150, 300];

/** What has to be asked for all objectives that raw series tell of, in PromQL, each once. */
export function queriesOf(service: Service): readonly string[] {
  const all = service.slos.flatMap((slo) => {
    const reading = readingOf(service, slo);
    if ('why' in reading) return [];
    return reading.of === 'gauge' ? [reading.gauge] : [...reading.total, ...reading.part];
  });
  return [...new Set(all.map(selectorText))];
}

/** The query of the present rules' alerts whose name matches `regex` as a whole. */
export function alertsQuery(regex: string): string {
  return `${alertSeries.alerts}{${alertLabel.state}=${quote(alertState.firing)},${alertLabel.name}=~${quote(regex)}}`;
}

/**
 * The series of exports: each text is an answer of `/api/v1/query_range`, a list of them, or one in each line.
 * @throws CliError (exit code 1) that names the file and what is wrong with it
 */
export function readExports(files: readonly { file: string; text: string }[]): readonly RawSeries[] {
  const exports = files.map(({ file, text }) => ({ file, answers: readJson(file, text) }));
  const matrix = readMatrix(exports.flatMap(({ answers }) => answers));
  if (matrix.ok) return matrix.series;
  const wrong = exports.flatMap(({ file, answers }) => {
    const own = readMatrix(answers);
    return own.ok ? [] : [`${file} cannot be replayed: ${own.problem}.`];
  });
  throw failed(wrong[0] ?? `The exports cannot be replayed together: ${matrix.problem}.`);
}

function readJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (whole) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    try {
      return lines.map((line) => JSON.parse(line) as unknown);
    } catch {
      throw failed(
        `${file} is not JSON: ${(whole as Error).message}. Save what /api/v1/query_range answers, as it is.`,
      );
    }
  }
}

/**
 * Steps over everything that the series hold, as long as the distance of their samples.
 * @throws CliError (exit code 1) where there are no samples, or too few for the rules
 */
export function stepsOf(series: readonly RawSeries[]): Steps {
  let [first, last, distance] = [Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY];
  for (const { timesMs } of series) {
    first = Math.min(first, timesMs[0] ?? first);
    last = Math.max(last, timesMs.at(-1) ?? 0);
    for (let i = 1; i < timesMs.length; i++) distance = Math.min(distance, timesMs[i]! - timesMs[i - 1]!);
  }
  if (!Number.isFinite(distance))
    throw failed('The export holds no series of two samples or more, so nothing can be counted.');
  const stepSeconds = stepLengths.find((seconds) => seconds * 1_000 >= distance);
  if (stepSeconds === undefined) {
    throw failed(
      `The samples of the export are ${distance / 1_000} s apart; windows of 5 minutes need them at most 300 s apart. Export with step=30.`,
    );
  }
  return stepsBetween(first, last, stepSeconds);
}

/** Whole steps from one moment, or a little before it, to another. */
export function stepsBetween(fromMs: number, toMs: number, stepSeconds: number): Steps {
  const stepMs = stepSeconds * 1_000;
  const startUnixMs = Math.floor(fromMs / stepMs) * stepMs;
  return { startUnixMs, stepSeconds, steps: Math.floor((toMs - startUnixMs) / stepMs) };
}
