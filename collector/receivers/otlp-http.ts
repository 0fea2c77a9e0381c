import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { MetricsDecoder } from '../formats/otlp-protobuf/metrics-decoder.ts';
import {
  encodeExportResponse,
  encodeStatus,
  type OtlpEncoding,
  partialSuccess,
} from '../formats/otlp-protobuf/responses.ts';
import type { Batch } from '../telemetry/batch.ts';
import { NANOS_PER_SECOND } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';
import type { Signal } from '../telemetry/model.ts';
import { ByteBudget, RequestBytes } from './otlp-http/body.ts';
import { CONTENT_TYPES, encodingOf, PATHS, readBatch, routeOf } from './otlp-http/request.ts';
import { MAX_HEAD_BYTES, UsualConnection } from './otlp-http/usual-connection.ts';
import type { UsualHead } from './otlp-http/usual-head.ts';
import {
  type DroppedRecords,
  messageOf,
  type Receiver,
  type ReceiverDeps,
  type Schedule,
  systemSchedule,
} from './receiver.ts';

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
/** Of a refused request: what is left of a body no longer than this is read, for the requests behind it. */
const MAX_FORGOTTEN_BYTES = 64 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How often connections are looked at whose sender owes the rest of a request. */
const SWEEP_MS = 10_000;
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
  const usual = new UsualConnections(server, handler, deps.schedule ?? systemSchedule);
  return {
    name: NAME,
    port: () => (server.address() as AddressInfo | null)?.port ?? 0,
    start: () => listen(server, options),
    stop: () => {
      handler.stopping = true;
      const closed = close(server, usual, deps.schedule ?? systemSchedule);
      usual.stop();
      return closed;
    },
  };
}

/** Connections whose requests all were usual so far; the server's own listener gets the others. */
class UsualConnections {
  readonly #handler: OtlpHandler;
  readonly #heads = Buffer.allocUnsafeSlow(MAX_HEAD_BYTES);
  readonly #schedule: Schedule;
  /** Whether the connection's sender owed the rest of a request when it was looked at last, and how often in a row. */
  readonly #connections = new Map<Socket, { connection: UsualConnection; waited: number }>();
  #cancelSweep: (() => void) | undefined;

  constructor(server: Server, handler: OtlpHandler, schedule: Schedule) {
    this.#handler = handler;
    this.#schedule = schedule;
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) =>
      this.#connect(socket, () => {
        for (const listener of listeners) listener.call(server, socket);
      }),
    );
  }

  #connect(socket: Socket, elsewhere: () => void): void {
    const handler = this.#handler;
    const connection = new UsualConnection(socket, {
      heads: this.#heads,
      reserve: (bytes) => handler.reserve(bytes),
      release: (bytes) => handler.release(bytes),
      take: (head, body) => handler.takeUsual(head, body),
      handOver: (_socket, data) => {
        this.#connections.delete(socket);
        socket.setTimeout(0);
        socket.off('timeout', onTimeout);
        elsewhere();
        socket.unshift(data);
      },
    });
    const onTimeout = () => {
      if (!connection.underway) socket.destroy();
    };
    this.#connections.set(socket, { connection, waited: 0 });
    socket.once('close', () => this.#connections.delete(socket));
    socket.setTimeout(KEEP_ALIVE_MS, onTimeout);
    this.#cancelSweep ??= this.#schedule(() => this.#sweep(), SWEEP_MS);
  }

  /** Ends connections whose request has not become whole for as long as the HTTP library would wait for it. */
  #sweep(): void {
    this.#cancelSweep = undefined;
    for (const [socket, entry] of this.#connections) {
      entry.waited = entry.connection.waitsForSender ? entry.waited + 1 : 0;
      if (entry.waited * SWEEP_MS > REQUEST_TIMEOUT_MS) {
        socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
        socket.destroySoon();
      }
    }
    if (this.#connections.size > 0) this.#cancelSweep = this.#schedule(() => this.#sweep(), SWEEP_MS);
  }

  /** Closes what is idle; the others are closed by their answer. */
  stop(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    for (const [socket, { connection }] of this.#connections) if (!connection.underway) socket.destroy();
  }

  /** Gives up what is under way. */
  destroy(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }
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
function close(server: Server, usual: UsualConnections, schedule: Schedule): Promise<void> {
  return new Promise((resolve) => {
    const cancel = schedule(() => {
      server.closeAllConnections();
      usual.destroy();
    }, STOP_TIMEOUT_MS);
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}

class OtlpHandler {
  readonly #metrics = new MetricsDecoder();
  readonly #deps: ReceiverDeps;
  readonly #budget: ByteBudget;
  readonly #maxBodyBytes: number;
  readonly #cors: readonly string[];
  #dateSecond = -1n;
  #date = '';
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
      const { encoding, success } = await this.#take(request, bytes);
      this.#send(response, 200, encoding, success);
    } catch (error) {
      this.#sendError(request, response, this.#asCollectorError(error));
    } finally {
      bytes.release();
    }
  }

  /** Reads a request and hands it on; resolves to the answer's body when it is durable. */
  async #take(
    request: IncomingMessage,
    bytes: RequestBytes,
  ): Promise<{ encoding: OtlpEncoding; success: Uint8Array }> {
    const head = routeOf(request);
    const dropped = await this.#consume(head, () => bytes.read(request), bytes);
    return { encoding: head.encoding, success: successOf(head, dropped) };
  }

  /** Room for a body of this size; false when there is none, or it is larger than any may be. */
  reserve(size: number): boolean {
    return size <= this.#maxBodyBytes && this.#budget.offer(size);
  }

  release(size: number): void {
    this.#budget.give(size);
  }

  /** Takes in a request whose body is there, and was reserved; resolves to the bytes of the answer. */
  async takeUsual(head: UsualHead, body: Buffer): Promise<{ answer: Buffer | string; close: boolean }> {
    const { encoding } = head;
    const bytes = new RequestBytes(this.#budget, this.#maxBodyBytes);
    try {
      const dropped = await this.#consume(head, () => body, bytes);
      const close = this.stopping;
      return {
        answer: this.#answerOf(200, encoding, successOf(head, dropped), {}, close),
        close,
      };
    } catch (cause) {
      const error = this.#asCollectorError(cause);
      const retry = error.retryable ? { 'Retry-After': String(error.retryAfterSeconds ?? 1) } : {};
      const close = this.stopping;
      return {
        answer: this.#answerOf(error.status, encoding, encodeStatus(error, encoding), retry, close),
        close,
      };
    } finally {
      bytes.release();
    }
  }

  /** Makes a batch of a body and hands it on; counts what became of it. */
  async #consume(
    { signal, encoding, gzip }: { signal: Signal; encoding: OtlpEncoding; gzip: boolean },
    read: () => Buffer | Promise<Buffer>,
    bytes: RequestBytes,
  ): Promise<DroppedRecords | undefined> {
    let batch: Batch | undefined;
    let dropped: DroppedRecords | undefined;
    try {
      const given = read();
      const raw = given instanceof Promise ? await given : given;
      batch = readBatch(gzip ? bytes.gunzip(raw) : raw, signal, encoding, this.#metrics);
      if (gzip && batch.body.length > 0 && encoding === 'protobuf') {
        // What came compressed is stored as it came; the offsets speak of the inflated body.
        batch = { ...batch, body: raw, inflated: batch.body, compression: 'gzip' };
      }
      if (batch.count > 0) dropped = await this.#deps.consume([batch]);
    } catch (error) {
      const { code } = this.#asCollectorError(error);
      if (code !== 'cancelled') this.#deps.stats.refused(NAME, signal, batch?.count ?? 1, code);
      throw error;
    }
    this.#deps.stats.accepted(NAME, signal, batch.count);
    return dropped;
  }

  /** An answer as the HTTP library writes it. */
  #answerOf(
    status: number,
    encoding: OtlpEncoding,
    body: Uint8Array,
    headers: Record<string, string>,
    close: boolean,
  ): Buffer {
    const second = this.#deps.clock() / NANOS_PER_SECOND;
    if (second !== this.#dateSecond) {
      this.#dateSecond = second;
      this.#date = new Date(Number(second) * 1000).toUTCString();
    }
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: ${CONTENT_TYPES[encoding]}\r\nContent-Length: ${body.length}\r\nDate: ${this.#date}\r\n`;
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
    head += close ? 'Connection: close\r\n\r\n' : '\r\n';
    return body.length === 0
      ? Buffer.from(head, 'latin1')
      : Buffer.concat([Buffer.from(head, 'latin1'), body]);
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
    if (!request.complete) {
      const announced = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
      if (announced <= MAX_FORGOTTEN_BYTES) request.resume();
      else response.setHeader('Connection', 'close');
    }
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

/** The answer's body when a request is kept, but perhaps for some of its records. */
function successOf(
  { signal, encoding }: { signal: Signal; encoding: OtlpEncoding },
  dropped: DroppedRecords | undefined,
): Uint8Array {
  return encodeExportResponse(signal, encoding, dropped && partialSuccess(dropped));
}
