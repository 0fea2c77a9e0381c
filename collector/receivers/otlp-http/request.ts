import type { IncomingMessage } from 'node:http';
import { parseLogsJson, parseMetricsJson, parseTracesJson } from '../../formats/otlp-json/parse-request.ts';
import type { MetricsDecoder } from '../../formats/otlp-protobuf/metrics-decoder.ts';
import type { OtlpEncoding } from '../../formats/otlp-protobuf/responses.ts';
import { scanLogs } from '../../formats/otlp-protobuf/scan-logs.ts';
import { scanTraces } from '../../formats/otlp-protobuf/scan-traces.ts';
import type { Batch } from '../../telemetry/batch.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { Signal } from '../../telemetry/model.ts';

/** Paths of OTLP/HTTP. Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
export const PATHS: ReadonlyMap<string, Signal> = new Map([
  ['/v1/traces', 'traces'],
  ['/v1/logs', 'logs'],
  ['/v1/metrics', 'metrics'],
]);

/** Content types as OTLP/HTTP spells them. */
export const CONTENT_TYPES: Record<OtlpEncoding, string> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

type BodyReader = (body: Uint8Array, metrics: MetricsDecoder) => Batch;

const READERS: Record<OtlpEncoding, Record<Signal, BodyReader>> = {
  protobuf: { traces: scanTraces, logs: scanLogs, metrics: (body, metrics) => metrics.decode(body) },
  json: {
    traces: parseTracesJson,
    logs: parseLogsJson,
    metrics: (body, metrics) => parseMetricsJson(body, (protobuf) => metrics.decode(protobuf)),
  },
};

/** The encoding a request says it has; undefined when it is none of OTLP's. */
export function encodingOf(request: IncomingMessage): OtlpEncoding | undefined {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type === CONTENT_TYPES.protobuf) return 'protobuf';
  return type === CONTENT_TYPES.json ? 'json' : undefined;
}

/** True for a gzip body, false for a plain one; throws `unsupported-media` for any other content encoding. */
function isGzip(request: IncomingMessage): boolean {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'gzip') return true;
  if (encoding === 'identity' || encoding === '') return false;
  throw new CollectorError(
    'unsupported-media',
    `Content-Encoding ${encoding} is not read here: use gzip or none`,
  );
}

/** What the request asks for; throws `not-found`, `method-not-allowed` or `unsupported-media`. */
export function routeOf(request: IncomingMessage): { signal: Signal; encoding: OtlpEncoding; gzip: boolean } {
  const path = (request.url ?? '').split('?', 1)[0]!;
  const signal = PATHS.get(path);
  if (!signal) {
    throw new CollectorError(
      'not-found',
      `${path} is no path of OTLP/HTTP: ${[...PATHS.keys()].join(', ')} are`,
    );
  }
  if (request.method !== 'POST') {
    throw new CollectorError('method-not-allowed', `${path} takes POST, not ${request.method}`);
  }
  const encoding = encodingOf(request);
  if (!encoding) {
    throw new CollectorError(
      'unsupported-media',
      `Content-Type ${request.headers['content-type'] ?? '(none)'} is not read here: use ${CONTENT_TYPES.protobuf} or ${CONTENT_TYPES.json}`,
    );
  }
  return { signal, encoding, gzip: isGzip(request) };
}

/** Makes the batch of an uncompressed body; `metrics` is the receiver's, which knows what came before. */
export function readBatch(
  body: Uint8Array,
  signal: Signal,
  encoding: OtlpEncoding,
  metrics: MetricsDecoder,
): Batch {
  return READERS[encoding][signal](body, metrics);
}
