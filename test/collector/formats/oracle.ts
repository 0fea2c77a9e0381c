import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import protobuf from 'protobufjs';

/** protobufjs as the oracle: an encoder and decoder that is not ours, from a .proto text. */
const root = protobuf.parse(readFileSync(new URL('./otlp.proto', import.meta.url), 'utf8')).root;

/** A plain object in protobufjs's form: 64-bit numbers as decimal text, bytes as Uint8Array. */
// biome-ignore lint/suspicious/noExplicitAny: protobufjs's own plain objects, whose fields the tests pick freely
export type Plain = any;

/** protobufjs's reflection of a message. */
export function oracleType(message: string): protobuf.Type {
  return root.lookupType(message);
}

export function encodeByOracle(message: string, plain: object): Uint8Array {
  const type = root.lookupType(message);
  return type.encode(type.fromObject(plain)).finish();
}

/** Throws when protobufjs does not read the bytes. */
export function decodeByOracle(message: string, bytes: Uint8Array): Plain {
  const type = root.lookupType(message);
  return type.toObject(type.decode(bytes), { longs: String, arrays: true });
}

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
/** Mostly the times of this age, sometimes the ends of the range. */
const time = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.bigInt({ min: 1_600_000_000_000_000_000n, max: 1_900_000_000_000_000_000n }).map(String),
  },
  { weight: 1, arbitrary: uint64 },
);
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const bytes = (size: number) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.uint8Array({ minLength: size, maxLength: size }) },
    { weight: 1, arbitrary: fc.constantFrom(new Uint8Array(0), new Uint8Array(size)) },
  );
const traceId = bytes(16);
const spanId = bytes(8);
const uint32 = fc.nat({ max: 0xffffffff });

const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.record({ stringValue: text }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ intValue: fc.oneof(int64, fc.integer({ min: 0, max: 999 }).map(String)) }),
    fc.record({ doubleValue: fc.double({ noNaN: true }) }),
    fc.record({ bytesValue: fc.uint8Array({ maxLength: 8 }) }),
    fc.constant({}),
    fc.record({ arrayValue: fc.record({ values: fc.array(tie('value'), { maxLength: 3 }) }) }),
    fc.record({
      kvlistValue: fc.record({
        values: fc.array(fc.record({ key: text, value: tie('value') }), { maxLength: 3 }),
      }),
    }),
  ),
}));

const KNOWN_KEYS = [
  'http.route',
  'http.request.method',
  'http.method',
  'http.response.status_code',
  'http.status_code',
  'service.name',
  'service.namespace',
  'service.instance.id',
];
const key = fc.oneof(fc.constantFrom(...KNOWN_KEYS), text, fc.string({ minLength: 120, maxLength: 140 }));
const wellFormed = fc.oneof(
  fc.record({
    key: fc.constantFrom('http.route', 'http.request.method', 'http.method', 'service.name'),
    value: fc.record({ stringValue: text }),
  }),
  fc.record({
    key: fc.constantFrom('http.response.status_code', 'http.status_code'),
    value: fc.record({ intValue: fc.integer({ min: 90, max: 1010 }).map(String) }),
  }),
);
const attributes = fc.array(fc.oneof(wellFormed, fc.record({ key, value: anyValue }, { requiredKeys: [] })), {
  maxLength: 6,
});
const resource = fc.record({ attributes, droppedAttributesCount: uint32 }, { requiredKeys: [] });
const scope = fc.record(
  { name: text, version: text, attributes, droppedAttributesCount: uint32 },
  { requiredKeys: [] },
);

const span = fc.record(
  {
    traceId,
    spanId,
    traceState: text,
    parentSpanId: spanId,
    name: text,
    kind: fc.integer({ min: -1, max: 7 }),
    startTimeUnixNano: time,
    endTimeUnixNano: time,
    attributes,
    droppedAttributesCount: uint32,
    events: fc.array(fc.record({ timeUnixNano: time, name: text, attributes }, { requiredKeys: [] }), {
      maxLength: 2,
    }),
    links: fc.array(fc.record({ traceId, spanId, traceState: text, attributes, flags: uint32 }), {
      maxLength: 2,
    }),
    status: fc.record({ message: text, code: fc.integer({ min: -1, max: 4 }) }, { requiredKeys: [] }),
    flags: uint32,
  },
  { requiredKeys: [] },
);

const logRecord = fc.record(
  {
    timeUnixNano: fc.oneof(time, fc.constant('0')),
    observedTimeUnixNano: time,
    severityNumber: fc.integer({ min: -1, max: 30 }),
    severityText: text,
    body: anyValue,
    attributes,
    flags: uint32,
    traceId,
    spanId,
    eventName: text,
  },
  { requiredKeys: [] },
);

const exemplar = fc.record(
  {
    timeUnixNano: time,
    asDouble: fc.double({ noNaN: true }),
    traceId,
    spanId,
    filteredAttributes: attributes,
  },
  { requiredKeys: [] },
);
const numberPoint = fc.oneof(
  fc.record(
    {
      attributes,
      timeUnixNano: time,
      asDouble: fc.double({ noNaN: true }),
      exemplars: fc.array(exemplar, { maxLength: 2 }),
    },
    { requiredKeys: [] },
  ),
  fc.record(
    { attributes, timeUnixNano: time, asInt: int64, flags: fc.nat({ max: 1 }) },
    { requiredKeys: [] },
  ),
);
const histogramPoint = fc
  .uniqueArray(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 4 })
  .chain((bounds) => {
    const count = bounds.length === 0 ? 0 : bounds.length + 1;
    return fc.record({
      attributes,
      timeUnixNano: time,
      explicitBounds: fc.constant(bounds.map((b) => b + 0).sort((a, b) => a - b)),
      bucketCounts: fc.array(fc.nat({ max: 1000 }).map(String), { minLength: count, maxLength: count }),
      count: fc.nat().map(String),
      sum: fc.double({ noNaN: true }),
      exemplars: fc.array(exemplar, { maxLength: 2 }),
    });
  });
const temporality = fc.nat({ max: 2 });
const metricName = fc.record({ name: text, unit: fc.constantFrom('', 's', 'By', '1', '{request}', 'By/s') });
const metric = fc
  .tuple(
    metricName,
    fc.oneof(
      fc.record({ gauge: fc.record({ dataPoints: fc.array(numberPoint, { maxLength: 3 }) }) }),
      fc.record({
        sum: fc.record({
          dataPoints: fc.array(numberPoint, { maxLength: 3 }),
          aggregationTemporality: temporality,
          isMonotonic: fc.boolean(),
        }),
      }),
      fc.record({
        histogram: fc.record({
          dataPoints: fc.array(histogramPoint, { maxLength: 2 }),
          aggregationTemporality: temporality,
        }),
      }),
      fc.record({
        summary: fc.record({
          dataPoints: fc.array(
            fc.record({
              attributes,
              timeUnixNano: time,
              count: fc.nat().map(String),
              sum: fc.double({ noNaN: true }),
              quantileValues: fc.array(
                fc.record({
                  quantile: fc.double({ min: 0, max: 1, noNaN: true }),
                  value: fc.double({ noNaN: true }),
                }),
                { maxLength: 2 },
              ),
            }),
            { maxLength: 2 },
          ),
        }),
      }),
    ),
  )
  .map(([name, data]) => ({ ...name, ...data }));

function groups(group: string, scopeGroup: string, records: string, record: fc.Arbitrary<unknown>) {
  const scoped = fc.record(
    { scope, [records]: fc.array(record, { maxLength: 4 }), schemaUrl: text },
    { requiredKeys: [] },
  );
  const one = fc.record(
    { resource, [scopeGroup]: fc.array(scoped, { maxLength: 3 }), schemaUrl: text },
    { requiredKeys: [] },
  );
  return fc.record({ [group]: fc.array(one, { maxLength: 3 }) }) as fc.Arbitrary<Plain>;
}

/** Random requests as plain objects for the oracle. */
export const tracesRequest = groups('resourceSpans', 'scopeSpans', 'spans', span);
export const logsRequest = groups('resourceLogs', 'scopeLogs', 'logRecords', logRecord);
export const metricsRequest = groups('resourceMetrics', 'scopeMetrics', 'metrics', metric);
