import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseTracesJson } from '../../../collector/formats/otlp-json/parse-request.ts';
import { decodeSpan } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { tracesCodec } from '../../../collector/formats/otlp-protobuf/messages.ts';
import { MAX_RECORDS } from '../../../collector/formats/otlp-protobuf/scan-records.ts';
import { scanTraces } from '../../../collector/formats/otlp-protobuf/scan-traces.ts';
import type { SpanBatch } from '../../../collector/telemetry/batch.ts';
import { stringAt } from '../../../collector/telemetry/columns.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { naiveHex, naiveSpan, naiveSpanIndex, recordsOf } from './naive.ts';
import { decodeByOracle, encodeByOracle, type Plain, tracesRequest } from './oracle.ts';
import { mutations, toJson } from './tampering.ts';

function indexRows({ index, count }: SpanBatch) {
  return Array.from({ length: count }, (_, i) => ({
    traceId: naiveHex(index.traceId.subarray(i * 16, i * 16 + 16)),
    spanId: naiveHex(index.spanId.subarray(i * 8, i * 8 + 8)),
    parentSpanId: naiveHex(index.parentSpanId.subarray(i * 8, i * 8 + 8)),
    start: index.startTimeUnixNano[i],
    duration: index.durationNano[i],
    kind: index.kind[i],
    status: index.status[i],
    name: stringAt(index.name, i),
    service: stringAt(index.service, i),
    route: stringAt(index.route, i),
    method: stringAt(index.method, i),
    httpStatus: index.httpStatus[i],
  }));
}

const naiveRecords = (bytes: Uint8Array) =>
  recordsOf(decodeByOracle('TracesData', bytes), 'resourceSpans', 'scopeSpans', 'spans');

function assertReads(bytes: Uint8Array) {
  const batch = scanTraces(bytes);
  const truth = naiveRecords(bytes);
  assert.deepEqual(indexRows(batch), truth.map(naiveSpanIndex));
  const spans = truth.map((_, i) => decodeSpan(bytes, batch.offsets, i));
  assert.deepEqual(spans, truth.map(naiveSpan));
}

const SPAN = {
  traceId: Buffer.from('4bf92f3577b34da6a3ce929d0e0e4736', 'hex'),
  spanId: Buffer.from('00f067aa0ba902b7', 'hex'),
  name: 'GET /orders/{id}',
  kind: 2,
  startTimeUnixNano: '1700000000000000001',
  endTimeUnixNano: '1700000000250000002',
  attributes: [
    { key: 'http.route', value: { stringValue: '/orders/{id}' } },
    { key: 'http.response.status_code', value: { intValue: '503' } },
    { key: 'tags', value: { arrayValue: { values: [{ stringValue: 'ä' }, { intValue: '-1' }] } } },
  ],
  status: { code: 2, message: 'cache timed out' },
};
const REQUEST = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeSpans: [{ scope: { name: 'otelhttp' }, spans: [SPAN, { ...SPAN, name: 'redis.GET' }] }],
    },
  ],
};

test('spans that protobufjs encoded are indexed and decoded as protobufjs decodes them', () => {
  fc.assert(
    fc.property(tracesRequest, (request) => assertReads(encodeByOracle('TracesData', request))),
    { numRuns: 150 },
  );
});

test('what is encoded here is read by protobufjs as it was meant', () => {
  fc.assert(
    fc.property(tracesRequest, (request) => {
      const bytes = encodeByOracle('TracesData', request);
      const again = tracesCodec.encode(tracesCodec.decode(bytes));
      assert.deepEqual(decodeByOracle('TracesData', again), decodeByOracle('TracesData', bytes));
    }),
    { numRuns: 50 },
  );
});

test('the same request as JSON and as protobuf gives the same index and the same spans', () => {
  fc.assert(
    fc.property(tracesRequest, fc.boolean(), (request, upperCase) => {
      const bytes = encodeByOracle('TracesData', request);
      const json = parseTracesJson(Buffer.from(toJson(decodeByOracle('TracesData', bytes), upperCase)));
      const truth = naiveRecords(bytes);
      assert.deepEqual(indexRows(json), truth.map(naiveSpanIndex));
      assert.deepEqual(
        truth.map((_, i) => decodeSpan(json.body, json.offsets, i)),
        truth.map(naiveSpan),
      );
    }),
    { numRuns: 80 },
  );
});

test('a body cut off at any byte is refused', () => {
  const body = encodeByOracle('TracesData', REQUEST);
  assert.equal(scanTraces(body).count, 2);
  for (let length = 1; length < body.length; length++) {
    assert.throws(() => scanTraces(body.subarray(0, length)), { code: 'bad-data' }, `cut to ${length} bytes`);
  }
});

test('a damaged body is refused, or read as protobufjs reads it', () => {
  const seeds = fc.sample(tracesRequest, { numRuns: 40, seed: 7 });
  let accepted = 0;
  for (const body of mutations(
    [REQUEST, ...seeds].map((r) => encodeByOracle('TracesData', r)),
    4000,
  )) {
    try {
      scanTraces(body);
    } catch (error) {
      assert.ok(error instanceof CollectorError && error.code === 'bad-data', String(error));
      continue;
    }
    accepted++;
    assertReads(body);
  }
  assert.ok(accepted > 200, `only ${accepted} damaged bodies were still readable: the fuzz tests too little`);
});

const refused: [what: string, body: number[], message: RegExp][] = [
  [
    'a length beyond the message',
    [0x0a, 0x05, 0x0a, 0x00],
    /at byte 1: a length of 5 bytes where 2 are left/,
  ],
  ['a nested length beyond its parent', [0x0a, 0x02, 0x12, 0x01, 0x00], /at byte 3/],
  ['a known field of another wire type', [0x08, 0x01], /TracesData.resourceSpans has wire type 0, not 2/],
  ['field number 0', [0x02, 0x00], /field number 0/],
  ['wire type 7', [0x7f], /wire type 7/],
  ['the end of a group that was not begun', [0x7c], /end of a group/],
  ['a group without its end', [0x7b, 0x08, 0x01], /without its end/],
  ['a varint of eleven bytes', [0x78, ...Array<number>(10).fill(0xff), 0x01], /more than 64 bits/],
  ['a varint above 64 bits', [0x78, ...Array<number>(9).fill(0xff), 0x02], /more than 64 bits/],
  ['a tag above 32 bits', [0xff, 0xff, 0xff, 0xff, 0x1f], /more than 32 bits/],
];
for (const [what, body, message] of refused) {
  test(`refused with the place: ${what}`, () => {
    assert.throws(() => scanTraces(Uint8Array.from(body)), { code: 'bad-data', message });
  });
}

function withSpan(span: Plain): Uint8Array {
  return encodeByOracle('TracesData', { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
}

test('an id of the wrong length is refused, in spans and in links', () => {
  const message = /has 15 bytes, not 16 or none/;
  assert.throws(() => scanTraces(withSpan({ traceId: new Uint8Array(15) })), { code: 'bad-data', message });
  const links = [{ traceId: new Uint8Array(15) }];
  assert.throws(() => scanTraces(withSpan({ links })), { code: 'bad-data', message: /Link.traceId/ });
});

test('text that is not UTF-8 is refused wherever it stands', () => {
  const marked = [
    withSpan({ name: 'XYZW' }),
    withSpan({ attributes: [{ key: 'XYZW', value: { stringValue: 'a' } }] }),
    withSpan({ attributes: [{ key: 'a', value: { stringValue: 'XYZW' } }] }),
    withSpan({ attributes: [{ key: 'a', value: { arrayValue: { values: [{ stringValue: 'XYZW' }] } } }] }),
    withSpan({ events: [{ name: 'XYZW' }] }),
    withSpan({ status: { message: 'XYZW' } }),
  ];
  const bad = [
    [0xc0, 0x80, 0x41, 0x41],
    [0xed, 0xa0, 0x80, 0x41],
    [0xf4, 0x90, 0x80, 0x80],
    [0x41, 0x41, 0x41, 0xc3],
  ];
  for (const body of marked) {
    assert.equal(scanTraces(body).count, 1);
    for (const bytes of bad) {
      const damaged = Buffer.from(body);
      damaged.set(bytes, damaged.indexOf('XYZW'));
      assert.throws(() => scanTraces(damaged), { code: 'bad-data', message: /not UTF-8/ });
    }
  }
});

test('unknown fields, groups among them, are stepped over', () => {
  const body = encodeByOracle('TracesData', REQUEST);
  const group = Buffer.from([0x7b, 0x08, 0x01, 0x83, 0x01, 0x12, 0x01, 0x61, 0x84, 0x01, 0x7c]);
  const scanned = scanTraces(Buffer.concat([group, body]));
  assert.deepEqual(indexRows(scanned), indexRows(scanTraces(body)));
});

test('the resource may stand behind the spans it belongs to', () => {
  const resource = encodeByOracle('ResourceSpans', { resource: REQUEST.resourceSpans[0]!.resource });
  const spans = encodeByOracle('ResourceSpans', { scopeSpans: REQUEST.resourceSpans[0]!.scopeSpans });
  const group = Buffer.concat([spans, resource]);
  const header = Buffer.from([0x0a, (group.length & 0x7f) | 0x80, group.length >> 7]);
  const batch = scanTraces(Buffer.concat([header, group]));
  assert.equal(stringAt(batch.index.service, 1), 'shop');
  assert.deepEqual(decodeSpan(batch.body, batch.offsets, 1).resource, { 'service.name': 'shop' });
});

test('a resource given twice is refused, because offsets cannot say how to merge it', () => {
  const resource = encodeByOracle('ResourceSpans', { resource: REQUEST.resourceSpans[0]!.resource });
  const group = Buffer.concat([resource, resource]);
  const body = Buffer.concat([Buffer.from([0x0a, group.length]), group]);
  assert.throws(() => scanTraces(body), {
    code: 'bad-data',
    message: /ResourceSpans.resource is given twice/,
  });
});

test('the newer spelling of an attribute counts before the older one, in any order', () => {
  const attributes = [
    { key: 'http.request.method', value: { stringValue: 'PUT' } },
    { key: 'http.method', value: { stringValue: 'GET' } },
    { key: 'http.status_code', value: { intValue: '200' } },
    { key: 'http.response.status_code', value: { intValue: '503' } },
  ];
  for (const order of [attributes, attributes.toReversed()]) {
    const [row] = indexRows(scanTraces(withSpan({ attributes: order })));
    assert.deepEqual([row?.method, row?.httpStatus], ['PUT', 503]);
  }
});

test('deep nesting is refused before the stack ends', () => {
  let value: Plain = { stringValue: 'x' };
  for (let i = 0; i < 40; i++) value = { arrayValue: { values: [value] } };
  assert.equal(scanTraces(withSpan({ attributes: [{ key: 'a', value }] })).count, 1);
  let nested: Buffer = Buffer.from([0x0a, 0x00]);
  for (let i = 0; i < 200; i++) nested = lengthDelimited(0x2a, lengthDelimited(0x0a, nested));
  const body = [0x4a, 0x12, 0x12, 0x0a].reduce(
    (inner, tag) => lengthDelimited(tag, inner),
    lengthDelimited(0x12, nested),
  );
  assert.throws(() => scanTraces(body), { code: 'bad-data', message: /nested deeper/ });
});

function lengthDelimited(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const header = length < 0x80 ? [tag, length] : [tag, (length & 0x7f) | 0x80, length >> 7];
  return Buffer.concat([Buffer.from(header), content]);
}

test('a body of more records than columns should be made for is refused as too large', () => {
  const spans = Buffer.alloc((MAX_RECORDS + 1) * 2);
  for (let i = 0; i < spans.length; i += 2) spans[i] = 0x12;
  const varint = (n: number) =>
    Buffer.from([(n & 0x7f) | 0x80, ((n >> 7) & 0x7f) | 0x80, ((n >> 14) & 0x7f) | 0x80, n >> 21]);
  const scoped = Buffer.concat([Buffer.from([0x12]), varint(spans.length), spans]);
  const body = Buffer.concat([Buffer.from([0x0a]), varint(scoped.length), scoped]);
  assert.throws(() => scanTraces(body), { code: 'too-large' });
});

test('an empty body is an empty request', () => {
  assert.equal(scanTraces(new Uint8Array(0)).count, 0);
});
