import type { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { defaultPort } from '../../slo/index.ts';
import { WANTED } from '../correlate/sampling/recommend.ts';
import { renderSamplingText } from '../correlate/sampling/text.ts';
import type { Clock } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { reportFromApi, reportFromStore } from './sampling/sources.ts';
import { UsageProblem } from './store/command.ts';

/** What the sampling commands need from outside. */
export interface SamplingDeps {
  /** Where the report goes. */
  output: Writable;
  /** One line for the operator. */
  tell(line: string): void;
  /** What relative paths start from. */
  baseDir: string;
  clock: Clock;
  fetch: typeof fetch;
}

const DEFAULT_URL = `http://127.0.0.1:${defaultPort.collectorHttp}`;

const USAGE = `go-sre-collector sampling report [flags]: what is stored of what happened

Tells of one cohort, or of two side by side: which share of the sampled spans was lost, of which share of the failed and
of the slow requests a complete trace is stored, what a million requests leave in the store; and for each route the
lowest share of traces that does what is wanted. \`go-sre route sample --from FILE\` writes that into a service.

  --service NAME        (default: the only one that is stored)
  --a KEY=VALUE         the cohort by a resource attribute, such as service.version=1 (default: all of the service)
  --b KEY=VALUE         another one beside it; recommendations follow from this one then
  --since DURATION      how far back (default 1h); from --to, or the newest record of the store
  --from TIME, --to TIME  from inclusive, to exclusive: 2026-01-02T03:04:05Z, or seconds since the epoch
  --url URL             the collector that is asked (default ${DEFAULT_URL})
  --data FILE           a store that no collector has open, or its folder, instead of --url
  --slow DURATION       what takes longer is slow (default: longer than all but 1 % of its route's requests)
  --certainty RATIO     with which the numbers of traces below are reached (default ${WANTED.certainty})
  --fault-traces N      complete traces of failed requests, and of slow ones, in --fault-within (default ${WANTED.faultTraces})
  --fault-within DURATION  (default 1h)
  --daily-traces N      complete traces of each route a day (default ${WANTED.dailyTraces})
  --keep-above RATIO    failed or slow requests that need a larger share are kept whatever is drawn (default ${WANTED.keepAbove})
  --json                one JSON object (go-sre.sampling/v1, docs/sampling.md)
  --help

Exit codes: 0 done, 1 failed, 2 usage.
`;

const OPTIONS = {
  ...Object.fromEntries(
    ['service', 'a', 'b', 'since', 'from', 'to', 'slow', 'url', 'data'].map((name) => [
      name,
      { type: 'string' },
    ]),
  ),
  certainty: { type: 'string' },
  'fault-traces': { type: 'string' },
  'fault-within': { type: 'string' },
  'daily-traces': { type: 'string' },
  'keep-above': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `go-sre-collector sampling …`; resolves to the exit code: 0 done, 1 failed, 2 usage. */
export async function runSampling(argv: readonly string[], deps: SamplingDeps): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h') {
    deps.output.write(USAGE);
    return name === undefined ? 2 : 0;
  }
  const refuse = (message: string, code: number) => {
    deps.tell(`go-sre-collector sampling: ${message}`);
    if (code === 2) deps.tell('See go-sre-collector sampling --help.');
    return code;
  };
  try {
    if (name !== 'report') return refuse(`there is no command ${name}. Did you mean report?`, 2);
    return await report(rest, deps);
  } catch (error) {
    if (error instanceof UsageProblem) return refuse(error.message, 2);
    if (!(error instanceof CollectorError)) throw error;
    return refuse(error.message, error.code === 'bad-request' ? 2 : 1);
  }
}

async function report(argv: string[], deps: SamplingDeps): Promise<number> {
  const { data, url, json, help, ...asked } = parsed(argv);
  if (help) {
    deps.output.write(USAGE);
    return 0;
  }
  if (data !== undefined && url !== undefined)
    throw new UsageProblem('--data and --url name two places; give one of them');
  const texts = Object.fromEntries(
    Object.entries(asked).map(([flag, text]) => [flag.replaceAll('-', '_'), String(text)]),
  );
  const found =
    data === undefined
      ? await reportFromApi(String(url ?? DEFAULT_URL), texts, deps)
      : await reportFromStore(String(data), texts, deps);
  deps.output.write(json ? `${JSON.stringify(found, null, 2)}\n` : renderSamplingText(found));
  return 0;
}

function parsed(args: string[]): Readonly<Record<string, string | boolean | undefined>> {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageProblem(error instanceof Error ? error.message : String(error));
  }
}
