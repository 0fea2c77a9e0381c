import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeLogLine } from '../../../collector/formats/log-line/decode-log-line.ts';
import { scanObject } from '../../../collector/formats/log-line/json-scanner.ts';
import { scanLogLines } from '../../../collector/formats/log-line/scan-log-lines.ts';
import { parseTime } from '../../../collector/formats/log-line/time.ts';
import { joinTime, readTime, splitTime, storeTime } from '../../../collector/formats/log-line/time-reader.ts';
import { stringAt } from '../../../collector/telemetry/columns.ts';

const RESOURCE = { 'service.name': 'shop' };
const RECEIVED = 1_800_000_000_000_000_000n;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

const decode = (line: string) => decodeLogLine(Buffer.from(line), RESOURCE);
const scan = (text: string) => scanLogLines(Buffer.from(text), RESOURCE, RECEIVED);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('a line of zap: its fields stand where OpenTelemetry has them', () => {
  const line = `{"level":"warn","ts":1700000000.1234567,"logger":"redis","caller":"cache/redis.go:42","msg":"redis attempt failed","error":"i/o timeout","attempt":2,"trace_id":"${TRACE}","span_id":"${SPAN}","trace_flags":"01","stacktrace":"main.main\\n\\tmain.go:1"}`;
  assert.deepEqual(decode(line), {
    timeUnixNano: 1_700_000_000_123_456_700n,
    severityNumber: 13,
    severityText: 'warn',
    body: 'redis attempt failed',
    traceId: TRACE,
    spanId: SPAN,
    attributes: {
      'code.file.path': 'cache/redis.go',
      'code.line.number': 42,
      'exception.message': 'i/o timeout',
      'exception.stacktrace': 'main.main\n\tmain.go:1',
      attempt: 2,
      trace_flags: '01',
    },
    resource: RESOURCE,
    scope: 'redis',
  });
});

test('the index of lines holds time, severity, service and ids; the body stays as it came', () => {
  const text = `{"level":"info","ts":"2026-01-02T03:04:05.123456789Z","msg":"request","traceId":"${TRACE.toUpperCase()}","spanId":"${SPAN}"}\r\n\n{"level":"ERROR","ts":1767323046,"msg":"x"}`;
  const { batch, plainLines } = scan(text);
  assert.equal(plainLines, 0);
  assert.equal(batch.count, 2);
  assert.equal(Buffer.from(batch.body).toString(), text);
  assert.deepEqual([...batch.index.timeUnixNano], [1_767_323_045_123_456_789n, 1_767_323_046_000_000_000n]);
  assert.deepEqual([...batch.index.severityNumber], [9, 17]);
  assert.equal(hex(batch.index.traceId), TRACE + '0'.repeat(32));
  assert.equal(hex(batch.index.spanId), SPAN + '0'.repeat(16));
  assert.equal(stringAt(batch.index.service, 1), 'shop');
  const { offset, length } = batch.offsets;
  const first = batch.body.subarray(offset[0], offset[0]! + length[0]!);
  assert.equal(decodeLogLine(first, RESOURCE).body, 'request');
});

test('a line that is not JSON is kept as text, counted, and has the time of the line before it', () => {
  const { batch, plainLines } = scan(
    'panic: before any line\n{"ts":1700000000,"msg":"a"}\ngoroutine 1 [running]:\n{"cut": \n',
  );
  assert.equal(plainLines, 3);
  assert.deepEqual(
    [...batch.index.timeUnixNano],
    [RECEIVED, ...Array<bigint>(3).fill(1_700_000_000_000_000_000n)],
  );
  assert.deepEqual([...batch.index.severityNumber], [0, 0, 0, 0]);
  const plain = decodeLogLine(Buffer.from('goroutine 1 [running]:'), RESOURCE, 7n);
  assert.deepEqual([plain.body, plain.severityNumber, plain.timeUnixNano], ['goroutine 1 [running]:', 0, 7n]);
});

for (const [key, spanKey] of [
  ['trace_id', 'span_id'],
  ['traceId', 'spanId'],
  ['TraceID', 'SpanID'],
  ['dd.trace_id', 'dd.span_id'],
] as const) {
  test(`ids are found under ${key} and ${spanKey}`, () => {
    const record = decode(`{"msg":"a","${key}":"${TRACE}","${spanKey}":"${SPAN}"}`);
    assert.deepEqual([record.traceId, record.spanId, record.attributes], [TRACE, SPAN, {}]);
  });
}

test('an id that is none stays an attribute: of another length, all zero, no hex', () => {
  for (const id of ['4bf9', '0'.repeat(32), 'x'.repeat(32)]) {
    const record = decode(`{"msg":"a","trace_id":"${id}"}`);
    assert.deepEqual([record.traceId, record.attributes], ['', { trace_id: id }]);
  }
});

test("an invalid id under one spelling does not hide a valid one under another; decimal ids are Datadog's", () => {
  const record = decode(`{"trace_id":"","dd.trace_id":"123","dd.span_id":18446744073709551615}`);
  assert.equal(record.traceId, '7b'.padStart(32, '0'));
  assert.equal(record.spanId, 'f'.repeat(16));
});

test('levels are mapped in any case, unknown ones have severity 0 and keep their text', () => {
  const levels = {
    debug: 5,
    INFO: 9,
    Warn: 13,
    warning: 13,
    error: 17,
    dpanic: 21,
    panic: 21,
    fatal: 21,
    notice: 0,
  };
  for (const [level, severity] of Object.entries(levels)) {
    const record = decode(`{"level":"${level}","msg":"a"}`);
    assert.deepEqual([record.severityNumber, record.severityText], [severity, level]);
  }
});

test('of a key given twice the last counts, in the index as in the record', () => {
  const line = '{"ts":1,"ts":1700000000,"msg":"a","level":"info","level":"error"}';
  assert.deepEqual(
    [decode(line).timeUnixNano, decode(line).severityNumber],
    [1_700_000_000_000_000_000n, 17],
  );
  const { index } = scan(line).batch;
  assert.deepEqual([index.timeUnixNano[0], index.severityNumber[0]], [1_700_000_000_000_000_000n, 17]);
});

test('keys written with escapes are the same keys', () => {
  assert.equal(decode('{"\\u0074s":1700000000,"m\\u0073g":"a"}').timeUnixNano, 1_700_000_000_000_000_000n);
});

test('a character that only looks like one of a field in one byte is another', () => {
  const record = decode('{"\\u0174s":1700000000,"level":"\\u0169nfo","msg":"a"}');
  assert.deepEqual([record.timeUnixNano, record.severityNumber], [0n, 0]);
  assert.deepEqual(record.attributes, { '\u0174s': 1_700_000_000 });
});

test('numbers beyond 2^53, nested fields and odd keys stay what they were', () => {
  const record = decode(
    '{"msg":{"a":[1,null]},"n":12345678901234567890,"__proto__":{"x":1},"caller":"nowhere","error":{"code":5}}',
  );
  assert.deepEqual(record.body, { a: [1, null] });
  assert.equal(record.attributes.n, 12_345_678_901_234_567_890n);
  assert.deepEqual(Object.keys(record.attributes), ['n', '__proto__', 'caller', 'error']);
  assert.deepEqual(record.attributes.error, { code: 5 });
});

const times: [text: string, expected: bigint | undefined][] = [
  ['1700000000', 1_700_000_000_000_000_000n],
  ['1700000000.000000001', 1_700_000_000_000_000_001n],
  ['1.7000000001234567e+09', 1_700_000_000_123_456_700n],
  ['1700000000123', 1_700_000_000_123_000_000n],
  ['1700000000123.456789', 1_700_000_000_123_456_789n],
  ['1700000000123456', 1_700_000_000_123_456_000n],
  ['1700000000123456789', 1_700_000_000_123_456_789n],
  ['2023-11-14T22:13:20Z', 1_700_000_000_000_000_000n],
  ['2023-11-14T22:13:20.123456789Z', 1_700_000_000_123_456_789n],
  ['2023-11-15T06:13:20.5+0800', 1_700_000_000_500_000_000n],
  ['2023-11-14T16:43:20-05:30', 1_700_000_000_000_000_000n],
  ['2023-11-14 22:13:20', 1_700_000_000_000_000_000n],
  ['2023-02-30T00:00:00Z', undefined],
  ['2023-11-14T25:00:00Z', undefined],
  ['yesterday', undefined],
  ['-5', undefined],
  ['99999999999999999999', undefined],
  ['1e99', undefined],
  ['', undefined],
];
for (const [text, expected] of times) {
  test(`the time ${JSON.stringify(text)} is ${expected === undefined ? 'none' : `${expected} ns`}`, () => {
    assert.equal(parseTime(text), expected);
  });
}

/** What `readTime` makes of the same text. */
function readFromBytes(text: string): bigint | undefined {
  const bytes = Buffer.from(`"${text}"`);
  const time = { seconds: -1, nanos: -1 };
  return readTime(bytes, 1, bytes.length - 1, time) ? joinTime(time) : undefined;
}

test('times are read from bytes as from text', () => {
  for (const [text, expected] of times) assert.equal(readFromBytes(text), expected, text);
  const digits = (minLength: number, maxLength: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });
  const epoch = fc.tuple(digits(1, 21), fc.constantFrom('', '.', 'e2', 'x'), digits(0, 21));
  const two = fc.oneof(fc.integer({ min: 0, max: 32 }), fc.integer({ min: 0, max: 99 }));
  const zone = fc.constantFrom('', 'Z', 'z', ' Z', '+0200', '-05:30', '+99:99', '+02', '-1:000', 'Zx');
  const date = fc
    .tuple(fc.integer({ min: 1965, max: 2270 }), fc.array(two, { minLength: 5, maxLength: 5 }))
    .map(([year, parts]) => [year, ...parts.map((part) => String(part).padStart(2, '0'))])
    .map(([y, mo, d, h, mi, s]) => `${y}-${mo}-${d}T${h}:${mi}:${s}`);
  const iso = fc.tuple(date, fc.constantFrom('', '.', ','), digits(0, 12), zone);
  fc.assert(
    fc.property(
      fc.oneof(epoch, iso).map((parts) => parts.join('')),
      (text) => {
        assert.equal(readFromBytes(text), parseTime(text), text);
      },
    ),
    { numRuns: 3000 },
  );
});

test('a line whose time is none has that of the line before, however much of it looked like a time', () => {
  for (const bad of [
    '2026-01-02T03:04:05.5x',
    '2026-01-02T03:04:05.123-11-15',
    '9999999999999.5',
    '99999999999',
  ]) {
    const { batch } = scan(`{"ts":1700000000.25,"msg":"a"}\n{"ts":"${bad}","msg":"b"}\n{"msg":"c"}`);
    const expected = parseTime(bad) ?? 1_700_000_000_250_000_000n;
    assert.deepEqual([...batch.index.timeUnixNano].slice(1), [expected, expected], bad);
  }
});

test('a time in two parts is stored as the 64-bit number that it is', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (nanos) => {
      const column = new BigInt64Array(2);
      storeTime(new Uint32Array(column.buffer), 1, splitTime(nanos));
      assert.deepEqual([...column, joinTime(splitTime(nanos))], [0n, nanos, nanos]);
    }),
  );
});

function isObject(text: string): boolean {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

const scans = (bytes: Buffer) => scanObject(bytes, 0, bytes.length, { visit: () => {} });

test('the scanners take exactly the lines that JSON.parse takes as objects', () => {
  const piece = fc.constantFrom(
    ...'{}[]",:0123456789.eE+-tfn\\u/ \t',
    'true',
    'false',
    'null',
    '"a"',
    '\\u0041',
    '{"a":',
    '\u0001',
    'ä',
  );
  const damaged = fc
    .tuple(fc.json({ maxDepth: 3 }), fc.nat(), piece)
    .map(
      ([json, at, p]) =>
        `{"k":${json.slice(0, at % (json.length + 1))}${p}${json.slice(at % (json.length + 1))}}`,
    );
  const object = fc.json().map((json) => `{"k":${json}}`);
  const text = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((p) => `{"a":${p.join('')}}`),
    damaged,
    object,
    fc.json(),
  );
  fc.assert(
    fc.property(text, (line) => {
      const expected = isObject(Buffer.from(line).toString());
      assert.equal(scans(Buffer.from(line)), expected, line);
      if (line !== '')
        assert.deepEqual([scan(line).batch.count, scan(line).plainLines], [1, expected ? 0 : 1]);
    }),
    { numRuns: 5000 },
  );
});

test('a line nested deeper than any logger nests is text', () => {
  const deep = `{"a":${'['.repeat(200)}${']'.repeat(200)}}`;
  assert.equal(scan(deep).plainLines, 1);
  assert.equal(decode(deep).body, deep);
});

test('index and record agree on every line', () => {
  const value = fc.oneof(
    fc.json({ maxDepth: 1 }),
    fc.constantFrom(`"${TRACE}"`, `"${SPAN}"`, '1700000000.5', '"2026-01-02T03:04:05Z"', '"warn"'),
  );
  const key = fc.constantFrom(
    'ts',
    'time',
    'timestamp',
    'level',
    'severity',
    'msg',
    'trace_id',
    'traceId',
    'span_id',
    'dd.span_id',
    'other',
  );
  const line = fc
    .array(fc.tuple(key, value), { maxLength: 8 })
    .map((pairs) => `{${pairs.map(([k, v]) => `"${k}":${v}`).join(',')}}`);
  fc.assert(
    fc.property(line, (text) => {
      const { index, count } = scan(text).batch;
      assert.equal(count, 1);
      const record = decodeLogLine(Buffer.from(text), RESOURCE, index.timeUnixNano[0]);
      assert.equal(record.timeUnixNano, index.timeUnixNano[0]);
      assert.equal(record.severityNumber, index.severityNumber[0]);
      assert.equal(record.traceId || '0'.repeat(32), hex(index.traceId));
      assert.equal(record.spanId || '0'.repeat(16), hex(index.spanId));
    }),
    { numRuns: 1000 },
  );
});

test('the kernel says of a line what the indexer says of it, or leaves it', () => {
  const text = fc.oneof(
    fc.constantFrom(...times.map(([time]) => time)),
    fc.constantFrom('info', 'WARN', 'Fatal', 'notice', 'w\\u0061rn', 'dpanic', 'errors'),
    fc.constantFrom(
      TRACE,
      TRACE.toUpperCase(),
      SPAN,
      '0'.repeat(32),
      '0'.repeat(16),
      '123',
      `${'a'.repeat(31)}g`,
    ),
    fc
      .tuple(
        fc.constantFrom('2026-01-02T03:04', '2024-02-29 23:59', '2025-02-29T00:00', '2101-03-01T00:00'),
        fc.nat({ max: 61 }),
      )
      .map(([minute, second]) => `${minute}:${String(second).padStart(2, '0')}.25+01:30`),
  );
  const value = fc.oneof(
    text.map((one) => `"${one}"`),
    fc.constantFrom(
      '1700000000',
      '1700000000.25',
      '-1',
      '1e3',
      'null',
      '{"ts":1}',
      '[1,"a"]',
      '1700000000123456789',
    ),
  );
  const key = fc.constantFrom(
    'ts',
    'time',
    'level',
    'lvl',
    'trace_id',
    'dd.trace_id',
    'spanId',
    'span_id',
    'msg',
    'l\\u0076l',
  );
  const line = fc
    .array(fc.tuple(key, value), { maxLength: 6 })
    .map((pairs) => `{${pairs.map(([k, v]) => `"${k}":${v}`).join(',')}}`);
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.constantFrom('plain', '{"ts":')), { minLength: 1 }), (lines) => {
      const { index } = scan(lines.join('\n')).batch;
      for (const [i, one] of lines.entries()) {
        const record = decodeLogLine(
          Buffer.from(one),
          RESOURCE,
          i === 0 ? RECEIVED : index.timeUnixNano[i - 1],
        );
        assert.deepEqual(
          [index.timeUnixNano[i], index.severityNumber[i]],
          [record.timeUnixNano, record.severityNumber],
          one,
        );
        assert.equal(hex(index.traceId.subarray(i * 16, i * 16 + 16)), record.traceId || '0'.repeat(32), one);
        assert.equal(hex(index.spanId.subarray(i * 8, i * 8 + 8)), record.spanId || '0'.repeat(16), one);
      }
    }),
    { numRuns: 1000 },
  );
});

test('more lines, and longer ones, than the kernel takes at once', () => {
  const short = Array.from({ length: 40_000 }, (_, i) => `{"ts":${i + 1}}`);
  const long = `{"ts":50000,"msg":"${'x'.repeat(600_000)}","level":"warn"}`;
  const { batch, plainLines } = scan([...short, long, '{"ts":50001}'].join('\n'));
  assert.deepEqual([batch.count, plainLines, batch.index.severityNumber[40_000]], [40_002, 0, 13]);
  const seconds = Array.from(batch.index.timeUnixNano, (time) => Number(time / 1_000_000_000n));
  assert.deepEqual(seconds, [...short.map((_, i) => i + 1), 50_000, 50_001]);
});

test('bytes that are not UTF-8 in a line harm nothing but themselves', () => {
  const line = Buffer.concat([Buffer.from('{"msg":"a'), Buffer.from([0xff, 0xfe]), Buffer.from('b"}')]);
  assert.equal(decodeLogLine(line, RESOURCE).body, 'a\ufffd\ufffdb');
});
