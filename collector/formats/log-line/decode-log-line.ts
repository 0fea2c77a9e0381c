import { spanAttribute } from '../../../slo/index.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../../telemetry/ids.ts';
import type { Attributes, AttributeValue, LogRecord } from '../../telemetry/model.ts';
import { parseJson } from '../json-parse.ts';
import { LineIndexer } from './line-index.ts';
import { joinTime } from './time-reader.ts';

/** zap's `caller`: file and line. */
const CALLER = /^(.+):(\d{1,9})$/;

/**
 * Decodes one line that `scanLogLines` indexed. zap's fields go where OpenTelemetry has them (msg is the body,
 * logger the scope, caller code.file.path and code.line.number, error and stacktrace exception.*), all others
 * become attributes. A line without a time has `timeUnixNano`: hand in the index column's. What is not JSON is body.
 */
export function decodeLogLine(
  line: Uint8Array,
  resource: Record<string, string>,
  timeUnixNano = 0n,
): LogRecord {
  const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8');
  const index = new LineIndexer(line);
  if (!index.read(0, line.length)) return plainRecord(text, resource, timeUnixNano);
  // The indexer accepts nothing that JSON.parse refuses.
  const fields = new Map(Object.entries(parseJson(text) as Attributes));
  const take = (key: string | undefined): AttributeValue | undefined => {
    if (key === undefined) return undefined;
    const value = fields.get(key);
    fields.delete(key);
    return value;
  };
  const time = { seconds: 0, nanos: 0 };
  const timeKey = index.time(time);
  const traceId = new Uint8Array(TRACE_ID_BYTES);
  const spanId = new Uint8Array(SPAN_ID_BYTES);
  const idKeys = [index.traceId(traceId, 0), index.spanId(spanId, 0)];
  const level = take(index.level());
  const body = take(index.message());
  const scope = typeof fields.get('logger') === 'string' ? (take('logger') as string) : '';
  for (const key of [timeKey, ...idKeys]) take(key);
  return {
    timeUnixNano: timeKey === undefined ? timeUnixNano : joinTime(time),
    severityNumber: index.severityNumber,
    severityText: level === undefined ? '' : String(level),
    body: body === undefined ? text : body,
    traceId: idKeys[0] === undefined ? '' : toHex(traceId),
    spanId: idKeys[1] === undefined ? '' : toHex(spanId),
    attributes: Object.fromEntries([...fields].flatMap(([key, value]) => toAttribute(key, value))),
    resource,
    scope,
  };
}

function plainRecord(text: string, resource: Record<string, string>, timeUnixNano: bigint): LogRecord {
  return {
    timeUnixNano,
    severityNumber: 0,
    severityText: '',
    body: text,
    traceId: '',
    spanId: '',
    attributes: {},
    resource,
    scope: '',
  };
}

/** The attributes that one field of zap becomes: one, or two for the caller. */
function toAttribute(key: string, value: AttributeValue): [string, AttributeValue][] {
  if (typeof value === 'string') {
    if (key === 'error') return [[spanAttribute.exceptionMessage, value]];
    if (key === 'stacktrace') return [[spanAttribute.exceptionStacktrace, value]];
    const caller = key === 'caller' ? CALLER.exec(value) : null;
    if (caller) {
      return [
        [spanAttribute.codeFilePath, caller[1] ?? ''],
        [spanAttribute.codeLineNumber, Number(caller[2])],
      ];
    }
  }
  return [[key, value]];
}
