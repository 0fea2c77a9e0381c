import { createHash } from 'node:crypto';
import {
  type ImageReference,
  manifestTypes,
  parseJson,
  type Reason,
  type RegistryAccess,
  redactor,
  stringAt,
} from '../../../images/index.ts';
import { ask, type HttpAnswer, HttpProblem } from '../http.ts';
import type { Credentials } from './credentials.ts';
import type { FindCredentials } from './registry-auth.ts';

/** A manifest as the registry gave it; the digest is that of its bytes. */
export type Manifest = { digest: string; text: string };

/** Why there is no answer. */
type RegistryProblem = { reason: Reason; detail: string };

/** A blob of text as the registry gave it. */
export type Blob = { text: string; intact: boolean };

/** Reads from image registries. Never throws. */
export type RegistryClient = {
  /** The manifest that a tag or a digest names. */
  manifest(image: ImageReference, name: string, limit: RequestLimit): Promise<Manifest | RegistryProblem>;
  /** What refers to a digest, an index; undefined where the registry does not tell. */
  referrers(image: ImageReference, digest: string, limit: RequestLimit): Promise<string | undefined>;
  /** A blob as text, and whether its digest is that of its bytes; undefined where there is none, or a large one. */
  blob(image: ImageReference, digest: string, limit: RequestLimit): Promise<Blob | undefined>;
};

/** How far one question may go. */
export type RequestLimit = { access: RegistryAccess; deadlineMs: number; signal?: AbortSignal | undefined };

/** Source of the limit: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests */
const maxManifest = 4 * 1024 * 1024;
const maxBlob = 1024 * 1024;
const maxToken = 64 * 1024;

/** A client of the registry API that logs in where it is asked to. */
export function createRegistryClient(
  fetch: typeof globalThis.fetch,
  credentials: FindCredentials,
  now: () => number,
): RegistryClient {
  const get = async (
    image: ImageReference,
    path: string,
    accept: string,
    maxBytes: number,
    limit: RequestLimit,
  ) => {
    const url = `${limit.access.plainHttp ? 'http' : 'https'}://${apiHost(image.registry)}/v2/${image.repository}/${path}`;
    const read = (headers: Record<string, string>, at: string, most: number) =>
      ask(fetch, at, { headers, timeoutMs: limit.deadlineMs - now(), signal: limit.signal, maxBytes: most });
    const first = await read({ accept }, url, maxBytes);
    if (first.status !== 401) return first;
    const own = await credentials(image.registry);
    const authorization = await authorize(first, own, limit.access, (at, headers) =>
      read(headers, at, maxToken),
    );
    return authorization === undefined ? first : read({ accept, authorization }, url, maxBytes);
  };
  const textOf = async (image: ImageReference, path: string, accept: string, limit: RequestLimit) => {
    try {
      const { status, bytes } = await get(image, path, accept, maxBlob, limit);
      return status === 200 ? bytes.toString() : undefined;
    } catch (error) {
      problemOf(error);
      return undefined;
    }
  };
  return {
    async manifest(image, name, limit) {
      try {
        const answer = await get(image, `manifests/${name}`, manifestTypes.join(', '), maxManifest, limit);
        return readManifest(answer, name);
      } catch (error) {
        return problemOf(error);
      }
    },
    referrers: (image, digest, limit) => textOf(image, `referrers/${digest}`, manifestTypes[0], limit),
    async blob(image, digest, limit) {
      const text = await textOf(image, `blobs/${digest}`, '*/*', limit);
      return text === undefined ? undefined : { text, intact: digest === sha256Digest(text) };
    },
  };
}

/** Docker Hub's registry answers under another name than its images have. */
function apiHost(registry: string): string {
  return registry === 'docker.io' ? 'registry-1.docker.io' : registry;
}

/** The header that the registry's challenge asks for; undefined where nothing can be got. */
async function authorize(
  { headers }: HttpAnswer,
  own: Credentials | undefined,
  access: RegistryAccess,
  read: (url: string, headers: Record<string, string>) => Promise<HttpAnswer>,
): Promise<string | undefined> {
  const challenge = headers.get('www-authenticate') ?? '';
  if (/^basic\b/i.test(challenge)) return own?.header;
  const part = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(challenge)?.[1];
  const realm = part('realm');
  if (!/^bearer\b/i.test(challenge) || realm === undefined || !URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  // A password never goes over plain HTTP because a registry says so.
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && access.plainHttp)) return undefined;
  for (const name of ['service', 'scope']) if (part(name)) url.searchParams.set(name, part(name)!);
  const { status, bytes } = await read(url.href, own === undefined ? {} : { authorization: own.header });
  const answer = status === 200 ? parseJson(bytes.toString()) : undefined;
  const token = stringAt(answer, 'token') ?? stringAt(answer, 'access_token');
  return token === undefined ? undefined : `Bearer ${token}`;
}

function readManifest({ status, bytes }: HttpAnswer, name: string): Manifest | RegistryProblem {
  if (status === 404) return { reason: 'image-not-found', detail: '' };
  if (status === 401 || status === 403) return { reason: 'registry-denied', detail: `it answers ${status}` };
  if (status !== 200) return { reason: 'registry-unreachable', detail: `it answers ${status}` };
  const digest = sha256Digest(bytes);
  if (name.startsWith('sha256:') && name !== digest) {
    return { reason: 'tampered', detail: `asked for ${name}, the registry gave ${digest}` };
  }
  return { digest, text: bytes.toString() };
}

function problemOf(error: unknown): RegistryProblem {
  if (!(error instanceof HttpProblem)) throw error;
  const detail = redactor([])(error.message);
  return { reason: error.kind === 'timeout' ? 'timeout' : 'registry-unreachable', detail };
}

function sha256Digest(content: string | Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
