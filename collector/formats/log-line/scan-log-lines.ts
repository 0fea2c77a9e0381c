import { resourceAttribute, unknownService } from '../../../slo/index.ts';
import type { LogBatch } from '../../telemetry/batch.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { LineIndexer } from './line-index.ts';
import { splitTime, storeTime } from './time-reader.ts';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** Bytes of a line for which room is made beforehand; columns of shorter ones grow. */
const EXPECTED_LINE_BYTES = 150;

/** Lines that are known already: where they stand, and a time for those without one, 0 for none. */
interface GivenLines {
  offset: Uint32Array;
  length: Uint32Array;
  timeUnixNano: BigInt64Array;
}

/**
 * Indexes lines of a log file, one JSON object per line as zap writes them. A line that is not JSON becomes a record
 * too, with its text as body and severity 0, and is counted in `plainLines`. A line without a time has that of the
 * line before it in `body`, or else `receivedUnixNano`. Empty lines are no records. `body` is kept as it is;
 * `resource` holds for all its lines. Where the lines stand and when they were written may be `given`.
 */
export function scanLogLines(
  body: Uint8Array,
  resource: Record<string, string>,
  receivedUnixNano: bigint,
  given?: GivenLines,
): { batch: LogBatch; plainLines: number } {
  const lines = given ?? findLines(body);
  const count = lines.offset.length;
  const timeUnixNano = new BigInt64Array(count);
  const timeWords = new Uint32Array(timeUnixNano.buffer);
  const severityNumber = new Uint8Array(count);
  const traceId = new Uint8Array(count * TRACE_ID_BYTES);
  const spanId = new Uint8Array(count * SPAN_ID_BYTES);
  const givenWords = given && new Uint32Array(given.timeUnixNano.buffer);
  const indexer = new LineIndexer(body);
  const time = splitTime(receivedUnixNano);
  let plainLines = 0;
  for (let i = 0; i < count; i++) {
    const start = lines.offset[i]!;
    let timed = false;
    if (indexer.read(start, start + lines.length[i]!)) {
      timed = indexer.time(time) !== undefined;
      indexer.level();
      severityNumber[i] = indexer.severityNumber;
      indexer.traceId(traceId, i * TRACE_ID_BYTES);
      indexer.spanId(spanId, i * SPAN_ID_BYTES);
    } else plainLines++;
    if (timed || !givenWords || !copyTime(timeWords, givenWords, i)) storeTime(timeWords, i, time);
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
      offset: lines.offset,
      length: lines.length,
      resource: new Uint32Array(count),
      scope: new Uint32Array(count),
      resources: new Uint32Array(2),
      scopes: new Uint32Array(2),
    },
    resource,
  };
  return { batch, plainLines };
}

/** Copies entry `i` of a time column; false when it is 0, which is none. */
function copyTime(to: Uint32Array, from: Uint32Array, i: number): boolean {
  to[2 * i] = from[2 * i]!;
  to[2 * i + 1] = from[2 * i + 1]!;
  return (to[2 * i]! | to[2 * i + 1]!) !== 0;
}

/** Where the lines that are not empty stand, without their line ends. */
function findLines(body: Uint8Array): { offset: Uint32Array; length: Uint32Array } {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let offset = new Uint32Array(1 + Math.ceil(bytes.length / EXPECTED_LINE_BYTES));
  let length = new Uint32Array(offset.length);
  let count = 0;
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    let end = newline < 0 ? bytes.length : newline;
    const next = end + 1;
    if (end > start && bytes[end - 1] === CARRIAGE_RETURN) end--;
    if (end > start) {
      if (count === offset.length) {
        offset = grown(offset);
        length = grown(length);
      }
      offset[count] = start;
      length[count++] = end - start;
    }
    start = next;
  }
  return { offset: offset.slice(0, count), length: length.slice(0, count) };
}

function grown(column: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(column.length * 2);
  larger.set(column);
  return larger;
}
