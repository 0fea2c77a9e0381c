// The one-pass way from JSON to protobuf, held against the careful one: JSON.parse, parseMessage, encode.
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import test from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { parseJson } from '../../../collector/formats/json-parse.ts';
import { parseMessage } from '../../../collector/formats/otlp-json/parse-message.ts';
import { createTranscode } from '../../../collector/formats/otlp-json/transcode.ts';
import {
  logsCodec,
  metricsCodec,
  OTLP,
  tracesCodec,
} from '../../../collector/formats/otlp-protobuf/messages.ts';
import { type Codec, codecOf } from '../../../collector/formats/protobuf/codec.ts';
import {
  defineMessages,
  type MessageTable,
  type MessageType,
} from '../../../collector/formats/protobuf/schema.ts';
import { randomFrom } from '../../helpers/random.ts';
import { encodeByOracle, logsRequest, metricsRequest, type Plain, tracesRequest } from './oracle.ts';
import { mutations, toJson } from './tampering.ts';

/** Decoded what each of the two ways makes of a body; undefined where it refuses or gives up. */
function bothWays(type: MessageType, codec: Codec<unknown>) {
  const transcode = createTranscode([type]);
  return (body: Uint8Array): { fast: unknown; careful: unknown } => {
    const fast = transcode(body, type);
    let careful: unknown;
    try {
      const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
      careful = codec.decode(new Uint8Array(codec.encode(parseMessage(parseJson(text), type, ''))));
    } catch {
      careful = undefined;
    }
    return { fast: fast && codec.decode(fast), careful };
  };
}

const traces = bothWays(OTLP.TracesData, tracesCodec);
const logs = bothWays(OTLP.LogsData, logsCodec);
const metrics = bothWays(OTLP.MetricsData, metricsCodec);

/** Every scalar alone, in a list and in a oneof, and messages in messages. */
const TABLE = {
  All: {
    string: [1, 'string'],
    bytes: [2, 'bytes'],
    traceId: [3, 'traceId'],
    spanId: [4, 'spanId'],
    bool: [5, 'bool'],
    enum: [6, 'enum'],
    uint32: [7, 'uint32'],
    sint32: [8, 'sint32'],
    int64: [9, 'int64'],
    uint64: [10, 'uint64'],
    fixed32: [11, 'fixed32'],
    fixed64: [12, 'fixed64'],
    sfixed64: [13, 'sfixed64'],
    double: [14, 'double'],
    nested: [300, 'Lists'],
    nestedList: [301, 'Lists', 'repeated'],
  },
  Lists: {
    strings: [1, 'string', 'repeated'],
    enums: [2, 'enum', 'repeated'],
    sint32s: [3, 'sint32', 'repeated'],
    uint64s: [4, 'uint64', 'repeated'],
    doubles: [17, 'double', 'repeated'],
    either: [18, 'int64', 'oneof'],
    or: [19, 'string', 'oneof'],
    deeper: [20, 'All'],
  },
} as const satisfies MessageTable;
const TYPES = defineMessages(TABLE);
const all = bothWays(TYPES.All, codecOf<typeof TABLE, 'All'>(TYPES, 'All'));

const ODD_VALUES = [
  ...['0', '-0', '1', '-1', '127', '128', '16384', '2147483647', '2147483648', '-2147483648', '-2147483649'],
  ...['4294967295', '4294967296', '999999999999999', '1000000000000000', '9007199254740993'],
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809'],
  ...['18446744073709551615', '18446744073709551616', '99999999999999999999', '100000000000000000000'],
  ...[
    '-18446744073709551615',
    '007',
    '01',
    '-',
    '-01',
    '+1',
    '.5',
    '1.',
    '1e',
    '1e+',
    '1.5',
    '1.0',
    '1e3',
    '1E-3',
  ],
  ...[
    '1e400',
    '-1e400',
    '5e-324',
    '0.1',
    '-0.0',
    '0.30000000000000004',
    '123456789.123456',
    '1234567890.1234567',
  ],
  ...[
    '1e22',
    '1e23',
    '12345678901234567890.5',
    'true',
    'false',
    'null',
    'nul',
    'tru',
    'truee',
    'NaN',
    '[]',
    '{}',
  ],
  ...[
    '[1]',
    '[null]',
    '[1,]',
    '{"a":1}',
    '{"a":1,}',
    '""',
    '"',
    '"\\',
    '"a',
    '"a\\"b\\\\\\/\\b\\f\\n\\r\\t"',
  ],
  ...['"\\u0041\\u00e4\\u20ac"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00"', '"\\ud83d\\ud83d\\ude00"'],
  ...[
    '"\\ud83dx"',
    '"\\ud83d\\n"',
    '"\\ud83d\\u0041"',
    '"\\u12"',
    '"\\u12g4"',
    '"\\x"',
    '"\u0001"',
    '"ä€😀\u007f"',
  ],
  ...['"-5"', '"5"', '"007"', '" 5"', '"5 "', '"5.0"', '"1e5"', '"\\u0035"', '"-0"', '"--1"', '"0x10"'],
  ...['"NaN"', '"Infinity"', '"-Infinity"', '"nan"', '"1.5e-3"', '"aGk="', '"aGk"', '"_-8"', '"a==="', '"%"'],
  ...[
    `"${'ab'.repeat(16)}"`,
    `"${'AB'.repeat(8)}"`,
    `"${'ag'.repeat(8)}"`,
    `"${'a'.repeat(31)}"`,
    `"${'é'.repeat(8)}"`,
  ],
  ...[`"${'x'.repeat(127)}"`, `"${'x'.repeat(128)}"`, `"${'x'.repeat(20_000)}\\n"`, '"18446744073709551616"'],
  `[${Array.from({ length: 3000 }, (_, i) => i).join(',')}]`,
];

test('every scalar takes and refuses the spellings that the careful way takes and refuses', () => {
  const givenUp = new Set<string>();
  for (const key of [...Object.keys(TABLE.All), 'unknown', ...Object.keys(TABLE.Lists)]) {
    for (const value of ODD_VALUES) {
      const inList =
        key in TABLE.All || key === 'unknown' ? `"${key}":${value}` : `"nested":{"${key}":${value}}`;
      const item = key in TABLE.Lists ? `"nestedList":[{"${key}":[${value},${value}]},{}]` : inList;
      for (const member of [inList, item]) {
        const body = Buffer.from(`{ ${member} , "unknown too":[]}`);
        const { fast, careful } = all(body);
        if (fast !== undefined) assert.deepEqual(fast, careful, body.toString());
        else if (careful !== undefined) givenUp.add(value);
      }
    }
  }
  // Whole numbers that are not written as digits, and an escape outside of text, are left to the careful way.
  assert.deepEqual([...givenUp], ['"\\u0035"', '1.0', '1e3', '-0.0', '12345678901234567890.5']);
});

test('what only the careful way reads, it gives up: doubled and escaped keys, whole numbers with an exponent', () => {
  for (const body of [
    '{"string":"a","string":"b"}',
    '{"string":null,"string":"b"}',
    '{"\\u0073tring":"a"}',
    '{"int64":1e3}',
    '{"int64":"\\u0031"}',
    `{"unknown":${'['.repeat(200)}${']'.repeat(200)}}`,
  ]) {
    const { fast, careful } = all(Buffer.from(body));
    assert.equal(fast, undefined, body);
    assert.notEqual(careful, undefined, body);
  }
});

test('two values of a oneof, a message for a list and text behind the end are given up', () => {
  for (const body of [
    '{"nested":{"either":1,"or":"a"}}',
    '{"nestedList":{}}',
    '{"nested":[]}',
    '{"nested":"a"}',
    '{} {}',
    '{}x',
    '[]',
    '',
    '{',
    '{"string"',
    '{"string":',
    '{"string" "a"}',
    '{"string":"a" "bool":true}',
    '{,}',
    '\ufeff{}',
  ]) {
    assert.deepEqual(all(Buffer.from(body)), { fast: undefined, careful: undefined }, body);
  }
});

test('attributes of every length and depth are what the careful way makes of them', () => {
  const body = (attribute: string) =>
    Buffer.from(`{"resourceSpans":[{"resource":{"attributes":[${attribute}]}}]}`);
  for (const length of [0, 1, 15, 16, 17, 59, 60, 61, 62, 100, 117, 118, 119, 125, 126, 127, 128, 130, 300]) {
    for (const [key, value] of [
      ['k', 'v'.repeat(length)],
      ['k'.repeat(length), 'v'],
      ['ä'.repeat(length), '"\n'],
    ] as const) {
      const { fast, careful } = traces(body(JSON.stringify({ key, value: { stringValue: value } })));
      assert.notEqual(fast, undefined);
      assert.deepEqual(fast, careful);
    }
  }
  for (const int of [
    '5',
    '"5"',
    '-1',
    '"-9223372036854775808"',
    '9223372036854775808',
    '12345678',
    '1234567x',
    '""',
  ]) {
    const { fast, careful } = traces(body(`{"key":"n","value":{"intValue":${int}}}`));
    assert.deepEqual(fast, careful);
  }
  for (const depth of [30, 46, 47, 48, 49, 50, 60]) {
    let value = '{"stringValue":"x"}';
    for (let i = 0; i < depth; i++) value = `{"kvlistValue":{"values":[{"key":"a","value":${value}}]}}`;
    const { fast, careful } = traces(body(`{"key":"a","value":${value}}`));
    assert.deepEqual(fast, careful);
  }
});

test('what becomes longer than it was finds room, and a large body a memory of its own', () => {
  const doubles = all(Buffer.from(`{"nested":{"doubles":[${'1,'.repeat(100_000)}2]}}`));
  // The difference of lists this long takes minutes to print.
  assert.ok(isDeepStrictEqual(doubles.fast, doubles.careful));
  const large = all(Buffer.from(`{"string":"${'x\\n'.repeat(2_000_000)}"}`));
  assert.ok((large.fast as { string: string }).string === 'x\n'.repeat(2_000_000));
  assert.deepEqual(all(Buffer.from('{"string":"small"}')).fast, { string: 'small' });
});

/** JSON text of a plain object as another sender would spell it: white space, escapes, unknown keys, nulls, numbers. */
function respelled(json: string, seed: number): string {
  const next = randomFrom(seed);
  const one = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!;
  const space = () => (next() < 0.1 ? one([' ', '\n', '\t\r ']) : '');
  const extra = [
    '"x":{"a":[1,"\\"",null,{}],"b":-1.5e3}',
    '"name_":"\\u00e9"',
    '"status":null',
    '"x":[[],{}]',
  ];
  return json
    .replace(/"(?:[^"\\]|\\.)*"|[{}[\]:,]/g, (token) => {
      if (token === '{' && next() < 0.15) return `{${space()}${one(extra)},`;
      if (token[0] !== '"') return space() + token + space();
      // A decimal text may stand as a number, a letter as its escape.
      if (/^"-?(0|[1-9]\d*)"$/.test(token) && next() < 0.5) return token.slice(1, -1);
      if (next() < 0.1)
        return token.replace(/[g-t](?![^"]*\\)/, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
      return token;
    })
    .replaceAll(/,(\s*)\}/g, '$1}');
}

const requests: [string, fc.Arbitrary<Plain>, typeof traces, string][] = [
  ['traces', tracesRequest, traces, 'TracesData'],
  ['logs', logsRequest, logs, 'LogsData'],
  ['metrics', metricsRequest, metrics, 'MetricsData'],
];
for (const [name, arbitrary, ways, message] of requests) {
  test(`random ${name} become what the careful way makes of them, however they are spelt`, () => {
    const property = fc.property(arbitrary, fc.integer(), (request, seed) => {
      encodeByOracle(message, request);
      const plain = ways(Buffer.from(toJson(request)));
      assert.notEqual(plain.fast, undefined);
      assert.deepEqual(plain.fast, plain.careful);
      const { fast, careful } = ways(Buffer.from(respelled(toJson(request), seed)));
      if (fast !== undefined) assert.deepEqual(fast, careful);
    });
    fc.assert(property, { numRuns: 80 });
  });

  test(`damaged ${name} are taken by the one-pass way only as the careful way takes them`, () => {
    const bodies = fc
      .sample(arbitrary, { numRuns: 10, seed: 7 })
      .map((request) => Buffer.from(toJson(request)));
    let taken = 0;
    for (const body of mutations(bodies, 1000)) {
      if (!isUtf8(body)) continue;
      const { fast, careful } = ways(body);
      if (fast === undefined) continue;
      taken++;
      assert.deepEqual(fast, careful, body.toString());
    }
    assert.ok(taken > 20, `only ${taken} were taken`);
  });
}
