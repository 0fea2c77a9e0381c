// Lines of log files against JSON.parse: which are JSON, and what time, level, ids, body and attributes they have.
import { decodeLogLine } from '../../../collector/formats/log-line/decode-log-line.ts';
import { scanLogLines } from '../../../collector/formats/log-line/scan-log-lines.ts';
import { parseTime } from '../../../collector/formats/log-line/time.ts';
import type { AttributeValue } from '../../../collector/telemetry/model.ts';
import { naiveHex } from '../../collector/formats/naive.ts';
import type { Property } from '../target.ts';
import { mustEqual } from './verdict.ts';

const RECEIVED = 1_800_000_000_000_000_000n;
const RESOURCE = { 'service.name': 'shop' };
/** Nesting where a line may be read as JSON or not. */
const DEEP = 90;
const KEYS = {
  time: ['ts', 'time', 'timestamp', '@timestamp'],
  level: ['level', 'severity', 'lvl'],
  message: ['msg', 'message'],
  traceId: ['trace_id', 'traceId', 'TraceID', 'dd.trace_id'],
  spanId: ['span_id', 'spanId', 'SpanID', 'dd.span_id'],
} as const;
const SEVERITIES: Readonly<Record<string, number>> = {
  ...{ trace: 1, debug: 5, info: 9, warn: 13, warning: 13, error: 17, dpanic: 21, panic: 21, fatal: 21 },
};

interface Line {
  time: bigint | undefined;
  severity: number;
  traceId: string;
  spanId: string;
  body: AttributeValue;
  attributes: Record<string, AttributeValue>;
}

/** The fields of a line that is a JSON object, with numbers as they are written; undefined when it is none. */
function fieldsOf(
  text: string,
): { values: Record<string, AttributeValue>; sources: Map<string, string> } | undefined {
  const sources = new WeakMap<object, Map<string, string>>();
  try {
    const values = JSON.parse(text, function (this: object, key, value, context?: { source?: string }) {
      if (typeof value !== 'number') return value;
      const source = context?.source ?? '';
      sources.set(this, (sources.get(this) ?? new Map()).set(key, source));
      return !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;
    }) as unknown;
    if (typeof values !== 'object' || values === null || Array.isArray(values)) return undefined;
    return { values: values as Record<string, AttributeValue>, sources: sources.get(values) ?? new Map() };
  } catch {
    return undefined;
  }
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function naiveId(text: string, bytes: number): string {
  const hex = new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`).test(text) ? text.toLowerCase() : '';
  const decimal = /^\d{1,20}$/.test(text) && BigInt(text) < 2n ** 64n ? BigInt(text).toString(16) : '';
  const id = hex || decimal.padStart(bytes * 2, '0');
  return /^0*$/.test(id) ? '' : id;
}

/** What a line says, read slowly; undefined: nested so deep that either reading will do. */
function naiveLine(text: string): Line | undefined {
  const fields = fieldsOf(text);
  if (!fields) {
    return { time: undefined, severity: 0, traceId: '', spanId: '', body: text, attributes: {} };
  }
  if (depthOf(fields.values) > DEEP) return undefined;
  const left = new Map(Object.entries(fields.values));
  const first = <T>(keys: readonly string[], read: (text: string) => T | undefined): T | undefined => {
    for (const key of keys) {
      const value = fields.values[key];
      if (!Object.hasOwn(fields.values, key)) continue;
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') continue;
      const found = read(typeof value === 'string' ? value : fields.sources.get(key)!);
      if (found === undefined) continue;
      left.delete(key);
      return found;
    }
    return undefined;
  };
  // From bytes, as the indexer reads: no space that only Unicode has may stand in a time.
  const time = first(KEYS.time, (value) => parseTime(Buffer.from(value).toString('latin1')));
  const severity = first(KEYS.level, (level) => SEVERITIES[level.toLowerCase()] ?? 0) ?? 0;
  const traceId = first(KEYS.traceId, (id) => naiveId(id, 16) || undefined) ?? '';
  const spanId = first(KEYS.spanId, (id) => naiveId(id, 8) || undefined) ?? '';
  const message = KEYS.message.find((key) => Object.hasOwn(fields.values, key));
  const body = message === undefined ? text : left.get(message)!;
  if (message !== undefined) left.delete(message);
  if (typeof left.get('logger') === 'string') left.delete('logger');
  return { time, severity, traceId, spanId, body, attributes: attributesOf(left) };
}

function attributesOf(fields: Map<string, AttributeValue>): Record<string, AttributeValue> {
  const pairs = [...fields].flatMap(([key, value]): [string, AttributeValue][] => {
    if (typeof value !== 'string') return [[key, value]];
    if (key === 'error') return [['exception.message', value]];
    if (key === 'stacktrace') return [['exception.stacktrace', value]];
    const caller = key === 'caller' ? /^(.+):(\d{1,9})$/.exec(value) : null;
    return caller
      ? [
          ['code.file.path', caller[1]!],
          ['code.line.number', Number(caller[2])],
        ]
      : [[key, value]];
  });
  return Object.fromEntries(pairs);
}

/** The lines that are not empty, without their ends. */
function linesOf(body: Uint8Array): Buffer[] {
  return Buffer.from(body)
    .toString('latin1')
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '')
    .map((line) => Buffer.from(line, 'latin1'));
}

function check(body: Uint8Array): string {
  const { batch } = scanLogLines(body, RESOURCE, RECEIVED);
  const lines = linesOf(body);
  mustEqual(batch.count, lines.length, 'numbers of lines');
  let last = RECEIVED;
  let json = 0;
  for (const [i, line] of lines.entries()) {
    const text = line.toString();
    const truth = naiveLine(text);
    const { index, offsets } = batch;
    const stored = batch.body.subarray(offsets.offset[i]!, offsets.offset[i]! + offsets.length[i]!);
    const record = decodeLogLine(stored, RESOURCE, index.timeUnixNano[i]!);
    if (truth === undefined) {
      last = index.timeUnixNano[i]!;
      continue;
    }
    last = truth.time ?? last;
    if (truth.body !== text) json++;
    const expected = {
      ...{ severity: truth.severity, traceId: truth.traceId, spanId: truth.spanId, time: last },
    };
    const ids = {
      traceId: naiveHex(index.traceId.subarray(i * 16, i * 16 + 16)),
      spanId: naiveHex(index.spanId.subarray(i * 8, i * 8 + 8)),
    };
    const mine = { severity: index.severityNumber[i], ...ids, time: index.timeUnixNano[i] };
    mustEqual(mine, expected, `indices of line ${i}`);
    const { severityNumber: severity, traceId, spanId, timeUnixNano: time } = record;
    mustEqual({ severity, traceId, spanId, time }, expected, `decoded line ${i}`);
    mustEqual(record.body, truth.body, `bodies of line ${i}`);
    mustEqual(record.attributes, truth.attributes, `attributes of line ${i}`);
  }
  return `${Math.min(lines.length, 9)} lines, ${Math.min(json, 9)} JSON`;
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const seeds = [
  `{"level":"warn","ts":1700000000.1234567,"logger":"redis","caller":"cache/redis.go:42","msg":"redis attempt failed","error":"i/o timeout","attempt":2,"trace_id":"${TRACE}","span_id":"00f067aa0ba902b7","trace_flags":"01","stacktrace":"main.main\\n\\tmain.go:1"}\n{"level":"info","ts":"2026-01-02T03:04:05.123456789Z","msg":"request"}\n`,
  `{"time":"2023-11-15T06:13:20.5+0800","severity":"ERROR","message":{"a":[1,null]},"n":12345678901234567890,"dd.trace_id":"123","dd.span_id":18446744073709551615}\r\npanic: x\n\n{"@timestamp":1700000000123,"lvl":"dpanic","msg":"größer 🐻","x":{"y":[true,false,{"z":1e-7}]}}`,
  '{"\\u0074s":1700000000,"m\\u0073g":"a\\"b\\\\","ts":1,"ts":1700000000,"level":"info","level":"error"}\n{"msg":"","traceId":"","TraceID":"0"}\nplain text\n{"cut": \n',
];
const tokens = [
  ...[
    '{"',
    '"}',
    '":',
    ',"',
    '"ts":',
    '"level":"',
    '"msg":"',
    '\\u00',
    '\\ud83d',
    '\\',
    '1e9',
    '-',
    '.',
    '0',
    'null',
  ],
  ...[
    '[[[[',
    ']]]]',
    '1700000000',
    '2026-02-29T',
    '23:59:60Z',
    '+05:30',
    '"__proto__":',
    '"trace_id":"',
    ' ',
    '\t',
  ],
  ...['"caller":"a:1"', '"error":', '"logger":1', '99999999999999999999'],
];

/** The lines of applications as they write them. */
export const logLines = (): Property => ({ seeds: seeds.map((seed) => Buffer.from(seed)), tokens, check });
