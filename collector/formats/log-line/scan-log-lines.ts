import { resourceAttribute, unknownService } from '../../../slo/index.ts';
import type { LogBatch } from '../../telemetry/batch.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { LineIndexer } from './line-index.ts';
import { LINE, type LineColumns, lineKernel } from './line-kernel.ts';
import { joinTime } from './time-reader.ts';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** Bytes of a line for which room is made beforehand; columns of shorter ones grow. */
const EXPECTED_LINE_BYTES = 150;

/** Where lines stand in a body, one behind the other. */
interface Lines {
  offset: Uint32Array;
  length: Uint32Array;
}

/** Lines that are known already, and a time for those without one, 0 for none. */
interface GivenLines extends Lines {
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
  const columns = indexLines(body, lines);
  const plainLines = fillTimes(columns, receivedUnixNano, given?.timeUnixNano);
  const { timeUnixNano, severityNumber, traceId, spanId } = columns;
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

/** Index columns of lines: the kernel reads the usual lines, `LineIndexer` those that it leaves. */
function indexLines(body: Uint8Array, { offset, length }: Lines): LineColumns {
  const count = offset.length;
  const columns: LineColumns = {
    flags: new Uint8Array(count),
    timeUnixNano: new BigInt64Array(count),
    severityNumber: new Uint8Array(count),
    traceId: new Uint8Array(count * TRACE_ID_BYTES),
    spanId: new Uint8Array(count * SPAN_ID_BYTES),
  };
  for (let first = 0; first < count; ) {
    const taken = lineKernel.index(body, offset, length, first, columns);
    if (taken === 0) columns.flags[first] = LINE.unusual;
    first += Math.max(1, taken);
  }
  const indexer = new LineIndexer(body);
  for (let i = 0; i < count; i++) {
    if ((columns.flags[i]! & LINE.unusual) !== 0) indexUnusual(indexer, offset[i]!, length[i]!, columns, i);
  }
  return columns;
}

function indexUnusual(
  indexer: LineIndexer,
  offset: number,
  length: number,
  columns: LineColumns,
  i: number,
): void {
  columns.flags[i] = 0;
  if (!indexer.read(offset, offset + length)) return;
  const time = { seconds: 0, nanos: 0 };
  const timed = indexer.time(time) !== undefined;
  if (timed) columns.timeUnixNano[i] = joinTime(time);
  indexer.level();
  columns.severityNumber[i] = indexer.severityNumber;
  indexer.traceId(columns.traceId, i * TRACE_ID_BYTES);
  indexer.spanId(columns.spanId, i * SPAN_ID_BYTES);
  columns.flags[i] = LINE.json | (timed ? LINE.timed : 0);
}

/** Gives a time to lines without one: that of `given`, or of the line before. Tells how many lines are not JSON. */
function fillTimes(columns: LineColumns, receivedUnixNano: bigint, given: BigInt64Array | undefined): number {
  const { flags, timeUnixNano } = columns;
  let plainLines = 0;
  for (let i = 0; i < flags.length; i++) {
    if (flags[i] === (LINE.json | LINE.timed)) continue;
    if ((flags[i]! & LINE.json) === 0) plainLines++;
    if ((flags[i]! & LINE.timed) !== 0) continue;
    timeUnixNano[i] = given?.[i] || (i > 0 ? timeUnixNano[i - 1]! : receivedUnixNano);
  }
  return plainLines;
}

/** Where the lines that are not empty stand, without their line ends. */
function findLines(body: Uint8Array): Lines {
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
