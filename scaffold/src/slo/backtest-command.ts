import { resolve } from 'node:path';
import type { RawSeries, Service, Steps } from '../../../slo/index.ts';
import { command, type GoSreDeps } from '../command.ts';
import { readIfThere } from '../disk.ts';
import { failed, usage } from '../errors.ts';
import { type Backtest, backtest } from './backtest.ts';
import { alertsQuery, queriesOf, readExports, stepsBetween, stepsOf, warmUpMs } from './backtest-data.ts';
import { backtestText } from './backtest-text.ts';
import { prometheusAt, queryRange } from './prometheus.ts';
import { readObjectives } from './specs.ts';

const dayMs = 86_400_000;
/** What is asked of a Prometheus where --from does not say. */
const defaultDays = 7;
const maxDays = 92;
/** The interval at which pages are judged. */
const stepSeconds = 30;

type Values = { export?: string[]; prometheus?: string; from?: string; to?: string; present?: string };

/** `go-sre slo backtest`. */
export const sloBacktest = command({
  name: 'slo backtest',
  summary:
    'Shows when the new rules would have fired over what a Prometheus has seen, against the present ones.',
  details: `
The counters come from a live Prometheus, or from files with answers of its /api/v1/query_range: one, a list
of them, or one in each line. Three days before --from are read too, since the longest window needs them.`,
  flags: {
    export: {
      type: 'string',
      multiple: true,
      value: 'FILE',
      does: 'answers of query_range; may be given several times',
    },
    prometheus: { type: 'string', value: 'URL', does: 'a live Prometheus, such as http://localhost:9090' },
    from: {
      type: 'string',
      value: 'T',
      does: `2026-11-01, 2026-11-01T10:00Z or Unix seconds (default: ${defaultDays} days before --to; of an export all)`,
    },
    to: { type: 'string', value: 'T', does: 'the end (default: now; of an export its end)' },
    present: {
      type: 'string',
      value: 'REGEX',
      does: 'names of the alerts to compare with, like "HighError.*"',
    },
    dir: { type: 'string', value: 'DIR', does: 'folder of the service (default: the current one)' },
    slo: {
      type: 'string',
      multiple: true,
      value: 'FILE',
      does: 'further objectives, as slo render takes them',
    },
    json: { type: 'boolean', does: 'print one JSON object' },
  },
  run: async (values, positionals, deps) => {
    if (positionals.length > 0) throw usage(`slo backtest takes flags only, ${positionals[0]} is none.`);
    if ((values.prometheus === undefined) === (values.export === undefined)) {
      throw usage('Name what to replay: either --export FILE or --prometheus URL.');
    }
    const present = values.present === undefined ? undefined : nameRegex(values.present);
    const service = await readObjectives(values, deps);
    const { series, steps, fromMs } = await (values.prometheus === undefined
      ? exported(values, deps)
      : asked(service, values.prometheus, values, deps));
    const found = backtest(service, series, steps, { fromMs, present });
    checkFound(found, service);
    deps.stdout.write(values.json ? `${JSON.stringify(found)}\n` : backtestText(found));
    return 0;
  },
});

type Data = { series: readonly RawSeries[]; steps: Steps; fromMs: number };

/** Nothing to tell is no result. */
function checkFound({ objectives, left }: Backtest, service: Service): void {
  if (objectives.length > 0) return;
  const why = left.map((one) => `  ${one.id}: ${one.why}`).join('\n');
  const queries = queriesOf(service).map((query) => `  ${query}`);
  throw failed(
    `No objective of ${service.name} can be replayed.\n${why}${queries.length === 0 ? '' : `\nThe series that are needed:\n${queries.join('\n')}`}`,
  );
}

async function exported(values: Values, deps: GoSreDeps): Promise<Data> {
  const files: { file: string; text: string }[] = [];
  for (const name of values.export ?? []) {
    const file = resolve(deps.cwd, name);
    const bytes = await readIfThere(file, deps.disk);
    if (bytes === undefined) throw failed(`There is no ${file}. Save the answers of query_range there.`);
    files.push({ file, text: bytes.toString() });
  }
  const series = readExports(files);
  const all = stepsOf(series);
  const begin = all.startUnixMs;
  const end = begin + all.steps * all.stepSeconds * 1_000;
  const { fromMs, toMs } = rangeOf(values, begin, end);
  return {
    series,
    steps: stepsBetween(begin, Math.min(toMs, end), all.stepSeconds),
    fromMs: Math.max(fromMs, begin),
  };
}

async function asked(service: Service, url: string, values: Values, deps: GoSreDeps): Promise<Data> {
  const end = values.to === undefined ? deps.now() : timeOf('to', values.to);
  const { fromMs, toMs } = rangeOf(values, end - defaultDays * dayMs, end);
  const steps = stepsBetween(fromMs - warmUpMs, toMs, stepSeconds);
  const queries = [
    ...queriesOf(service),
    ...(values.present === undefined ? [] : [alertsQuery(values.present)]),
  ];
  const range = {
    fromMs: steps.startUnixMs,
    toMs: steps.startUnixMs + steps.steps * stepSeconds * 1_000,
    stepSeconds,
  };
  const series = await queryRange(prometheusAt(url), queries, range, {
    fetch: deps.fetch,
    signal: deps.signal,
  });
  return { series, steps, fromMs };
}

function rangeOf({ from, to }: Values, fromMs: number, toMs: number): { fromMs: number; toMs: number } {
  const range = {
    fromMs: from === undefined ? fromMs : timeOf('from', from),
    toMs: to === undefined ? toMs : timeOf('to', to),
  };
  if (range.fromMs >= range.toMs) {
    throw usage(
      `--from lies behind the end: ${new Date(range.fromMs).toISOString()} to ${new Date(range.toMs).toISOString()}.`,
    );
  }
  if (range.toMs - range.fromMs > maxDays * dayMs)
    throw usage(`At most ${maxDays} days are replayed at once; move --from or --to.`);
  return range;
}

/** A day, a time with its zone, or Unix seconds. */
function timeOf(flag: string, text: string): number {
  if (/^\d{9,10}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const ms = isTime ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(ms)) return ms;
  throw usage(
    `--${flag} ${text} is no time; write a day like 2026-11-01, a time like 2026-11-01T10:00Z, or Unix seconds.`,
  );
}

/** A regular expression of whole names, as Prometheus matches them. */
function nameRegex(text: string): RegExp {
  try {
    return new RegExp(`^(?:${text})$`);
  } catch (error) {
    throw usage(`--present ${text} is no regular expression: ${(error as Error).message}.`);
  }
}
