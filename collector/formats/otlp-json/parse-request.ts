import { isUtf8 } from 'node:buffer';
import type { LogBatch, SampleBatch, SpanBatch } from '../../telemetry/batch.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { parseJson } from '../json-parse.ts';
import { decodeMetrics } from '../otlp-protobuf/decode-metrics.ts';
import { logsCodec, metricsCodec, OTLP, type OtlpMessage, tracesCodec } from '../otlp-protobuf/messages.ts';
import { scanLogs } from '../otlp-protobuf/scan-logs.ts';
import { scanTraces } from '../otlp-protobuf/scan-traces.ts';
import type { MessageType } from '../protobuf/schema.ts';
import { parseMessage } from './parse-message.ts';

/**
 * OTLP/JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding) is rewritten as protobuf and then read
 * like protobuf: one index, one decoder, whatever the sender spoke. Throws `bad-data` with the JSON path at fault.
 */
export function parseTracesJson(body: Uint8Array): SpanBatch {
  const request = parseRequest(body, OTLP.TracesData) as OtlpMessage<'TracesData'>;
  return scanTraces(tracesCodec.encode(request));
}

/** As parseTracesJson, for logs. */
export function parseLogsJson(body: Uint8Array): LogBatch {
  const request = parseRequest(body, OTLP.LogsData) as OtlpMessage<'LogsData'>;
  return scanLogs(logsCodec.encode(request));
}

/** As parseTracesJson, for metrics. */
export function parseMetricsJson(body: Uint8Array): SampleBatch {
  const request = parseRequest(body, OTLP.MetricsData) as OtlpMessage<'MetricsData'>;
  return decodeMetrics(metricsCodec.encode(request));
}

function parseRequest(body: Uint8Array, type: MessageType): Record<string, unknown> {
  if (!isUtf8(body)) throw new CollectorError('bad-data', 'the JSON body is not UTF-8');
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  return parseMessage(parseText(text), type, '');
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
