import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { MetricsDecoder } from '../formats/otlp-protobuf/metrics-decoder.ts';
import type { Batch } from '../telemetry/batch.ts';
import { CollectorError } from '../telemetry/errors.ts';
import type { Signal } from '../telemetry/model.ts';
import { Arrival, ArrivalSlots } from './otlp-grpc/arrival.ts';
import type { GrpcService, ServiceDeps } from './otlp-grpc/service.ts';
import { ByteBudget } from './otlp-http/body.ts';
import { readBatch } from './otlp-http/request.ts';
import {
  type DroppedRecords,
  messageOf,
  type Receiver,
  type ReceiverDeps,
  type Schedule,
  systemSchedule,
} from './receiver.ts';

export interface OtlpGrpcOptions {
  host: string;
  /** 0 for any free port. */
  port: number;
  /** Bytes of one message at the most, before and after it is inflated. */
  maxBodyBytes?: number;
  /** Bytes of all messages that arrive or wait for the store at the most; above it senders are told to come again. */
  maxUnderwayBytes?: number;
  /** Messages that arrive at the same time at the most; above it senders are told to come again. */
  maxArriving?: number;
}

/** Default limit of a message, as over HTTP. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const MAX_UNDERWAY_BYTES = 256 * 1024 * 1024;
const MAX_ARRIVING = 1024;
/** Connections at once; a sender needs one. */
const MAX_CONNECTIONS = 1000;
/** What senders have at a stop to end their calls; container runtimes kill after ten seconds. */
const STOP_TIMEOUT_MS = 5_000;

const NAME = 'otlp-grpc';

/**
 * Takes OTLP over gRPC, plain and gzip, without TLS. A call is answered when `consume` has made its message durable;
 * an error carries google.rpc.Status. A message that could not be read counts as one refused record. The library is
 * loaded with the first connection: who sends by HTTP only does not pay for it. `port()` is the port that is listened
 * on, once started.
 */
export function createOtlpGrpc(
  options: OtlpGrpcOptions,
  deps: ReceiverDeps & { schedule?: Schedule },
): Receiver & { port(): number } {
  const schedule = deps.schedule ?? systemSchedule;
  const intake = new MessageIntake(options, deps);
  const sockets = new Set<Socket>();
  let service: Promise<GrpcService> | undefined;
  const connect = async (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Until the library listens: an error without a listener would end the process.
    socket.on('error', () => socket.destroy());
    service ??= loadService({ ...intake.service, schedule });
    const { connect: serve } = await service;
    if (!socket.destroyed) serve(socket);
  };
  const server = createServer((socket) => {
    connect(socket).catch((error: unknown) => {
      socket.destroy();
      deps.warn('a connection could not be served', { receiver: NAME, error: messageOf(error) });
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  return {
    name: NAME,
    port: () => (server.address() as AddressInfo | null)?.port ?? 0,
    start: () => listen(server, options),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      const cancel = schedule(() => {
        for (const socket of sockets) socket.destroy();
      }, STOP_TIMEOUT_MS);
      (await service)?.close();
      await closed;
      cancel();
    },
  };
}

async function loadService(deps: ServiceDeps): Promise<GrpcService> {
  const { createGrpcService } = await import('./otlp-grpc/service.ts');
  return createGrpcService(deps);
}

function listen(server: Server, { host, port }: OtlpGrpcOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Makes batches of messages and hands them on; counts what became of them. */
class MessageIntake {
  readonly #metrics = new MetricsDecoder();
  readonly #deps: ReceiverDeps;
  readonly #budget: ByteBudget;
  readonly #arriving: ArrivalSlots;
  readonly #maxBodyBytes: number;

  constructor(options: OtlpGrpcOptions, deps: ReceiverDeps) {
    this.#deps = deps;
    this.#budget = new ByteBudget(options.maxUnderwayBytes ?? MAX_UNDERWAY_BYTES);
    this.#arriving = new ArrivalSlots(options.maxArriving ?? MAX_ARRIVING);
    this.#maxBodyBytes = options.maxBodyBytes ?? MAX_BODY_BYTES;
  }

  /** What the service asks for, but timers. */
  get service(): Omit<ServiceDeps, 'schedule'> {
    return {
      maxBodyBytes: this.#maxBodyBytes,
      arrival: (refuse) => new Arrival(this.#arriving, this.#budget, refuse),
      take: (signal, message) => this.#take(signal, message),
      refused: (signal, { code }) => this.#deps.stats.refused(NAME, signal, 1, code),
    };
  }

  async #take(signal: Signal, message: Uint8Array): Promise<CollectorError | DroppedRecords | undefined> {
    let batch: Batch | undefined;
    let taken = 0;
    let dropped: DroppedRecords | undefined;
    try {
      this.#budget.take(message.length);
      taken = message.length;
      batch = readBatch(message, signal, 'protobuf', this.#metrics);
      if (batch.count > 0) dropped = await this.#deps.consume([batch]);
    } catch (cause) {
      const error = this.#asCollectorError(cause);
      this.#deps.stats.refused(NAME, signal, batch?.count ?? 1, error.code);
      return error;
    } finally {
      this.#budget.give(taken);
    }
    this.#deps.stats.accepted(NAME, signal, batch.count);
    return dropped;
  }

  #asCollectorError(error: unknown): CollectorError {
    if (error instanceof CollectorError) return error;
    this.#deps.warn('a call could not be taken because of a defect in the collector', {
      receiver: NAME,
      error: error instanceof Error ? error.stack : messageOf(error),
    });
    return new CollectorError('internal', messageOf(error), { cause: error });
  }
}
