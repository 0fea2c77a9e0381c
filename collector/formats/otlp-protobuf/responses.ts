import type { CollectorError } from '../../telemetry/errors.ts';
import type { Signal } from '../../telemetry/model.ts';
import { codecOf } from '../protobuf/codec.ts';
import { defineMessages, type MessageTable } from '../protobuf/schema.ts';

/** The two encodings of OTLP/HTTP: an answer has that of its request. */
export type OtlpEncoding = 'protobuf' | 'json';

/**
 * Export*ServiceResponse (one form for all signals: the first field of partial_success is the count of what was
 * refused) and google.rpc.Status without details.
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
const TABLE = {
  Response: { partialSuccess: [1, 'PartialSuccess'] },
  PartialSuccess: { rejected: [1, 'int64'], errorMessage: [2, 'string'] },
  Status: { code: [1, 'uint32'], message: [2, 'string'] },
} as const satisfies MessageTable;

const TYPES = defineMessages(TABLE);
const responseCodec = codecOf<typeof TABLE, 'Response'>(TYPES, 'Response');
const statusCodec = codecOf<typeof TABLE, 'Status'>(TYPES, 'Status');

const REJECTED_KEY: Record<Signal, string> = {
  traces: 'rejectedSpans',
  logs: 'rejectedLogRecords',
  metrics: 'rejectedDataPoints',
};

/** What of a request was not kept although the rest was. */
export interface PartialSuccess {
  rejected: bigint;
  errorMessage: string;
}

/** What a sender is told of records that are not kept although the others are. */
export function partialSuccess(dropped: { records: number; reason: string }): PartialSuccess {
  return {
    rejected: BigInt(dropped.records),
    errorMessage: `${dropped.records} of the records are not kept: ${dropped.reason}`,
  };
}

/** The answer to a request that was kept; without `partial` all of it was, and partial_success stays unset. */
export function encodeExportResponse(
  signal: Signal,
  encoding: OtlpEncoding,
  partial?: PartialSuccess,
): Uint8Array {
  if (encoding === 'protobuf') return responseCodec.encode(partial ? { partialSuccess: partial } : {});
  if (!partial) return Buffer.from('{}');
  const { rejected, errorMessage } = partial;
  return Buffer.from(
    JSON.stringify({ partialSuccess: { [REJECTED_KEY[signal]]: String(rejected), errorMessage } }),
  );
}

/**
 * gRPC codes by HTTP status, for google.rpc.Status.
 * Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
 */
const RPC_CODES = new Map([
  [400, 3],
  [404, 5],
  [405, 12],
  [413, 8],
  [415, 3],
  [429, 8],
  [503, 14],
  [504, 4],
]);
const INTERNAL = 13;

/** google.rpc.Status of an error, in the encoding of the request. */
export function encodeStatus(error: CollectorError, encoding: OtlpEncoding): Uint8Array {
  const status = { code: RPC_CODES.get(error.status) ?? INTERNAL, message: error.message };
  return encoding === 'json' ? Buffer.from(JSON.stringify(status)) : statusCodec.encode(status);
}
