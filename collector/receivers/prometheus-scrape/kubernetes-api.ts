import { readFile } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** Where an API server is and how one is let in. */
export interface KubernetesAccess {
  /** https://10.0.0.1:443 */
  server: string;
  /** Read again for every request: the kubelet renews it. */
  tokenFile: string | undefined;
  /** Certificates that the server's is checked against; undefined: those of the machine. */
  caFile: string | undefined;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
const MAX_LIST_BYTES = 64 * 1024 * 1024;
const MAX_EVENT_BYTES = 4 * 1024 * 1024;
const MAX_ERROR_BYTES = 4096;

/**
 * The access that every pod has to its own cluster. Throws when this is no pod.
 * Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api
 */
export function inClusterAccess(env: Readonly<Record<string, string | undefined>>): KubernetesAccess {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (!host) {
    throw new Error(
      'this is no pod (KUBERNETES_SERVICE_HOST is not set): name the API server with apiServer, tokenFile and caFile',
    );
  }
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { server, tokenFile: `${SERVICE_ACCOUNT}/token`, caFile: `${SERVICE_ACCOUNT}/ca.crt` };
}

/** An answer of the API server that is not 200. */
export class KubernetesRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Gets a JSON document of the API. Throws KubernetesRefusal, or what the connection failed of. */
export async function getJson(access: KubernetesAccess, path: string, signal: AbortSignal): Promise<unknown> {
  const response = await get(access, path, signal);
  return JSON.parse(await textOf(response, MAX_LIST_BYTES));
}

/** The events of a watch, a JSON document a line, until the server ends it. */
export async function* watchJson(
  access: KubernetesAccess,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  const response = await get(access, path, signal);
  let rest = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    if (rest.length > MAX_EVENT_BYTES) throw new Error(`an event is larger than ${MAX_EVENT_BYTES} bytes`);
    for (const line of lines) if (line !== '') yield JSON.parse(line);
  }
}

async function get(access: KubernetesAccess, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const response = await send(access, path, signal);
  const { statusCode = 0 } = response;
  if (statusCode === 200) return response;
  const said = (await textOf(response, MAX_ERROR_BYTES).catch(() => '')).trim();
  throw new KubernetesRefusal(statusCode, `the API server answered ${statusCode}${reasonIn(said)}`);
}

async function send(
  { server, tokenFile, caFile }: KubernetesAccess,
  path: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const token = tokenFile === undefined ? undefined : (await readFile(tokenFile, 'utf8')).trim();
  const ca = caFile === undefined ? undefined : await readFile(caFile);
  const headers = {
    Accept: 'application/json',
    'User-Agent': 'go-sre-collector',
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
  };
  const url = new URL(path, server);
  return new Promise((resolve, reject) => {
    const sent: ClientRequest =
      url.protocol === 'https:'
        ? requestHttps(url, { headers, signal, agent: false, ...(ca ? { ca } : {}) })
        : requestHttp(url, { headers, signal, agent: false });
    sent.once('response', resolve).once('error', reject).end();
  });
}

async function textOf(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the API server answered more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The message of a Status document; whatever else was said is left out. */
function reasonIn(said: string): string {
  try {
    const { message } = JSON.parse(said) as { message?: unknown };
    return typeof message === 'string' ? `: ${message}` : '';
  } catch {
    return '';
  }
}
