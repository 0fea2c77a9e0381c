/** Where a command finds telemetry: in a running collector, or in a store that none has open. */
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { defaultPort } from '../../slo/index.ts';
import { openEmbeddedStore } from '../storage/embedded/store.ts';
import type { Store } from '../storage/store.ts';
import type { Clock } from '../telemetry/clock.ts';
import { CollectorError, ERRORS, type ErrorCode } from '../telemetry/errors.ts';
import { type CommandDeps, UsageProblem } from './command.ts';

const DEFAULT_URL = `http://127.0.0.1:${defaultPort.collectorHttp}`;

/** The flags that say where telemetry is. */
export const SOURCE_FLAGS = { url: { type: 'string' }, data: { type: 'string' } } as const;

/** Their lines of a command's help. */
export const SOURCE_USAGE = `  --url URL               the collector that is asked (default ${DEFAULT_URL})
  --data FILE             a store that no collector has open, or its folder, instead of --url`;

/** A question to the HTTP API. */
interface ApiQuestion {
  /** Below the collector's address: `api/v1/compare`. */
  path: string;
  query?: Readonly<Record<string, string>>;
  method?: 'GET' | 'POST';
  timeoutMs?: number;
}

/** The HTTP API of a running collector. Rejects with the CollectorError that it answers, or with why it does not. */
export interface RunningApi {
  origin: string;
  text(question: ApiQuestion): Promise<string>;
  /** A JSON object that `is` recognises; `what` names it in the error for any other: `incidents`. */
  json<T>(
    question: ApiQuestion,
    what: string,
    is: (answer: Readonly<Record<string, unknown>>) => boolean,
  ): Promise<T>;
}

/** What a command makes of either place. */
export interface Answers<T> {
  api(api: RunningApi): Promise<T>;
  /** `nowUnixNano`: just after the newest record, for recorded telemetry. The store is closed afterwards. */
  store(store: Store, nowUnixNano: bigint): Promise<T>;
}

type SourceDeps = Pick<CommandDeps, 'baseDir' | 'clock' | 'fetch' | 'tell'>;

/** Answers from where the flags say. Throws `UsageProblem` for flags that name two places or no address. */
export async function fromSource<T>(
  flags: Readonly<{ url?: string | undefined; data?: string | undefined }>,
  deps: SourceDeps,
  answers: Answers<T>,
): Promise<T> {
  const { data, url = DEFAULT_URL } = flags;
  if (data === undefined) return answers.api(apiAt(url, deps));
  if (flags.url !== undefined)
    throw new UsageProblem('--url and --data: give one, both say where the telemetry is');
  const store = await openStore(resolve(deps.baseDir, data), deps);
  try {
    return await answers.store(store, await endOf(store, deps.clock));
  } finally {
    await store.close();
  }
}

/** Reading evicts nothing, whatever its age: that is for the collector, which knows the limits. */
const NO_LIMITS = { retentionMs: 1e13, maxBytes: Number.MAX_SAFE_INTEGER };
/** The store in a folder that is named in its place. */
const STORE_FILE = 'telemetry.sqlite';

async function openStore(named: string, { clock, tell }: SourceDeps): Promise<Store> {
  const isFolder = statSync(named, { throwIfNoEntry: false })?.isDirectory() ?? false;
  const path = isFolder ? join(named, STORE_FILE) : named;
  // Opening would make an empty store, which is not what was asked for.
  if (!existsSync(path)) throw new CollectorError('store-failed', `There is no store ${path}.`);
  return openEmbeddedStore({ path, ...NO_LIMITS }, { clock, warn: (message) => tell(message) });
}

/** Just after the newest span or sample; of a store that has neither after its newest log line, or now. */
async function endOf(store: Store, clock: Clock): Promise<bigint> {
  const { traces, metrics, logs } = (await store.status()).signals;
  const measured = [traces, metrics].flatMap(({ newestUnixNano }) => newestUnixNano ?? []);
  // A log line's time is what its writer said: it ends a range only where nothing else does.
  const times = measured.length > 0 ? measured : [logs.newestUnixNano].flatMap((time) => time ?? []);
  return times.length === 0 ? clock() : times.reduce((newest, at) => (at > newest ? at : newest)) + 1n;
}

/** Reading thousands of records takes a while; a collector that says nothing for longer has gone. */
const TIMEOUT_MS = 120_000;

function apiAt(base: string, deps: Pick<CommandDeps, 'fetch'>): RunningApi {
  if (!/^https?:\/\//.test(base) || !URL.canParse(base))
    throw new UsageProblem(`--url ${base}: must be an http URL, such as ${DEFAULT_URL}`);
  const root = base.endsWith('/') ? base : `${base}/`;
  const { origin } = new URL(root);
  const text = (question: ApiQuestion) => ask(root, origin, question, deps);
  return {
    origin,
    text,
    json: async <T>(
      question: ApiQuestion,
      what: string,
      is: (answer: Readonly<Record<string, unknown>>) => boolean,
    ) => {
      const answer = objectOf(await text(question));
      if (is(answer)) return answer as T;
      const message = `${origin} answers with no ${what}: it is no collector, or one of another version.`;
      throw new CollectorError('bad-data', message);
    },
  };
}

async function ask(
  root: string,
  origin: string,
  { path, query = {}, method = 'GET', timeoutMs = TIMEOUT_MS }: ApiQuestion,
  deps: Pick<CommandDeps, 'fetch'>,
): Promise<string> {
  const url = new URL(path, root);
  url.search = new URLSearchParams(query).toString();
  let response: Response;
  let text: string;
  try {
    response = await deps.fetch(url, { method, signal: AbortSignal.timeout(timeoutMs) });
    text = await response.text();
  } catch (cause) {
    const message = `${origin} does not answer (${reasonOf(cause)}). Start the collector, name another with --url, or a store with --data.`;
    throw new CollectorError('overloaded', message, { cause });
  }
  if (response.ok) return text;
  const { code, message } = (objectOf(text)['error'] ?? {}) as { code?: unknown; message?: unknown };
  const said = typeof message === 'string' ? message : `it answered with status ${response.status}.`;
  throw new CollectorError(codeOf(code), `${origin}: ${said}`);
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** A code that this version does not know is told by its message. */
function codeOf(code: unknown): ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'internal';
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
