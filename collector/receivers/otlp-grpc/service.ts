import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import {
  Metadata,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  ServerListenerBuilder,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { encodeExportResponse, partialSuccess } from '../../formats/otlp-protobuf/responses.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { Signal } from '../../telemetry/model.ts';
import type { DroppedRecords, Schedule } from '../receiver.ts';
import type { Arrival } from './arrival.ts';
import { grpcStatus, libraryRefusal } from './status.ts';

/** Methods of OTLP/gRPC. Source: opentelemetry-proto, collector/SIGNAL/v1/SIGNAL_service.proto */
const METHODS: readonly [signal: Signal, path: string][] = [
  ['traces', '/opentelemetry.proto.collector.trace.v1.TraceService/Export'],
  ['metrics', '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'],
  ['logs', '/opentelemetry.proto.collector.logs.v1.LogsService/Export'],
];
const SIGNALS = new Map(METHODS.map(([signal, path]) => [path, signal]));

/** Calls of one connection at once; each may hold a message that is still arriving. Senders queue what is above. */
const MAX_STREAMS = 32;
/** How often a silent connection is asked whether its peer is still there, and how long the answer may take. */
const KEEPALIVE_MS = 120_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;
/** What a sender has for its message, as over HTTP. */
const REQUEST_TIMEOUT_MS = 30_000;
const DEADLINE_EXCEEDED = 4;
const STATUS_DETAILS = 'grpc-status-details-bin';

export interface ServiceDeps {
  maxBodyBytes: number;
  schedule: Schedule;
  /** Takes a message; resolves when it is durable, to why it is not kept, or to what of it is not. */
  take(signal: Signal, message: Uint8Array): Promise<CollectorError | DroppedRecords | undefined>;
  /** The share of a message that begins to come in what is under way; `refuse` is told when there is no room for it. */
  arrival(refuse: (error: CollectorError) => void): Arrival;
  /** Counts a message that never came so far. */
  refused(signal: Signal, error: CollectorError): void;
}

/** OTLP's three services over connections that are handed in. */
export interface GrpcService {
  connect(socket: Duplex): void;
  /** Takes no new calls; every connection closes when its calls are answered. */
  close(): void;
}

/** Builds the services on @grpc/grpc-js, which hands messages on as they came: nothing is decoded here. */
export function createGrpcService(deps: ServiceDeps): GrpcService {
  const server = new Server({
    'grpc.max_receive_message_length': deps.maxBodyBytes,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.enable_channelz': 0,
    interceptors: [watchArrival(deps)],
  });
  for (const [signal, path] of METHODS) {
    server.addService(serviceOf(path), { Export: exportHandler(signal, deps) });
  }
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return { connect: (socket) => injector.injectConnection(socket), close: () => injector.destroy() };
}

function serviceOf(path: string): ServiceDefinition {
  const asItIs = (bytes: Buffer) => bytes;
  return {
    Export: {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: asItIs,
      requestDeserialize: asItIs,
      responseSerialize: asItIs,
      responseDeserialize: asItIs,
    },
  };
}

function exportHandler(signal: Signal, deps: ServiceDeps) {
  const success = Buffer.from(encodeExportResponse(signal, 'protobuf'));
  return async (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
    const result = await deps.take(signal, call.request);
    if (result instanceof CollectorError) answer(statusOf(result));
    else if (result)
      answer(null, Buffer.from(encodeExportResponse(signal, 'protobuf', partialSuccess(result))));
    else answer(null, success);
  };
}

function statusOf(error: CollectorError): { code: number; details: string; metadata: Metadata } {
  const { code, details, statusDetails } = grpcStatus(error);
  const metadata = new Metadata();
  metadata.set(STATUS_DETAILS, Buffer.from(statusDetails));
  return { code, details, metadata };
}

/**
 * Looks after a call until its message is there: counts its bytes as they come, gives up a sender that is too slow or
 * for which there is no room, and tells in our words, and counts, what the library refuses. The library sends such a
 * status through the call's own method.
 */
function watchArrival(deps: ServiceDeps): ServerInterceptor {
  return ({ path }, call) => {
    const signal = SIGNALS.get(path);
    if (!signal) return new ServerInterceptingCall(call);
    const send = call.sendStatus.bind(call);
    call.sendStatus = (status) => {
      const refusal =
        !status.metadata && libraryRefusal(status.code, status.details ?? '', deps.maxBodyBytes);
      if (!refusal) return send(status);
      deps.refused(signal, refusal);
      send(statusOf(refusal));
    };
    const stream = streamOf(call);
    const giveUp = (status: Parameters<typeof send>[0]) => {
      end();
      send(status);
      // Whatever the sender still has to say is not wanted.
      stream.close(constants.NGHTTP2_NO_ERROR);
    };
    const message = deps.arrival((error) => {
      deps.refused(signal, error);
      giveUp(statusOf(error));
    });
    const cancel = deps.schedule(
      () => giveUp({ code: DEADLINE_EXCEEDED, details: 'the message did not arrive in time' }),
      REQUEST_TIMEOUT_MS,
    );
    const end = () => {
      cancel();
      message.end();
      stream.off('data', message.part);
    };
    const arrival = new ServerListenerBuilder()
      .withOnReceiveMessage((whole: Buffer, next) => {
        if (message.inflated(whole)) next(whole);
      })
      .withOnReceiveHalfClose((next) => {
        end();
        next();
      })
      .withOnCancel(end)
      .build();
    stream.on('data', message.part);
    return new ServerInterceptingCall(call, {
      start: (next) => {
        if (message.begin()) next(arrival);
      },
    });
  };
}

/** The stream below a call, which the library keeps to itself: nothing else tells of a message that is not whole yet. */
function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream {
  return (call as unknown as { stream: ServerHttp2Stream }).stream;
}
