import { renderConditions } from '../correlate/compare/question.ts';
import { explainRange } from '../correlate/explain.ts';
import { EXPLAIN_PARAMETERS, parseExplainQuestion } from '../correlate/explain-question.ts';
import { renderExplained, type SharedExplanation } from '../correlate/share/explained.ts';
import { INCIDENT_FORMAT_NAMES } from '../correlate/share/formats.ts';
import { INCIDENT_SCHEMA } from '../correlate/share/json.ts';
import { loadShared } from '../correlate/share/load.ts';
import { keepExplained } from '../correlate/stored-incidents.ts';
import type { Store } from '../storage/store.ts';
import type { CollectorError } from '../telemetry/errors.ts';
import { type CommandDeps, exitCodeOf, flagOf, LATEST_UNIX_NANO, oneOf, parsedFlags } from './command.ts';
import { type LiveLine, type Progress, toldReads, withProgress } from './progress.ts';
import { fromSource, type RunningApi, SOURCE_FLAGS, SOURCE_USAGE } from './source.ts';

/** What the command needs from outside. */
export interface ExplainDeps extends CommandDeps {
  live: LiveLine;
}

const USAGE = `go-sre-collector explain [flags]: what happened in a time, and in which service it began

  --since DURATION        what happened in the last 30m, 2h, 1d (default 1h); from --to, or the newest record of the store
  --from TIME, --to TIME  from inclusive, to exclusive: 2026-01-02T03:04:05Z, or seconds since the epoch; a day at most
  --at TIME               when it began, instead of --since; searched for in the range otherwise. Five minutes from there are
                          looked at, or up to --to
  --service NAME          as it is seen at this service
  --route ROUTE           along this route: /orders/{id}, or 'GET /orders/{id}'; the one that changed most otherwise
  --method METHOD         of requests of this method alone
  --signal SIGNAL         latency or errors
  --where KEY=VALUE       of requests with this attribute of their server span or its resource; repeatable. It is taken to
                          begin where the range does, or at --at
  --format FORMAT         ${INCIDENT_FORMAT_NAMES.join(', ')} (default text)
  --keep                  keeps the explanation as an incident that is over
${SOURCE_USAGE}
  --help

Exit codes: 0 a cause is named, 1 failed, 2 usage, 3 nothing changed, or the evidence is insufficient.
`;

const FLAGS = {
  at: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  since: { type: 'string' },
  service: { type: 'string' },
  route: { type: 'string' },
  method: { type: 'string' },
  signal: { type: 'string' },
  where: { type: 'string', multiple: true },
  format: { type: 'string' },
  keep: { type: 'boolean' },
  ...SOURCE_FLAGS,
  help: { type: 'boolean', short: 'h' },
} as const;

const NOT_NAMED = 3;
/** Longer than the API takes at the most. */
const TIMEOUT_MS = 90_000;

/** `go-sre-collector explain …`; resolves to the exit code: 0 a cause is named, 1 failed, 2 usage, 3 none is named. */
export async function runExplain(argv: readonly string[], deps: ExplainDeps): Promise<number> {
  const codeOf = ({ code }: CollectorError) => (code === 'nothing-changed' ? NOT_NAMED : 1);
  return exitCodeOf('explain', deps, () => explain(argv, deps), codeOf);
}

async function explain(argv: readonly string[], deps: ExplainDeps): Promise<number> {
  const { values } = parsedFlags(argv, FLAGS);
  if (values.help) {
    deps.output.write(USAGE);
    return 0;
  }
  const format = oneOf('format', values.format, INCIDENT_FORMAT_NAMES);
  const texts = textsOf(values);
  const questionAt = (nowUnixNano: bigint) => parseExplainQuestion(texts, { nowUnixNano, nameOf: flagOf });
  // What is wrong with the question is said before anything is read.
  questionAt(LATEST_UNIX_NANO);
  const { keep = false } = values;
  const shared = await withProgress(deps.live, (progress) =>
    fromSource(values, deps, {
      api: (api) => asked(api, texts, keep, progress),
      store: (store, nowUnixNano) => read(toldReads(store, progress), questionAt(nowUnixNano), keep, deps),
    }),
  );
  deps.output.write(renderExplained(format, shared));
  if (keep) deps.tell(`kept as incident ${shared.incident.id}`);
  return shared.incident.confidence.tier === 'insufficient evidence' ? NOT_NAMED : 0;
}

/** The parameters as the API takes them. */
function textsOf(flags: ReturnType<typeof parsedFlags<typeof FLAGS>>['values']): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name of EXPLAIN_PARAMETERS) {
    const value = flags[name as keyof typeof flags];
    if (typeof value === 'string') texts[name] = value;
  }
  if (flags.where) texts['where'] = renderConditions(flags.where);
  return texts;
}

/** One question: the document holds what every format needs. */
async function asked(
  api: RunningApi,
  texts: Record<string, string>,
  keep: boolean,
  { doing }: Progress,
): Promise<SharedExplanation> {
  doing(`asking ${api.origin}`);
  const method = keep ? 'POST' : 'GET';
  const question = {
    path: 'api/v1/explain',
    query: { ...texts, format: 'json' },
    method,
    timeoutMs: TIMEOUT_MS,
  } as const;
  return api.json(question, 'explanation', isExplanation);
}

/** An explanation, as far as this command relies on it. */
function isExplanation(answer: Readonly<Record<string, unknown>>): boolean {
  const { schema, incident, onset } = answer as Partial<SharedExplanation & { schema: string }>;
  return schema === INCIDENT_SCHEMA && typeof incident?.confidence?.tier === 'string' && !!onset?.found;
}

async function read(
  store: Store,
  question: Parameters<typeof explainRange>[0],
  keep: boolean,
  { clock }: ExplainDeps,
): Promise<SharedExplanation> {
  const { signal } = new AbortController();
  const { incident, onset } = await explainRange(question, store, { clock, signal });
  const kept = keep ? await keepExplained(store, incident) : incident;
  return { ...(await loadShared(kept, store, {})), onset };
}
