import { isUtf8 } from 'node:buffer';
import type { LogBatch, SampleBatch, SpanBatch } from '../../telemetry/batch.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { parseJson } from '../json-parse.ts';
import { decodeMetrics } from '../otlp-protobuf/decode-metrics.ts';
import { logsCodec, metricsCodec, OTLP, tracesCodec } from '../otlp-protobuf/messages.ts';
import { scanLogs } from '../otlp-protobuf/scan-logs.ts';
import { scanTraces } from '../otlp-protobuf/scan-traces.ts';
import type { Codec } from '../protobuf/codec.ts';
import type { MessageType } from '../protobuf/schema.ts';
import { parseMessage } from './parse-message.ts';
import { createTranscode } from './transcode.ts';

const transcode = createTranscode([OTLP.TracesData, OTLP.LogsData, OTLP.MetricsData]);

/**
 * OTLP/JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding) is rewritten as protobuf and then read
 * like protobuf: one index, one decoder, whatever the sender spoke. Throws `bad-data` with the JSON path at fault.
 */
export function parseTracesJson(body: Uint8Array): SpanBatch {
  return scanTraces(toProtobuf(body, OTLP.TracesData, tracesCodec));
}

/** As parseTracesJson, for logs. */
export function parseLogsJson(body: Uint8Array): LogBatch {
  return scanLogs(toProtobuf(body, OTLP.LogsData, logsCodec));
}

/** As parseTracesJson, for metrics; `decode` reads the protobuf. */
export function parseMetricsJson(
  body: Uint8Array,
  decode: (body: Uint8Array) => SampleBatch = decodeMetrics,
): SampleBatch {
  return decode(toProtobuf(body, OTLP.MetricsData, metricsCodec));
}

/** What is refused, and what is rare, goes the careful way, which knows the path of everything in the body. */
function toProtobuf<D>(body: Uint8Array, type: MessageType, codec: Codec<D>): Uint8Array {
  if (!isUtf8(body)) throw new CollectorError('bad-data', 'the JSON body is not UTF-8');
  return transcode(body, type) ?? codec.encode(parseMessage(parseText(textOf(body)), type, '') as D);
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}

function parseText(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new CollectorError('bad-data', `the body is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
