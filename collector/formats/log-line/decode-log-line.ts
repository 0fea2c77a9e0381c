import { spanAttribute } from '../../../slo/index.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../../telemetry/ids.ts';
import type { Attributes, AttributeValue, LogRecord } from '../../telemetry/model.ts';
import { parseJson } from '../json-parse.ts';
import { SPELLINGS } from './fields.ts';
import { LineIndexer } from './line-index.ts';
import { joinTime } from './time-reader.ts';

/** zap's `caller`: file and line. */
const CALLER = /^(.+):(\d{1,9})$/;
const SCOPE_KEY = 'logger';
/** Fields of zap that become attributes of another name, and those names. */
const RENAMED = new Set<string>([
  ...['caller', 'error', 'stacktrace'],
  ...[spanAttribute.codeFilePath, spanAttribute.codeLineNumber],
  ...[spanAttribute.exceptionMessage, spanAttribute.exceptionStacktrace],
]);
const FIELD_NAMES = new Set([
  SCOPE_KEY,
  ...Object.values(SPELLINGS).flatMap((all) => all.map(({ key }) => key)),
]);

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
  const fields = parseJson(text) as Attributes;
  const time = { seconds: 0, nanos: 0 };
  const timeKey = index.time(time);
  const ids = new Uint8Array(TRACE_ID_BYTES + SPAN_ID_BYTES);
  const traceKey = index.traceId(ids, 0);
  const spanKey = index.spanId(ids, TRACE_ID_BYTES);
  const levelKey = index.level();
  const bodyKey = index.message();
  const scoped = Object.hasOwn(fields, SCOPE_KEY) && typeof fields[SCOPE_KEY] === 'string';
  const taken = [timeKey, traceKey, spanKey, levelKey, bodyKey, scoped ? SCOPE_KEY : undefined];
  return {
    timeUnixNano: timeKey === undefined ? timeUnixNano : joinTime(time),
    severityNumber: index.severityNumber,
    severityText: levelKey === undefined ? '' : String(fields[levelKey]),
    body: bodyKey === undefined ? text : (fields[bodyKey] ?? null),
    traceId: traceKey === undefined ? '' : toHex(ids, 0, TRACE_ID_BYTES),
    spanId: spanKey === undefined ? '' : toHex(ids, TRACE_ID_BYTES, SPAN_ID_BYTES),
    attributes: toAttributes(fields, taken),
    resource,
    scope: scoped ? (fields[SCOPE_KEY] as string) : '',
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

/**
 * True when what a line has under this key is the attribute of the same name, and nothing else becomes it. The
 * fields that mean something may become something else.
 */
export function isPlainField(key: string): boolean {
  return !FIELD_NAMES.has(key) && !RENAMED.has(key);
}

/** The fields that are not taken; zap's own under the names that OpenTelemetry has for them. */
function toAttributes(fields: Attributes, taken: readonly (string | undefined)[]): Attributes {
  const attributes: Attributes = {};
  for (const key of Object.keys(fields)) {
    if (taken.includes(key)) continue;
    const value = fields[key]!;
    if (typeof value === 'string' && RENAMED.has(key)) setRenamed(attributes, key, value);
    else setAttribute(attributes, key, value);
  }
  return attributes;
}

function setRenamed(attributes: Attributes, key: string, value: string): void {
  const caller = key === 'caller' ? CALLER.exec(value) : null;
  if (caller) {
    attributes[spanAttribute.codeFilePath] = caller[1] ?? '';
    attributes[spanAttribute.codeLineNumber] = Number(caller[2]);
  } else if (key === 'error') attributes[spanAttribute.exceptionMessage] = value;
  else if (key === 'stacktrace') attributes[spanAttribute.exceptionStacktrace] = value;
  else attributes[key] = value;
}

/** A key like `__proto__` becomes a key, not a prototype. */
function setAttribute(attributes: Attributes, key: string, value: AttributeValue): void {
  if (key !== '__proto__') attributes[key] = value;
  else
    Object.defineProperty(attributes, key, { value, enumerable: true, configurable: true, writable: true });
}
