import { samplingSchema } from '../../slo/index.ts';
import { readSamplingQuestion } from '../correlate/sampling/question.ts';
import { WANTED } from '../correlate/sampling/recommend.ts';
import { type SamplingReport, samplingReport } from '../correlate/sampling/report.ts';
import { renderSamplingText } from '../correlate/sampling/text.ts';
import {
  type CommandDeps,
  exitCodeOf,
  flagOf,
  LATEST_UNIX_NANO,
  parsedFlags,
  UsageProblem,
} from './command.ts';
import { fromSource, SOURCE_FLAGS, SOURCE_USAGE } from './source.ts';

const USAGE = `go-sre-collector sampling report [flags]: what is stored of what happened

Tells of one cohort, or of two side by side: which share of the sampled spans was lost, of which share of the failed and
of the slow requests a complete trace is stored, what a million requests leave in the store; and for each route the
lowest share of traces that does what is wanted. \`go-sre route sample --from FILE\` writes that into a service.

  --service NAME        (default: the only one that is stored)
  --a KEY=VALUE         the cohort by a resource attribute, such as service.version=1 (default: all of the service)
  --b KEY=VALUE         another one beside it; recommendations follow from this one then
  --since DURATION      how far back (default 1h); from --to, or the newest record of the store
  --from TIME, --to TIME  from inclusive, to exclusive: 2026-01-02T03:04:05Z, or seconds since the epoch
${SOURCE_USAGE}
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
    ['service', 'a', 'b', 'since', 'from', 'to', 'slow'].map((name) => [name, { type: 'string' }]),
  ),
  certainty: { type: 'string' },
  'fault-traces': { type: 'string' },
  'fault-within': { type: 'string' },
  'daily-traces': { type: 'string' },
  'keep-above': { type: 'string' },
  ...SOURCE_FLAGS,
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `go-sre-collector sampling …`; resolves to the exit code: 0 done, 1 failed, 2 usage. */
export async function runSampling(argv: readonly string[], deps: CommandDeps): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h') {
    deps.output.write(USAGE);
    return name === undefined ? 2 : 0;
  }
  return exitCodeOf('sampling', deps, async () => {
    if (name !== 'report') throw new UsageProblem(`there is no command ${name}. Did you mean report?`);
    return report(rest, deps);
  });
}

async function report(argv: readonly string[], deps: CommandDeps): Promise<number> {
  const { data, url, json, help, ...asked } = parsedFlags(argv, OPTIONS).values;
  if (help) {
    deps.output.write(USAGE);
    return 0;
  }
  const texts = Object.fromEntries(
    Object.entries(asked).map(([flag, text]) => [flag.replaceAll('-', '_'), String(text)]),
  );
  const questionAt = (nowUnixNano: bigint) => readSamplingQuestion(texts, { nowUnixNano, nameOf: flagOf });
  // What is wrong with the question is said before anything is read.
  questionAt(LATEST_UNIX_NANO);
  const found = await fromSource<SamplingReport>({ data, url }, deps, {
    api: (api) =>
      api.json(
        { path: 'api/v1/sampling', query: texts },
        samplingSchema,
        ({ schema }) => schema === samplingSchema,
      ),
    store: (store, nowUnixNano) =>
      samplingReport(store, questionAt(nowUnixNano), { signal: new AbortController().signal }),
  });
  deps.output.write(json ? `${JSON.stringify(found, null, 2)}\n` : renderSamplingText(found));
  return 0;
}
