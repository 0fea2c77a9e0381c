/** What a webhook is sent with, and what its answers mean. Pure; nothing here has the address in a text. */

export interface Request {
  url: string;
  headers: Record<string, string>;
}

/** A request that failed: whether to come again, and after how many milliseconds at least. */
export interface Failure {
  says: string;
  isFinal: boolean;
  afterMs: number;
}

/** `fetch` takes no credentials in an address; they go where they belong. */
export function requestOf(address: string): Request {
  const url = new URL(address);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const credentials = [username, password].map(decodeURIComponent).join(':');
  return {
    url: url.href,
    headers: {
      'content-type': 'application/json',
      ...(username || password
        ? { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
        : {}),
    },
  };
}

/** Of the answers that mean no, those that may become a yes: too many, too slow, and the other side's own faults. */
export function failureOf({ status, headers }: Response, maxSeconds: number): Failure {
  const isFinal = status < 500 && ![408, 425, 429].includes(status);
  const seconds = Number(headers.get('retry-after') ?? 0);
  const afterMs = Math.min(Number.isFinite(seconds) ? seconds : 0, maxSeconds) * 1_000;
  return { says: `status ${status}`, isFinal, afterMs: Math.max(0, afterMs) };
}

/** `ECONNREFUSED` and the like; messages may have the address in them. */
export function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error instanceof Error ? error.name : 'unknown';
}
