import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { compareReleases } from '../correlate/compare/compare.ts';
import type { Outcome, ReleaseComparison } from '../correlate/compare/comparison.ts';
import { parseCompareQuestion, renderConditions } from '../correlate/compare/question.ts';
import { renderComparisonText } from '../correlate/compare/text.ts';
import { openEmbeddedStore } from '../storage/embedded/store.ts';
import type { Store } from '../storage/store.ts';
import type { Clock } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';

/** What the command needs from outside. */
export interface CompareDeps {
  /** Where the report goes. */
  output: Writable;
  /** One line for the operator. */
  tell(line: string): void;
  /** What relative paths start from. */
  baseDir: string;
  clock: Clock;
  fetch: typeof fetch;
}

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
  --url URL               ask a running collector (default http://127.0.0.1:4319)
  --data DIR              read a store that no collector has open: its folder or its file; a range ends at its newest record
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
  url: { type: 'string' },
  data: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Flags that are handed on as they are, under the name that the API has for them. */
const PASSED = ['service', 'route', 'since', 'from', 'to', 'a-from', 'a-to', 'b-from', 'b-to'] as const;
const DEFAULT_URL = 'http://127.0.0.1:4319';
const STORE_FILE = 'telemetry.sqlite';
/** A comparison reads thousands of traces; a gate does not wait for ever. */
const TIMEOUT_MS = 120_000;
/** Reading evicts nothing. */
const NO_LIMITS = { retentionMs: 1e13, maxBytes: Number.MAX_SAFE_INTEGER };
const FOREVER = 2n ** 63n - 1n;
const EXIT: Readonly<Record<Outcome, number>> = { 'not worse': 0, worse: 1, unknown: 2 };

type Flags = ReturnType<typeof parseFlags>;

/** `go-sre-collector compare …`; resolves to the exit code: 0 not worse, 1 worse, 2 all else, whatever happens. */
export async function runCompare(argv: readonly string[], deps: CompareDeps): Promise<number> {
  try {
    const flags = parseFlags(argv);
    if (flags.help) {
      deps.output.write(USAGE);
      return 0;
    }
    if (flags.url !== undefined && flags.data !== undefined)
      throw new CollectorError('bad-request', 'Give --url or --data: both say where the telemetry is.');
    const texts = textsOf(flags);
    const report =
      flags.data === undefined
        ? await askCollector(flags.url ?? DEFAULT_URL, texts, deps)
        : await readStore(resolve(deps.baseDir, flags.data), texts, deps);
    deps.output.write(flags.json ? `${JSON.stringify(report, null, 2)}\n` : renderComparisonText(report));
    return flags['allow-unknown'] && report.outcome === 'unknown' ? 0 : EXIT[report.outcome];
  } catch (error) {
    // Any other way out would end with code 1, which says that b is worse.
    deps.tell(`go-sre-collector compare: ${problemOf(error)}`);
    return 2;
  }
}

function parseFlags(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CollectorError('bad-request', `${message}\nSee go-sre-collector compare --help.`);
  }
}

function problemOf(error: unknown): string {
  if (error instanceof CollectorError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
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

async function askCollector(
  url: string,
  texts: Record<string, string>,
  deps: CompareDeps,
): Promise<ReleaseComparison> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CollectorError('bad-request', `--url ${url}: must be a URL such as ${DEFAULT_URL}.`);
  const address = new URL('/api/v1/compare', url);
  address.search = new URLSearchParams(texts).toString();
  let status: number;
  let body: string;
  try {
    const response = await deps.fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    status = response.status;
    body = await response.text();
  } catch (cause) {
    const reason =
      cause instanceof Error ? ((cause.cause as Error | undefined)?.message ?? cause.message) : '';
    const message = `The collector at ${url} does not answer (${reason}). Name another with --url, or a store with --data.`;
    throw new CollectorError('overloaded', message, { cause });
  }
  return reportOf(url, status, body);
}

/** The report in an answer, as far as this command relies on it. Throws what the answer says is wrong. */
function reportOf(url: string, status: number, body: string): ReleaseComparison {
  let answer: Partial<ReleaseComparison> & { error?: { message?: string } };
  try {
    answer = JSON.parse(body);
  } catch {
    answer = {};
  }
  if (typeof answer?.error?.message === 'string')
    throw new CollectorError('bad-request', answer.error.message);
  const isReport =
    status === 200 && Object.hasOwn(EXIT, String(answer?.outcome)) && Array.isArray(answer.lines);
  if (!isReport)
    throw new CollectorError(
      'bad-data',
      `${url} answered ${status} with no comparison: is it a collector's API port?`,
    );
  return answer as ReleaseComparison;
}

async function readStore(
  path: string,
  texts: Record<string, string>,
  { clock, tell }: CompareDeps,
): Promise<ReleaseComparison> {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, STORE_FILE) : path;
  // Opening would make an empty store, which is not what was asked for.
  if (!existsSync(file)) throw new CollectorError('store-failed', `There is no store ${file}.`);
  // What is wrong with the question is said before a store is opened.
  parseCompareQuestion(texts, FOREVER);
  const store = await openEmbeddedStore({ path: file, ...NO_LIMITS }, { clock, warn: tell });
  try {
    const question = parseCompareQuestion(texts, await endOf(store, clock));
    return await compareReleases(question, store, { clock, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } finally {
    await store.close();
  }
}

/** Just after the newest span or sample; now when there is none. */
async function endOf(store: Store, clock: Clock): Promise<bigint> {
  const { traces, metrics } = (await store.status()).signals;
  const newest = [traces, metrics].flatMap(({ newestUnixNano }) => newestUnixNano ?? []);
  return newest.length === 0 ? clock() : newest.reduce((a, b) => (a > b ? a : b)) + 1n;
}
