import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join } from 'node:path';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { httpPath, nearest } from '../../slo/index.ts';
import type { OwnMetrics } from '../own/metrics.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { type ApiDeps, isText } from './deps.ts';
import { type ApiRoute, ROUTES } from './routes.ts';
import type { ErrorBody } from './types.ts';

const CONTENT_TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing from elsewhere, nothing inline: telemetry is text from strangers. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** What is told to the API is short: an event has at most 50 attributes. */
const MAX_BODY_BYTES = 64 * 1024;

export interface ApiServerOptions {
  host: string;
  port: number;
  /** Folder of the built console; without it the console's paths say how to build it. */
  consoleDir: string | undefined;
}

export interface ApiServerDeps extends ApiDeps {
  ownMetrics: OwnMetrics;
  redMetrics: OwnMetrics;
  /** True while the collector takes in telemetry. */
  ready(): boolean;
  error(message: string, fields: Record<string, unknown>): void;
}

interface Asset {
  bytes: Buffer;
  contentType: string;
}

/** Reads the built console into memory: it is small, and then serving needs no path handling. */
async function readConsole(dir: string | undefined): Promise<Map<string, Asset>> {
  const assets = new Map<string, Asset>();
  const names = dir ? await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []) : [];
  for (const entry of names.filter((e) => e.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const url = path.slice((dir ?? '').length).replaceAll('\\', '/');
    const contentType = CONTENT_TYPES[extname(entry.name)] ?? 'application/octet-stream';
    assets.set(url.startsWith('/') ? url : `/${url}`, { bytes: await readFile(path), contentType });
  }
  return assets;
}

/** Query parameters, each known and at most once: a second value would silently win, an unknown one be ignored. */
function queryOf(url: string, known: readonly string[]): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  for (const [name, value] of new URL(url, 'http://host').searchParams) {
    if (!known.includes(name)) throw unknownParameter(name, known);
    if (name in query) throw new CollectorError('bad-request', `${name} is given twice; give it once.`);
    query[name] = value;
  }
  return query;
}

function unknownParameter(name: string, known: readonly string[]): CollectorError {
  const meant = nearest(name, known);
  const instead = known.length > 0 ? `known here are ${known.join(', ')}` : 'this path takes none';
  return new CollectorError(
    'bad-request',
    `${name} is not a parameter${meant ? `; did you mean ${meant}?` : ''} (${instead}).`,
  );
}

function errorBody(error: CollectorError): ErrorBody {
  return { error: { code: error.code, message: error.message } };
}

function mount(app: FastifyInstance, route: ApiRoute, deps: ApiServerDeps): void {
  app.route({
    method: route.method,
    url: route.path,
    bodyLimit: route.maxBodyBytes ?? MAX_BODY_BYTES,
    handler: async (request, reply) => {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const params = request.params as Record<string, string>;
      const query = queryOf(request.url, route.query);
      const question = { params, query, body: request.body, signal: gone.signal };
      const answer = await deps.traced(`${route.method} ${route.path}`, () => route.handler(question, deps));
      if (isText(answer))
        return reply
          .headers(answer.headers ?? {})
          .type(answer.contentType)
          .send(answer.text);
      return reply.type('application/json; charset=utf-8').send(JSON.stringify(answer));
    },
  });
}

function serveMetrics(app: FastifyInstance, deps: ApiServerDeps): void {
  for (const [path, page] of [
    [httpPath.metrics, deps.ownMetrics],
    [httpPath.spanMetrics, deps.redMetrics],
  ] as const) {
    app.get(path, async (_request, reply) => reply.type(page.contentType).send(await page.metrics()));
  }
  app.get(httpPath.live, async (_request, reply) => reply.type('text/plain').send('ok\n'));
  for (const path of [httpPath.ready, httpPath.health]) {
    app.get(path, async (_request, reply) => {
      const ready = deps.ready();
      return reply
        .code(ready ? 200 : 503)
        .type('text/plain')
        .send(ready ? 'ok\n' : 'not taking in telemetry\n');
    });
  }
}

function serveConsole(app: FastifyInstance, assets: Map<string, Asset>): void {
  const notBuilt = 'The console is not built. Run `npm run build`, then start the collector again.\n';
  app.setNotFoundHandler(async (request, reply: FastifyReply) => {
    const path = request.url.split('?')[0] ?? '/';
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const error = new CollectorError(
        'method-not-allowed',
        `${request.method} ${path}: this path answers GET only.`,
      );
      return reply.code(error.status).header('allow', 'GET, HEAD').send(errorBody(error));
    }
    if (path.startsWith('/api/')) {
      const list = [...new Set(ROUTES.map((route) => route.path))].join(', ');
      const error = new CollectorError('not-found', `${path} is not a path of the API. There are: ${list}.`);
      return reply.code(error.status).send(errorBody(error));
    }
    const asset = assets.get(path) ?? (extname(path) === '' ? assets.get('/index.html') : undefined);
    if (!asset)
      return reply
        .code(assets.size > 0 ? 404 : 503)
        .type('text/plain')
        .send(assets.size > 0 ? 'not found\n' : notBuilt);
    return reply.type(asset.contentType).header('cache-control', 'no-cache').send(asset.bytes);
  });
}

function handleErrors(app: FastifyInstance, deps: ApiServerDeps): void {
  app.setErrorHandler(async (thrown: Error, request, reply) => {
    const status = 'statusCode' in thrown ? Number(thrown.statusCode) : 500;
    let error: CollectorError;
    if (thrown instanceof CollectorError) error = thrown;
    else if (status >= 400 && status < 500)
      error = refusal(status, thrown.message, request.routeOptions.bodyLimit ?? MAX_BODY_BYTES);
    else
      error = new CollectorError(
        'internal',
        `${request.method} ${request.url} failed; the collector's log says why.`,
      );
    if (error.code === 'internal')
      deps.error('a question to the API failed', { path: request.url, err: thrown });
    if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
    return reply.code(error.status).send(errorBody(error));
  });
}

/** A document that brings its styles says what it may do itself. */
function ownPolicy(reply: FastifyReply): Record<string, string> {
  const policy = reply.getHeader('content-security-policy');
  return typeof policy === 'string' ? { 'content-security-policy': policy } : {};
}

/** What fastify refuses of a body, as the catalogue has it. */
function refusal(status: number, message: string, maxBytes: number): CollectorError {
  if (status === 413) return new CollectorError('too-large', `The body has more than ${maxBytes} bytes.`);
  if (status === 415) return new CollectorError('unsupported-media', 'A body must be application/json.');
  return new CollectorError('bad-request', message);
}

export interface ApiServer {
  /** The port that was taken, for `port: 0`. */
  port: number;
  stop(): Promise<void>;
}

/** Starts the API, the console and the two metric pages on one port. */
export async function startApi(options: ApiServerOptions, deps: ApiServerDeps): Promise<ApiServer> {
  let server: Server | undefined;
  const app = fastify({
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: 200 },
    // Of requests that reach no route, such as a path with a broken %-escape: hooks do not run for them.
    frameworkErrors: (thrown, _request, reply: FastifyReply) => {
      const error = new CollectorError('bad-request', thrown.message);
      void reply.code(error.status).headers(SECURITY_HEADERS).send(errorBody(error));
    },
    serverFactory: (handler) => {
      server = createServer(handler);
      return server;
    },
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({ ...SECURITY_HEADERS, ...ownPolicy(reply) });
  });
  // A page of elsewhere could send text without being asked; JSON it could not.
  app.removeContentTypeParser('text/plain');
  handleErrors(app, deps);
  for (const route of ROUTES) mount(app, route, deps);
  serveMetrics(app, deps);
  serveConsole(app, await readConsole(options.consoleDir));
  await app.listen({ host: options.host, port: options.port });
  const address = server?.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return { port, stop: () => app.close() };
}
