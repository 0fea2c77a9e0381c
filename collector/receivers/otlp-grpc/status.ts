import { codecOf } from '../../formats/protobuf/codec.ts';
import { defineMessages, type MessageTable } from '../../formats/protobuf/schema.ts';
import { CollectorError, type ErrorCode } from '../../telemetry/errors.ts';

/** google.rpc.Status with its one detail, google.rpc.RetryInfo. Source: googleapis, google/rpc/error_details.proto */
const TABLE = {
  Status: { code: [1, 'enum'], message: [2, 'string'], details: [3, 'Any', 'repeated'] },
  Any: { typeUrl: [1, 'string'], value: [2, 'bytes'] },
  RetryInfo: { retryDelay: [1, 'Duration'] },
  Duration: { seconds: [1, 'int64'] },
} as const satisfies MessageTable;

const TYPES = defineMessages(TABLE);
const statusCodec = codecOf<typeof TABLE, 'Status'>(TYPES, 'Status');
const retryInfoCodec = codecOf<typeof TABLE, 'RetryInfo'>(TYPES, 'RetryInfo');
const RETRY_INFO_TYPE = 'type.googleapis.com/google.rpc.RetryInfo';

/** gRPC's codes. Source: https://grpc.io/docs/guides/status-codes/ */
const CODE = { invalidArgument: 3, resourceExhausted: 8, internal: 13, unavailable: 14 } as const;

const PERMANENT: Partial<Record<ErrorCode, number>> = {
  'bad-data': CODE.invalidArgument,
  'too-large': CODE.resourceExhausted,
};

/** Characters of a message at the most: it travels in a header, twice. */
const MAX_MESSAGE = 1000;
const DEFAULT_RETRY_SECONDS = 1;

/** An error as gRPC tells it. */
export interface GrpcStatus {
  code: number;
  details: string;
  /** Content of the trailer `grpc-status-details-bin`. */
  statusDetails: Uint8Array;
}

/**
 * What a sender is told. It tries again after UNAVAILABLE, here always with RetryInfo, and gives up after
 * RESOURCE_EXHAUSTED without RetryInfo, INVALID_ARGUMENT and INTERNAL.
 * Source: https://opentelemetry.io/docs/specs/otlp/#failures
 */
export function grpcStatus(error: CollectorError): GrpcStatus {
  const code = error.retryable ? CODE.unavailable : (PERMANENT[error.code] ?? CODE.internal);
  // A character cut in half could not be written into a header.
  const details = error.message.slice(0, MAX_MESSAGE).toWellFormed();
  const status = { code, message: details, ...(error.retryable && { details: [retryInfo(error)] }) };
  return { code, details, statusDetails: statusCodec.encode(status) };
}

function retryInfo(error: CollectorError): { typeUrl: string; value: Uint8Array } {
  const seconds = BigInt(Math.ceil(error.retryAfterSeconds ?? DEFAULT_RETRY_SECONDS));
  return { typeUrl: RETRY_INFO_TYPE, value: retryInfoCodec.encode({ retryDelay: { seconds } }) };
}

/**
 * What @grpc/grpc-js refused by itself, before the message came to us, as an error of the catalogue; undefined for
 * what is no refusal of a message (a passed deadline). Its words are held by tests.
 */
export function libraryRefusal(
  code: number,
  details: string,
  maxBodyBytes: number,
): CollectorError | undefined {
  if (code === CODE.internal && details.startsWith('Failed to decompress')) {
    return new CollectorError('bad-data', 'the compressed message is damaged');
  }
  if (code !== CODE.resourceExhausted) return undefined;
  return new CollectorError(
    'too-large',
    `The message has more than ${maxBodyBytes} bytes: send smaller batches or raise receivers.otlpHttp.maxBody`,
  );
}
