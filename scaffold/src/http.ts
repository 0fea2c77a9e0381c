/** What to send and how far to go. */
export type HttpRequest = {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  timeoutMs: number;
  /** Ends it earlier. */
  signal?: AbortSignal | undefined;
  /** A larger answer is refused. */
  maxBytes: number;
};

/** An answer, whatever its status. */
export type HttpAnswer = { status: number; headers: Headers; bytes: Buffer };

/** No answer came: why, without the URL's secrets. */
export class HttpProblem extends Error {
  readonly kind: 'unreachable' | 'timeout' | 'cancelled' | 'too-large';

  constructor(kind: HttpProblem['kind'], message: string) {
    super(message);
    this.name = 'HttpProblem';
    this.kind = kind;
  }
}

/**
 * One request, its answer read whole. Redirects are answers: credentials go only where they were meant to.
 * @throws HttpProblem when no answer came, or a larger one
 */
export async function ask(
  fetch: typeof globalThis.fetch,
  url: string,
  request: HttpRequest,
): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body, timeoutMs, signal, maxBytes } = request;
  const limit = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
  const signals = signal === undefined ? [limit] : [limit, signal];
  try {
    const answer = await fetch(url, {
      method,
      headers: { ...headers },
      redirect: 'manual',
      signal: AbortSignal.any(signals),
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.status, headers: answer.headers, bytes: await readBody(answer, maxBytes) };
  } catch (error) {
    if (error instanceof HttpProblem) throw error;
    if (signal?.aborted === true) throw new HttpProblem('cancelled', 'cancelled');
    const { host } = new URL(url);
    if (limit.aborted)
      throw new HttpProblem('timeout', `${host} did not answer within ${Math.ceil(timeoutMs)} ms`);
    throw new HttpProblem('unreachable', `${host}: ${rootCause(error)}`);
  }
}

async function readBody(answer: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new HttpProblem('too-large', `the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** fetch says "fetch failed" and keeps what happened in the cause. */
function rootCause(error: unknown): string {
  let here = error;
  while (here instanceof Error && here.cause instanceof Error) here = here.cause;
  if (!(here instanceof Error)) return String(here);
  if (here instanceof AggregateError && here.errors[0] instanceof Error) return here.errors[0].message;
  return here.message || ('code' in here ? String(here.code) : here.name);
}
