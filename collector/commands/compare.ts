import { compareReleases } from '../correlate/compare/compare.ts';
import type { Outcome, ReleaseComparison } from '../correlate/compare/comparison.ts';
import { parseCompareQuestion, renderConditions } from '../correlate/compare/question.ts';
import { renderComparisonText } from '../correlate/compare/text.ts';
import { terminalLine } from '../correlate/terminal.ts';
import { type CommandDeps, exitCodeOf, flagOf, LATEST_UNIX_NANO, parsedFlags } from './command.ts';
import { fromSource, SOURCE_FLAGS, SOURCE_USAGE } from './source.ts';

const USAGE = `go-sre-collector compare --a KEY=VALUE … --b KEY=VALUE … [flags]: is b worse than a?

  --a KEY=VALUE           requests of a: an attribute of their server span or its resource; several are joined
  --b KEY=VALUE           requests of b
  --service NAME          of this service only
  --route ROUTE           of this route only: /orders/{id}, or 'GET /orders/{id}'
  --since DURATION        requests of the last 30m, 2h, 1d (default 1h)
  --from TIME, --to TIME  requests from inclusive, to exclusive: 2026-01-02T03:04:05Z, or seconds since the epoch
  --a-from, --a-to, --b-from, --b-to TIME   a range of one side alone, to compare with the time before
  --tolerance LIST        how much worse is accepted (default latency=10%,errors=0.1pt)
  --allow-unknown         exit code 0 also when there is not enough data to tell
${SOURCE_USAGE};
                          a range ends at its newest record then
  --json                  the report as JSON
  --help

Exit codes: 0 b is not worse, 1 b is worse, 2 not enough data to tell, wrong usage, or the data cannot be read.
`;

const FLAGS = {
  a: { type: 'string', multiple: true },
  b: { type: 'string', multiple: true },
  service: { type: 'string' },
  route: { type: 'string' },
  since: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  'a-from': { type: 'string' },
  'a-to': { type: 'string' },
  'b-from': { type: 'string' },
  'b-to': { type: 'string' },
  tolerance: { type: 'string', multiple: true },
  'allow-unknown': { type: 'boolean' },
  ...SOURCE_FLAGS,
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Flags that are handed on as they are, under the name that the API has for them. */
const PASSED = ['service', 'route', 'since', 'from', 'to', 'a-from', 'a-to', 'b-from', 'b-to'] as const;
/** A comparison reads thousands of traces; a gate does not wait for ever. */
const TIMEOUT_MS = 120_000;
const EXIT: Readonly<Record<Outcome, number>> = { 'not worse': 0, worse: 1, unknown: 2 };

type Flags = ReturnType<typeof flagsOf>;

/** `go-sre-collector compare …`; resolves to the exit code: 0 not worse, 1 worse, 2 all else, whatever happens. */
export async function runCompare(argv: readonly string[], deps: CommandDeps): Promise<number> {
  try {
    return await exitCodeOf(
      'compare',
      deps,
      () => compare(flagsOf(argv), deps),
      () => 2,
    );
  } catch (error) {
    // A defect, too: any other way out would end with code 1, which says that b is worse.
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    deps.tell(`go-sre-collector compare: ${told.split('\n').map(terminalLine).join('\n')}`);
    return 2;
  }
}

function flagsOf(argv: readonly string[]) {
  return parsedFlags(argv, FLAGS).values;
}

async function compare(flags: Flags, deps: CommandDeps): Promise<number> {
  if (flags.help) {
    deps.output.write(USAGE);
    return 0;
  }
  const texts = textsOf(flags);
  const questionAt = (nowUnixNano: bigint) => parseCompareQuestion(texts, nowUnixNano, flagOf);
  // What is wrong with the question is said before anything is read.
  questionAt(LATEST_UNIX_NANO);
  const report = await fromSource<ReleaseComparison>(flags, deps, {
    api: (api) =>
      api.json({ path: 'api/v1/compare', query: texts, timeoutMs: TIMEOUT_MS }, 'comparison', isReport),
    store: (store, nowUnixNano) => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      return compareReleases(questionAt(nowUnixNano), store, { clock: deps.clock, signal });
    },
  });
  deps.output.write(flags.json ? `${JSON.stringify(report, null, 2)}\n` : renderComparisonText(report));
  return flags['allow-unknown'] && report.outcome === 'unknown' ? 0 : EXIT[report.outcome];
}

/** The parameters as the API takes them. */
function textsOf(flags: Flags): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const side of ['a', 'b'] as const) {
    const conditions = flags[side];
    if (conditions) texts[side] = renderConditions(conditions);
  }
  if (flags.tolerance) texts['tolerance'] = flags.tolerance.join(',');
  for (const flag of PASSED) {
    const value = flags[flag];
    if (value !== undefined) texts[flag.replace('-', '_')] = value;
  }
  return texts;
}

/** A report, as far as this command relies on it. */
function isReport({ outcome, lines }: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(EXIT, String(outcome)) && Array.isArray(lines);
}
