import { resourceAttribute, unknownService } from '../../../slo/index.ts';
import type { LogBatch } from '../../telemetry/batch.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { LineIndexer } from './line-index.ts';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Indexes lines of a log file, one JSON object per line as zap writes them. A line that is not JSON becomes a record
 * too, with its text as body and severity 0, and is counted in `plainLines`. A line without a time has that of the
 * line before it in `body`, or else `receivedUnixNano`. Empty lines are no records. `body` is kept as it is;
 * `resource` holds for all its lines.
 */
export function scanLogLines(
  body: Uint8Array,
  resource: Record<string, string>,
  receivedUnixNano: bigint,
): { batch: LogBatch; plainLines: number } {
  const lines = findLines(body);
  const count = lines.offset.length;
  const timeUnixNano = new BigInt64Array(count);
  const severityNumber = new Uint8Array(count);
  const traceId = new Uint8Array(count * TRACE_ID_BYTES);
  const spanId = new Uint8Array(count * SPAN_ID_BYTES);
  const indexer = new LineIndexer(body);
  let time = receivedUnixNano;
  let plainLines = 0;
  for (let i = 0; i < count; i++) {
    const start = lines.offset[i]!;
    const line = indexer.index(start, start + lines.length[i]!);
    if (!line) plainLines++;
    time = line?.timeUnixNano ?? time;
    timeUnixNano[i] = time;
    severityNumber[i] = line?.severityNumber ?? 0;
    if (line?.traceId) traceId.set(line.traceId, i * TRACE_ID_BYTES);
    if (line?.spanId) spanId.set(line.spanId, i * SPAN_ID_BYTES);
  }
  const service = {
    dictionary: ['', resource[resourceAttribute.serviceName] || unknownService],
    index: new Uint32Array(count).fill(1),
  };
  const batch: LogBatch = {
    signal: 'logs',
    encoding: 'log-lines',
    compression: 'none',
    body,
    count,
    index: { timeUnixNano, severityNumber, service, traceId, spanId },
    offsets: {
      ...lines,
      resource: new Uint32Array(count),
      scope: new Uint32Array(count),
      resources: new Uint32Array(2),
      scopes: new Uint32Array(2),
    },
    resource,
  };
  return { batch, plainLines };
}

/** Where the lines that are not empty stand, without their line ends. */
function findLines(body: Uint8Array): { offset: Uint32Array; length: Uint32Array } {
  const offset: number[] = [];
  const length: number[] = [];
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(NEWLINE, start);
    const next = newline < 0 ? body.length : newline + 1;
    let end = newline < 0 ? body.length : newline;
    if (end > start && body[end - 1] === CARRIAGE_RETURN) end--;
    if (end > start) {
      offset.push(start);
      length.push(end - start);
    }
    start = next;
  }
  return { offset: Uint32Array.from(offset), length: Uint32Array.from(length) };
}
