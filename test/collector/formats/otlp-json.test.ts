import assert from 'node:assert/strict';
import test from 'node:test';
import {
  parseLogsJson,
  parseMetricsJson,
  parseTracesJson,
} from '../../../collector/formats/otlp-json/parse-request.ts';
import { decodeSpan } from '../../../collector/formats/otlp-protobuf/decode-record.ts';

/** A request around one span, written as JSON text so that numbers stand as a sender writes them. */
const withSpan = (span: string) => Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`);

function spanOf(json: string) {
  const batch = parseTracesJson(withSpan(json));
  return decodeSpan(batch.body, batch.offsets, 0);
}

test('64-bit integers are exact, as text and as number', () => {
  for (const time of ['"1700000000123456789"', '1700000000123456789']) {
    assert.equal(spanOf(`{"startTimeUnixNano":${time}}`).startTimeUnixNano, 1700000000123456789n);
  }
  const value = spanOf('{"attributes":[{"key":"n","value":{"intValue":9007199254740993}}]}').attributes.n;
  assert.equal(value, 9007199254740993n);
});

test('ids are hex in either case, and empty ones are absent', () => {
  const span = spanOf('{"traceId":"4BF92f3577b34da6a3ce929d0e0e4736","spanId":""}');
  assert.equal(span.traceId, '4bf92f3577b34da6a3ce929d0e0e4736');
  assert.equal(span.spanId, '');
});

test('unknown fields, snake_case ones among them, are ignored, and null is absent', () => {
  const span = spanOf('{"name":"a","start_time_unix_nano":"5","futureField":{"x":1},"status":null}');
  assert.equal(span.name, 'a');
  assert.equal(span.startTimeUnixNano, 0n);
  assert.equal(span.status, 'unset');
});

test('the special doubles are read as text', () => {
  const { attributes } = spanOf('{"attributes":[{"key":"d","value":{"doubleValue":"-Infinity"}}]}');
  assert.equal(attributes.d, Number.NEGATIVE_INFINITY);
});

test('a key that would touch a prototype is only a key', () => {
  const { attributes } = spanOf('{"attributes":[{"key":"__proto__","value":{"kvlistValue":{"values":[]}}}]}');
  assert.deepEqual(Object.keys(attributes), ['__proto__']);
  assert.equal(Object.getPrototypeOf(attributes), Object.prototype);
});

const refused: [what: string, span: string, message: string][] = [
  [
    'an enum by its name',
    '{"kind":"SPAN_KIND_SERVER"}',
    'kind must be the number of an enum value, not its name, not "SPAN_KIND_SERVER"',
  ],
  ['an id of the wrong length', '{"traceId":"4bf9"}', 'traceId must be 32 hex digits or empty, not "4bf9"'],
  [
    'an id in base64',
    '{"traceId":"S/kvNXezTaajzpKdDg5HNg=="}',
    'traceId must be 32 hex digits or empty, not "S/kvNXezTaajzpKdDg5HNg=="',
  ],
  [
    'a time with decimals',
    '{"startTimeUnixNano":1.5}',
    'startTimeUnixNano must be an integer, as number or text, not 1.5',
  ],
  [
    'a negative time',
    '{"startTimeUnixNano":"-1"}',
    'startTimeUnixNano must be between 0 and 18446744073709551615, not "-1"',
  ],
  ['a number for text', '{"name":5}', 'name must be text, not 5'],
  ['an object for a list', '{"attributes":{}}', 'attributes must be a list, not an object'],
  ['a list for an object', '{"status":[]}', 'status must be an object, not a list'],
  [
    'two values of one attribute',
    '{"attributes":[{"key":"a","value":{"stringValue":"x","intValue":"1"}}]}',
    'attributes[0].value.intValue stands beside stringValue, of which only one may be given',
  ],
  [
    'bytes that are not base64',
    '{"attributes":[{"key":"a","value":{"bytesValue":"%"}}]}',
    'attributes[0].value.bytesValue must be base64, not "%"',
  ],
];
for (const [what, span, message] of refused) {
  test(`refused with its JSON path: ${what}`, () => {
    assert.throws(() => parseTracesJson(withSpan(span)), {
      code: 'bad-data',
      message: `resourceSpans[0].scopeSpans[0].spans[0].${message}`,
    });
  });
}

test('a body that is no JSON, no object or no UTF-8 is refused', () => {
  assert.throws(() => parseTracesJson(Buffer.from('{"resourceSpans":[')), {
    code: 'bad-data',
    message: /^the body is not JSON: /,
  });
  assert.throws(() => parseLogsJson(Buffer.from('[]')), {
    code: 'bad-data',
    message: 'the body must be an object, not a list',
  });
  assert.throws(() => parseMetricsJson(Buffer.from([0x7b, 0xff])), {
    code: 'bad-data',
    message: 'the JSON body is not UTF-8',
  });
});

test('JSON nested deeper than any sender nests is refused, not the end of the process', () => {
  let value = '{"stringValue":"x"}';
  for (let i = 0; i < 5000; i++) value = `{"arrayValue":{"values":[${value}]}}`;
  assert.throws(() => parseTracesJson(withSpan(`{"attributes":[{"key":"a","value":${value}}]}`)), {
    code: 'bad-data',
    message: /nests deeper than 100$/,
  });
});
