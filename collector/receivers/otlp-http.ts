import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeExportResponse, encodeStatus, type OtlpEncoding } from '../formats/otlp-protobuf/responses.ts';
import type { Batch } from '../telemetry/batch.ts';
import { CollectorError } from '../telemetry/errors.ts';
import type { Signal } from '../telemetry/model.ts';
import { ByteBudget, RequestBytes } from './otlp-http/body.ts';
import { CONTENT_TYPES, encodingOf, PATHS, readBatch, routeOf } from './otlp-http/request.ts';
import { messageOf, type Receiver, type ReceiverDeps, type Schedule, systemSchedule } from './receiver.ts';

export interface OtlpHttpOptions {
  host: string;
  /** 0 for any free port. */
  port: number;
  /** Bytes of one body at the most, before and after it is inflated. */
  maxBodyBytes?: number;
  /** Bytes of all bodies that are under way at the most; above it senders are told to come again. */
  maxUnderwayBytes?: number;
  /** Origins whose pages may send, or `*`; none by default. */
  cors?: readonly string[];
}

/** Default limit of a body, as the OTLP specification suggests. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const MAX_UNDERWAY_BYTES = 256 * 1024 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** What senders have at a stop to end their requests; container runtimes kill after ten seconds. */
const STOP_TIMEOUT_MS = 5_000;
/** Longer than the idle time of the Go and Java clients' pools, so that they, not we, close first. */
const KEEP_ALIVE_MS = 120_000;

const NAME = 'otlp-http';

/**
 * Takes OTLP over HTTP, protobuf and JSON, plain and gzip. A request is answered when `consume` has made it durable.
 * Errors carry google.rpc.Status in the request's encoding. A request that could not be read counts as one refused
 * record. `port()` is the port that is listened on, once started.
 */
export function createOtlpHttp(
  options: OtlpHttpOptions,
  deps: ReceiverDeps & { schedule?: Schedule },
): Receiver & { port(): number } {
  const handler = new OtlpHandler(options, deps);
  const server = createServer((request, response) => void handler.handle(request, response));
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return {
    name: NAME,
    port: () => (server.address() as AddressInfo | null)?.port ?? 0,
    start: () => listen(server, options),
    stop: () => {
      handler.stopping = true;
      return close(server, deps.schedule ?? systemSchedule);
    },
  };
}

function listen(server: Server, { host, port }: OtlpHttpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/**
 * Accepts nothing more and resolves when the requests under way are answered; those whose senders are too slow are
 * given up, which a closing server does not do by itself.
 */
function close(server: Server, schedule: Schedule): Promise<void> {
  return new Promise((resolve) => {
    const cancel = schedule(() => server.closeAllConnections(), STOP_TIMEOUT_MS);
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}

class OtlpHandler {
  readonly #deps: ReceiverDeps;
  readonly #budget: ByteBudget;
  readonly #maxBodyBytes: number;
  readonly #cors: readonly string[];
  stopping = false;

  constructor(options: OtlpHttpOptions, deps: ReceiverDeps) {
    this.#deps = deps;
    this.#budget = new ByteBudget(options.maxUnderwayBytes ?? MAX_UNDERWAY_BYTES);
    this.#maxBodyBytes = options.maxBodyBytes ?? MAX_BODY_BYTES;
    this.#cors = options.cors ?? [];
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#answerPreflight(request, response)) return;
    const bytes = new RequestBytes(this.#budget, this.#maxBodyBytes);
    try {
      const { signal, encoding } = await this.#take(request, bytes);
      this.#send(response, 200, encoding, encodeExportResponse(signal, encoding));
    } catch (error) {
      this.#sendError(request, response, this.#asCollectorError(error));
    } finally {
      bytes.release();
    }
  }

  /** Reads a request and hands it on; resolves when it is durable. */
  async #take(
    request: IncomingMessage,
    bytes: RequestBytes,
  ): Promise<{ signal: Signal; encoding: OtlpEncoding }> {
    const { signal, encoding, gzip } = routeOf(request);
    let batch: Batch | undefined;
    try {
      const raw = await bytes.read(request);
      batch = readBatch(gzip ? bytes.gunzip(raw) : raw, signal, encoding);
      if (gzip && batch.body.length > 0 && encoding === 'protobuf') {
        // What came compressed is stored as it came; the offsets speak of the inflated body.
        batch = { ...batch, body: raw, inflated: batch.body, compression: 'gzip' };
      }
      if (batch.count > 0) await this.#deps.consume([batch]);
    } catch (error) {
      const { code } = this.#asCollectorError(error);
      if (code !== 'cancelled') this.#deps.stats.refused(NAME, signal, batch?.count ?? 1, code);
      throw error;
    }
    this.#deps.stats.accepted(NAME, signal, batch.count);
    return { signal, encoding };
  }

  #asCollectorError(error: unknown): CollectorError {
    if (error instanceof CollectorError) return error;
    this.#deps.warn('a request could not be taken because of a defect in the collector', {
      receiver: NAME,
      error: error instanceof Error ? error.stack : messageOf(error),
    });
    return new CollectorError('internal', messageOf(error), { cause: error });
  }

  #sendError(request: IncomingMessage, response: ServerResponse, error: CollectorError): void {
    if (error.code === 'cancelled') {
      response.destroy();
      return;
    }
    if (error.code === 'method-not-allowed') response.setHeader('Allow', 'POST');
    if (error.retryable) response.setHeader('Retry-After', String(error.retryAfterSeconds ?? 1));
    // What is left of the body is not read: the connection cannot be used again.
    if (!request.complete) response.setHeader('Connection', 'close');
    const encoding = encodingOf(request) ?? 'json';
    this.#send(response, error.status, encoding, encodeStatus(error, encoding));
  }

  #send(response: ServerResponse, status: number, encoding: OtlpEncoding, body: Uint8Array): void {
    if (response.destroyed) return;
    // A connection that stays open would hold up the stop.
    if (this.stopping) response.setHeader('Connection', 'close');
    response.writeHead(status, { 'Content-Type': CONTENT_TYPES[encoding], 'Content-Length': body.length });
    response.end(body);
  }

  /** Answers a browser's question whether a page may send; adds the header that lets it read the answer. */
  #answerPreflight(request: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = request.headers;
    if (origin === undefined || !(this.#cors.includes(origin) || this.#cors.includes('*'))) return false;
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Vary', 'Origin');
    if (request.method !== 'OPTIONS' || !PATHS.has(request.url ?? '')) return false;
    response.setHeader('Access-Control-Allow-Methods', 'POST');
    response.setHeader(
      'Access-Control-Allow-Headers',
      request.headers['access-control-request-headers'] ?? '',
    );
    response.setHeader('Access-Control-Max-Age', '3600');
    if (this.stopping) response.setHeader('Connection', 'close');
    response.writeHead(204).end();
    return true;
  }
}
