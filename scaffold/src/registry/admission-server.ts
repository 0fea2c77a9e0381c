import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import fastify, { type FastifyInstance } from 'fastify';
import {
  type AdmissionConfig,
  admits,
  answerReview,
  parseReview,
  type Review,
  refusal,
} from '../../../images/index.ts';
import type { AdmissionMetrics } from './admission-metrics.ts';
import type { TlsPair } from './admission-tls.ts';
import type { Audit } from './audit.ts';
import type { HarborHook } from './harbor-hook.ts';
import type { ImageVerifier, Judged } from './image-verifier.ts';

/** The parts of the server, which are made before it and end after it. */
export type ServerParts = {
  config: Pick<AdmissionConfig, 'listen' | 'limits' | 'failOpen'>;
  tls: TlsPair | undefined;
  verifier: ImageVerifier;
  audit: Audit;
  metrics: AdmissionMetrics;
  harbor: HarborHook | undefined;
  now: () => number;
  /** Told of what went wrong inside. */
  tell: (message: string) => void;
};

/** A server that listens. */
export type AdmissionServer = {
  url: string;
  /** For a renewed certificate; undefined without TLS. */
  https: HttpsServer | undefined;
  /** Takes no new requests, lets those under way end, and resolves then. */
  stop(): Promise<void>;
};

/** The answer has to be on its way before the API server gives up. */
const marginMs = 500;

/** Starts the server: POST /validate and /harbor, GET /healthz, /readyz and /metrics. */
export async function startAdmissionServer(parts: ServerParts): Promise<AdmissionServer> {
  const { config, tls } = parts;
  let server: Server | HttpsServer | undefined;
  let stopping = false;
  const app = fastify({
    bodyLimit: config.limits.body,
    forceCloseConnections: 'idle',
    serverFactory: (handler) => {
      server =
        tls === undefined
          ? createHttpServer(handler)
          : createHttpsServer({ ...tls, minVersion: 'TLSv1.2' }, handler);
      // Slow senders hold no connection for long.
      server.requestTimeout = 10_000;
      server.headersTimeout = 5000;
      return server;
    },
  });
  app.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) parts.tell(`A request failed: ${error.message}.`);
    return reply.code(status).send({ error: status < 500 ? error.message : 'internal error' });
  });
  // A connection that is kept alive would keep the server.
  app.addHook('onSend', async (_request, reply) => {
    if (stopping) reply.header('connection', 'close');
  });
  mountValidate(app, parts);
  mountHarbor(app, parts);
  app.get('/healthz', async () => 'ok\n');
  app.get('/readyz', async (_request, reply) => (stopping ? reply.code(503).send('stopping\n') : 'ok\n'));
  app.get('/metrics', async (_request, reply) =>
    reply.type(parts.metrics.contentType).send(await parts.metrics.render()),
  );
  await app.listen({ host: config.listen.host, port: config.listen.port });
  const address = server?.address();
  const port = typeof address === 'object' && address !== null ? address.port : config.listen.port;
  const host = config.listen.host.includes(':') ? `[${config.listen.host}]` : config.listen.host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${port}`,
    https: tls === undefined ? undefined : (server as HttpsServer),
    async stop() {
      stopping = true;
      // Nobody holds the end up for longer than an answer may take.
      const last = setTimeout(() => server?.closeAllConnections(), config.limits.time + 1000);
      await app.close();
      clearTimeout(last);
    },
  };
}

function mountValidate(app: FastifyInstance, parts: ServerParts): void {
  const { config, metrics, now } = parts;
  app.post<{ Querystring: { timeout?: string } }>('/validate', async (request, reply) => {
    const start = now();
    const review = parseReview(request.body);
    if ('problem' in review) {
      metrics.request('kubernetes', false, (now() - start) / 1000);
      auditProblem(parts, review.uid ?? '', review.problem);
      const message = `The request cannot be read: ${review.problem}.`;
      return review.uid === undefined
        ? reply.code(400).send({ error: message })
        : refusal(review.uid, message);
    }
    const timeMs = timeFor(config.limits.time, request.query.timeout);
    const verdicts = await judgeAll(review, timeMs, parts);
    const answer = answerReview(review.uid, verdicts, config.failOpen);
    const allowed = verdicts.every((verdict) => admits(verdict, config.failOpen));
    metrics.request('kubernetes', allowed, (now() - start) / 1000);
    return answer;
  });
}

/** Kubernetes says how long it waits: `?timeout=10s`. */
function timeFor(limitMs: number, said: string | undefined): number {
  const seconds = /^(\d{1,2})s$/.exec(said ?? '')?.[1];
  return seconds === undefined
    ? limitMs
    : Math.max(100, Math.min(limitMs, Number(seconds) * 1000 - marginMs));
}

/** Every image once, however many containers run it. */
async function judgeAll(review: Review, timeMs: number, parts: ServerParts): Promise<readonly Judged[]> {
  const { config, verifier, now } = parts;
  const images = new Map(review.images.map(({ image, path }) => [image, path]));
  if (images.size > config.limits.images) {
    auditProblem(parts, review.uid, `${images.size} images`);
    const detail = `the object has ${images.size} images, at most ${config.limits.images} are judged`;
    return [{ image: review.name, digest: undefined, reason: 'bad-request', detail, cached: false }];
  }
  const deadline = { ms: now() + timeMs, signal: AbortSignal.timeout(timeMs) };
  return Promise.all(
    [...images].map(async ([image, path]) => {
      const start = now();
      const verdict = await verifier.verify(image, review.namespace, deadline);
      record(parts, review, path, verdict, now() - start);
      return verdict;
    }),
  );
}

function record(
  { audit, metrics, config }: ServerParts,
  review: Review,
  path: string,
  verdict: Judged,
  ms: number,
): void {
  const { uid, operation, kind, namespace, name, user } = review;
  const { image, digest = '', reason, detail, cached } = verdict;
  metrics.image(reason, cached);
  audit.write({
    source: 'kubernetes',
    ...{ uid, operation, kind, namespace, name, user, image, path, digest },
    verdict: admits(verdict, config.failOpen) ? 'admitted' : 'refused',
    ...{ reason, detail, cached, durationMs: ms },
  });
}

const nobody = {
  operation: '',
  kind: '',
  namespace: '',
  name: '',
  user: '',
  image: '',
  path: '',
  digest: '',
};

function auditProblem({ audit, metrics }: ServerParts, uid: string, detail: string): void {
  metrics.image('bad-request', false);
  const judged = { verdict: 'refused', reason: 'bad-request', detail, cached: false, durationMs: 0 } as const;
  audit.write({ source: 'kubernetes', uid, ...nobody, ...judged });
}

function mountHarbor(app: FastifyInstance, { harbor, metrics, now }: ServerParts): void {
  if (harbor === undefined) return;
  // CloudEvents come under a media type of their own.
  const asText = { parseAs: 'string' } as const;
  app.addContentTypeParser(
    'application/cloudevents+json',
    asText,
    app.getDefaultJsonParser('error', 'error'),
  );
  app.post('/harbor', async (request, reply) => {
    const start = now();
    const { status, body } = await harbor.handle(request.headers.authorization, request.body);
    metrics.request('harbor', status === 200, (now() - start) / 1000);
    return reply.code(status).send(body);
  });
}
