import { type RawSeries, readMatrix } from '../../../slo/index.ts';
import { type CliError, failed, usage } from '../errors.ts';
import { ask, type HttpAnswer, HttpProblem } from '../http.ts';

/** A stretch of time in equal steps, both ends included. */
export type QueryRange = { fromMs: number; toMs: number; stepSeconds: number };

/** What asking a Prometheus needs from outside. */
export type PrometheusDeps = { fetch: typeof fetch; signal: AbortSignal };

/** Prometheus answers with at most 11,000 points of a series. */
const maxPoints = 10_000;
const timeoutMs = 120_000;
const maxBytes = 256 * 1024 * 1024;

/**
 * The base URL of a Prometheus, and the header for the name and password in it, which fetch takes no URL with.
 * @throws CliError (exit code 2) when it is none
 */
export function prometheusAt(text: string): { base: URL; headers: Record<string, string> } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw usage(`--prometheus ${text} is no URL; it is written like http://localhost:9090.`);
  }
  const { username, password } = url;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const base = new URL(`${url.origin}${url.pathname.replace(/\/*$/, '/')}`);
  const headers = username === '' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  return { base, headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' } };
}

/**
 * All samples of the queries over a stretch of time, in as many requests as the limit on points demands, one after the other.
 * Source: https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
 * @throws CliError (exit code 1) that says which request failed, and why
 */
export async function queryRange(
  prometheus: ReturnType<typeof prometheusAt>,
  queries: readonly string[],
  range: QueryRange,
  deps: PrometheusDeps,
): Promise<readonly RawSeries[]> {
  const answers: unknown[] = [];
  for (const query of queries) {
    for (const chunk of chunksOf(range)) answers.push(await oneAnswer(prometheus, query, chunk, deps));
  }
  const matrix = readMatrix(answers);
  if (!matrix.ok) throw failed(`What ${prometheus.base.host} said cannot be read: ${matrix.problem}.`);
  return matrix.series;
}

/** The stretch in pieces of at most so many points. */
export function chunksOf({ fromMs, toMs, stepSeconds }: QueryRange): readonly QueryRange[] {
  const stepMs = stepSeconds * 1_000;
  const chunks: QueryRange[] = [];
  for (let start = fromMs; start <= toMs; start += maxPoints * stepMs) {
    chunks.push({ fromMs: start, toMs: Math.min(start + (maxPoints - 1) * stepMs, toMs), stepSeconds });
  }
  return chunks;
}

async function oneAnswer(
  { base, headers }: ReturnType<typeof prometheusAt>,
  query: string,
  { fromMs, toMs, stepSeconds }: QueryRange,
  { fetch, signal }: PrometheusDeps,
): Promise<unknown> {
  const [start, end] = [String(fromMs / 1_000), String(toMs / 1_000)];
  const body = new URLSearchParams({ query, start, end, step: String(stepSeconds) }).toString();
  const about = `${query} from ${new Date(fromMs).toISOString()}`;
  try {
    const url = new URL('api/v1/query_range', base).href;
    const answer = await ask(fetch, url, { method: 'POST', headers, body, timeoutMs, signal, maxBytes });
    return parsed(answer, base, about);
  } catch (error) {
    throw error instanceof HttpProblem ? unanswered(error, base, about) : error;
  }
}

/** The answer's JSON; Prometheus explains its refusals in one too. */
function parsed({ status, bytes }: HttpAnswer, base: URL, about: string): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(bytes.toString());
  } catch {
    throw failed(
      `${base.host} answered ${status} without JSON to ${about}. Is it a Prometheus, and is ${base.href} where its API begins?`,
    );
  }
  if (status === 200) return answer;
  const { error } = (answer ?? {}) as { error?: unknown };
  throw failed(
    `${base.host} answered ${status} to ${about}${typeof error === 'string' ? `: ${error}` : ''}.`,
  );
}

function unanswered({ kind, message }: HttpProblem, base: URL, about: string): CliError {
  if (kind === 'timeout')
    return failed(
      `${base.host} did not answer within ${timeoutMs / 1_000} s to ${about}. Ask for a shorter time with --from and --to.`,
    );
  if (kind === 'too-large')
    return failed(
      `${base.host} answered more than ${maxBytes} bytes to ${about}. Ask for a shorter time with --from and --to.`,
    );
  return failed(`${base.href} cannot be asked: ${message}.`);
}
