import { parseJson, readErrors, redactor } from '../../../images/index.ts';
import { ask, HttpProblem } from '../http.ts';
import type { Credentials } from './credentials.ts';

/** One request to Harbor's API; the path begins behind its base. */
type HarborRequest = {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  path: string;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
};

/** What Harbor answered, its body parsed where it is JSON. */
type HarborAnswer = { status: number; body: unknown; headers: Headers };

/** Talks to Harbor's API. */
export type HarborClient = {
  /** @throws HarborError when Harbor refuses, or does not answer after all tries */
  request(request: HarborRequest): Promise<HarborAnswer>;
  /** All pages of a list. @throws HarborError */
  list(path: string, query?: Readonly<Record<string, string>>): Promise<readonly unknown[]>;
};

/** Harbor refused or could not be reached: what it said, without secrets. */
export class HarborError extends Error {
  /** 0 where no answer came. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'HarborError';
    this.status = status;
  }

  /** Whether every other request would fail the same way. */
  get hopeless(): boolean {
    return this.status === 0 || this.status === 401;
  }
}

/** What a client is made of. */
export type HarborClientOptions = {
  /** `https://harbor.example.com/api/v2.0`, without a slash at its end. */
  base: string;
  credentials: Credentials | undefined;
  fetch: typeof globalThis.fetch;
  /** Waits so many milliseconds before the next try. */
  wait: (ms: number) => Promise<void>;
  signal?: AbortSignal | undefined;
  /** Of one try. */
  timeoutMs?: number;
};

const tries = 4;
const maxBytes = 16 * 1024 * 1024;
/** The largest page that Harbor gives. Source: pageSize in its api/v2.0/swagger.yaml */
const pageSize = 100;
const maxPages = 1000;
const longestWaitMs = 10_000;

/** A client that tries again, a bounded number of times, when Harbor is busy or broken for a moment. */
export function createHarborClient(options: HarborClientOptions): HarborClient {
  const clean = redactor(options.credentials?.secrets ?? []);
  const request = async (wanted: HarborRequest): Promise<HarborAnswer> => {
    for (let attempt = 1; ; attempt += 1) {
      const { answer, problem } = await tryOnce(wanted, options);
      if (answer !== undefined && answer.status < 300) return answer;
      const again =
        answer === undefined ? problem?.kind !== 'cancelled' : answer.status === 429 || answer.status >= 500;
      if (!again || attempt === tries) {
        const status = answer?.status ?? 0;
        const said = answer === undefined ? (problem?.message ?? '') : sayStatus(answer);
        const times = again ? ` (${attempt} tries)` : '';
        throw new HarborError(status, clean(`${wanted.method} ${wanted.path}: ${said}${times}`));
      }
      await options.wait(waitMs(attempt, answer?.headers.get('retry-after')));
    }
  };
  return { request, list: (path, query = {}) => listAll(request, path, query) };
}

async function listAll(
  request: HarborClient['request'],
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for (let page = 1; page <= maxPages; page += 1) {
    const paging = { page: String(page), page_size: String(pageSize) };
    const { body } = await request({ method: 'GET', path, query: { ...query, ...paging } });
    // Harbor 1.x answers null for an empty list.
    if (body !== null && !Array.isArray(body))
      throw new HarborError(200, `GET ${path}: the answer is no list`);
    all.push(...(body ?? []));
    if ((body ?? []).length < pageSize) return all;
  }
  throw new HarborError(200, `GET ${path}: more than ${maxPages} pages`);
}

async function tryOnce(
  { method, path, query = {}, headers = {}, body }: HarborRequest,
  { base, credentials, fetch, signal, timeoutMs = 30_000 }: HarborClientOptions,
): Promise<{ answer?: HarborAnswer; problem?: HttpProblem }> {
  const search = new URLSearchParams(query).toString();
  try {
    const {
      status,
      bytes,
      headers: answered,
    } = await ask(fetch, `${base}${path}${search === '' ? '' : `?${search}`}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(credentials === undefined ? {} : { authorization: credentials.header }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs,
      signal,
      maxBytes,
    });
    return { answer: { status, body: parseJson(bytes.toString()), headers: answered } };
  } catch (error) {
    if (error instanceof HttpProblem) return { problem: error };
    throw error;
  }
}

function sayStatus({ status, body, headers }: HarborAnswer): string {
  if (status < 400)
    return `it redirects to ${headers.get('location') ?? 'somewhere else'}; name that with --url`;
  const said = readErrors(body).slice(0, 300);
  const hint =
    status === 401 ? ': the credentials are wrong' : status === 403 ? ': the account may not do this' : '';
  return `Harbor answers ${status}${said === '' ? hint : `: ${said}`}`;
}

/** As long as Harbor asks for, else twice as long each time; never longer than the bound. */
function waitMs(attempt: number, retryAfter: string | null | undefined): number {
  const asked = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : 250 * 2 ** attempt;
  return Math.min(longestWaitMs, asked);
}
