import type { LogBatch, LogIndex } from '../../telemetry/batch.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { checkField } from '../protobuf/codec.ts';
import { WIRE, WireReader } from '../protobuf/reader.ts';
import { severityInRange } from './decode-record.ts';
import { OTLP } from './messages.ts';
import { copyId, saturated } from './scan-fields.ts';
import { scanLogsFast } from './scan-kernel.ts';
import { type ScanRecord, scanRecords } from './scan-records.ts';

const LAYOUT = { root: OTLP.LogsData, group: OTLP.ResourceLogs, scopeGroup: OTLP.ScopeLogs };

const TIME = (1 << 3) | WIRE.fixed64;
const SEVERITY = (2 << 3) | WIRE.varint;
const TRACE_ID = (9 << 3) | WIRE.bytes;
const SPAN_ID = (10 << 3) | WIRE.bytes;
const OBSERVED_TIME = (11 << 3) | WIRE.fixed64;

/** Depth of a log record in the message, counted from the request. */
const DEPTH = 3;

type LogColumns = Omit<LogIndex, 'service'>;

/**
 * Finds the records of an ExportLogsServiceRequest and fills their index columns without decoding them; the batch
 * keeps `body` as it is. A record without a time has the time at which it was observed. The whole body is checked:
 * throws `bad-data` with the byte at fault, `too-large` above MAX_RECORDS records.
 */
export function scanLogs(body: Uint8Array): LogBatch {
  const found = scanLogsFast(body);
  if (found === undefined) return scanAnyLogs(body);
  return { signal: 'logs', encoding: 'otlp-protobuf', compression: 'none', body, ...found, resource: {} };
}

/** As scanLogs, by the scanner that reads everything and knows what is wrong where. */
export function scanAnyLogs(body: Uint8Array): LogBatch {
  const reader = new WireReader(body);
  let columns = emptyColumns(0);
  const { offsets, service } = scanRecords(reader, LAYOUT, (count) => {
    columns = emptyColumns(count);
    return scanRecord(reader, columns);
  });
  return {
    signal: 'logs',
    encoding: 'otlp-protobuf',
    compression: 'none',
    body,
    count: offsets.offset.length,
    index: { ...columns, service },
    offsets,
    resource: {},
  };
}

function emptyColumns(count: number): LogColumns {
  return {
    timeUnixNano: new BigInt64Array(count),
    severityNumber: new Uint8Array(count),
    traceId: new Uint8Array(count * TRACE_ID_BYTES),
    spanId: new Uint8Array(count * SPAN_ID_BYTES),
  };
}

function scanRecord(reader: WireReader, columns: LogColumns): ScanRecord {
  return (i) => {
    let time = 0n;
    let observed = 0n;
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag === TIME) time = reader.view.getBigInt64(reader.take(8, 'a time'), true);
      else if (tag === OBSERVED_TIME) observed = reader.view.getBigInt64(reader.take(8, 'a time'), true);
      else if (tag === SEVERITY) columns.severityNumber[i] = severityInRange(reader.varint32() | 0);
      else if (tag === TRACE_ID) copyId(reader, columns.traceId, i, TRACE_ID_BYTES, 'LogRecord.traceId');
      else if (tag === SPAN_ID) copyId(reader, columns.spanId, i, SPAN_ID_BYTES, 'LogRecord.spanId');
      else checkField(reader, OTLP.LogRecord, tag, DEPTH);
    }
    columns.timeUnixNano[i] = saturated(time === 0n ? observed : time);
  };
}
