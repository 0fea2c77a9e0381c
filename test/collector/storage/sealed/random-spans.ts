/** Spans in every form that the wire allows: fields twice, out of range, unknown, values of all types. */
import fc from 'fast-check';
import {
  keyValueCodec,
  type OtlpMessage,
  spanCodec,
} from '../../../../collector/formats/otlp-protobuf/messages.ts';
import { scanTraces } from '../../../../collector/formats/otlp-protobuf/scan-traces.ts';
import { WireWriter } from '../../../../collector/formats/protobuf/writer.ts';
import { type BlockMeta, encodeBlock, type LeanBatch } from '../../../../collector/storage/embedded/block.ts';
import { coalesce } from '../../../../collector/storage/embedded/coalesce.ts';
import type { RawBlock } from '../../../../collector/storage/embedded/sealed/raw-blocks.ts';
import type { Batch } from '../../../../collector/telemetry/batch.ts';

type KeyValue = OtlpMessage<'KeyValue'>;
type AnyValue = OtlpMessage<'AnyValue'>;

export const NO_NULL = { noNullPrototype: true };
const KEYS = ['user', 'zone', 'http.route', 'http.response.status_code', '__proto__', '1', 'größe', ''];
const TEXTS = [
  'Anna',
  'bob',
  '',
  '5',
  'true',
  'ANNA-west',
  'größer',
  'x'.repeat(130),
  '-0',
  'NaN',
  '/orders/{id}',
];
const INTS = [0n, 1n, -1n, 5n, 200n, 503n, 70_000n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)];

const scalar: fc.Arbitrary<AnyValue> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS).map((stringValue) => ({ stringValue })) },
  { weight: 2, arbitrary: fc.constantFrom(...INTS).map((intValue) => ({ intValue })) },
  fc.constantFrom(0, -0, 1.5, Number.NaN, 5, 1e300).map((doubleValue) => ({ doubleValue })),
  fc.boolean().map((boolValue) => ({ boolValue })),
  fc.uint8Array({ maxLength: 3 }).map((bytesValue) => ({ bytesValue })),
  fc.constant({}),
);
export const anyValue: fc.Arbitrary<AnyValue> = fc.oneof(
  { weight: 6, arbitrary: scalar },
  fc.array(scalar, { maxLength: 2 }).map((values) => ({ arrayValue: { values } })),
  fc
    .array(fc.record({ key: fc.constantFrom(...KEYS), value: scalar }, NO_NULL), { maxLength: 2 })
    .map((values) => ({ kvlistValue: { values } })),
);
const keyValue: fc.Arbitrary<KeyValue> = fc.record(
  { key: fc.constantFrom(...KEYS), value: anyValue },
  { ...NO_NULL, requiredKeys: [] },
);
export const keyValues = fc.array(keyValue, { maxLength: 4 });

export const id = (size: number) =>
  fc
    .constantFrom(0, 1, 2, 3)
    .map((last) => (last === 0 ? new Uint8Array(0) : new Uint8Array(size).fill(last)));
export const time = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: 0n, max: 90n }).map((n) => 1_764_000_000_000_000_001n + n) },
  fc.constantFrom(0n, 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 62n),
);
const span: fc.Arbitrary<OtlpMessage<'Span'>> = fc.record(
  {
    traceId: id(16),
    spanId: id(8),
    parentSpanId: id(8),
    traceState: fc.constantFrom('', 'ot=th:8'),
    name: fc.constantFrom('GET /orders', 'connect', 'größer'),
    kind: fc.constantFrom(0, 2, 3, 5, 6, 300),
    startTimeUnixNano: time,
    endTimeUnixNano: time,
    attributes: keyValues,
    droppedAttributesCount: fc.constantFrom(0, 3),
    events: fc.array(
      fc.record({ timeUnixNano: time, name: fc.constantFrom('', 'retry'), attributes: keyValues }, NO_NULL),
      {
        maxLength: 2,
      },
    ),
    links: fc.array(fc.record({ traceId: id(16), spanId: id(8), attributes: keyValues }, NO_NULL), {
      maxLength: 1,
    }),
    status: fc.record(
      { code: fc.constantFrom(0, 1, 2, 3), message: fc.constantFrom('', 'deadline exceeded') },
      { ...NO_NULL, requiredKeys: [] },
    ),
    flags: fc.constantFrom(0, 0x101),
  },
  { ...NO_NULL, requiredKeys: [] },
);
/** Fields of numbers that no record has, one of each wire type, a group among them. */
const UNKNOWN = ['', 'f8060a', 'f9060102030405060708', 'fa0602abcd', 'fd0601020304', 'fb060801fc06'];
/** The KeyValue `user: Anna` with a field that no KeyValue has, behind its length. */
const ODD_PAIR = '100a047573657212060a04416e6e611801';
/** Bytes of fields that nobody knows, or an attribute with such a field; its tag is that of attributes. */
export const unknown = (attribute: string) =>
  fc
    .constantFrom(...UNKNOWN, `${attribute}${ODD_PAIR}`)
    .map((hex) => new Uint8Array(Buffer.from(hex, 'hex')));

/** The bytes of one span: mostly one message, sometimes two of which the later one adds to the earlier one. */
const spanBytes: fc.Arbitrary<Uint8Array> = fc
  .tuple(span, fc.option(span, { nil: undefined, freq: 4 }), unknown('4a'))
  .map(([one, other, more]) => {
    const parts = [new Uint8Array(spanCodec.encode(one)), more];
    if (other) parts.push(new Uint8Array(spanCodec.encode(other)));
    return new Uint8Array(Buffer.concat(parts));
  });

const resource = fc.constantFrom<KeyValue[]>(
  [{ key: 'service.name', value: { stringValue: 'shop' } }],
  [
    { key: 'service.name', value: { stringValue: 'cache' } },
    { key: 'zone', value: { stringValue: 'ANNA-west' } },
  ],
  [
    { key: 'service.name', value: { stringValue: 'pay' } },
    { key: 'user', value: { intValue: 5n } },
  ],
  [],
);
/** Records of one resource and scope. */
export const group = (record: fc.Arbitrary<Uint8Array>) =>
  fc.record(
    { resource, scope: fc.constantFrom('', 'http'), records: fc.array(record, { maxLength: 4 }) },
    NO_NULL,
  );

/** Requests of spans, in the order in which they came. */
export const spanRequests: fc.Arbitrary<Uint8Array[]> = fc.array(
  fc.array(group(spanBytes), { minLength: 1, maxLength: 3 }).map(request),
  { minLength: 1, maxLength: 5 },
);

interface Group {
  resource: KeyValue[];
  scope: string;
  records: Uint8Array[];
}

/** Traces and logs have one form: groups of a resource, in it groups of a scope, in it records. */
export function request(groups: readonly Group[]): Uint8Array {
  const writer = new WireWriter();
  for (const one of groups) {
    writer.tag(1, 2);
    writer.nested(() => {
      writer.tag(1, 2);
      writer.nested(() => writeAttributes(writer, one.resource));
      writer.tag(2, 2);
      writer.nested(() => {
        writer.tag(1, 2);
        writer.nested(() => {
          writer.tag(1, 2);
          writer.string(one.scope);
        });
        for (const record of one.records) {
          writer.tag(2, 2);
          writer.raw(record);
        }
      });
    });
  }
  return new Uint8Array(writer.bytes);
}

function writeAttributes(writer: WireWriter, attributes: readonly KeyValue[]): void {
  for (const attribute of attributes) {
    writer.tag(1, 2);
    writer.raw(new Uint8Array(keyValueCodec.encode(attribute)));
  }
}

/** Raw blocks with the bodies that the batches came with, one each. */
export function rawBlocks(batches: readonly (Batch | LeanBatch)[], before = 0): RawBlock[] {
  return batches
    .filter((batch) => batch.count > 0)
    .map((batch, n) => {
      const { meta, columns, offsets, body } = encodeBlock(batch, BigInt(before + n));
      const id = (before + n) * 2 + 1;
      return {
        meta: { ...meta, id, stage: 'raw', firstMember: id, lastMember: id } as BlockMeta,
        columns,
        offsets,
        body,
      };
    });
}

export const spanBlocks = (requests: readonly Uint8Array[]) =>
  rawBlocks(requests.map((body) => scanTraces(body)));

/** The same as the writer makes them: without the fields that columns tell. */
export const leanSpanBlocks = (requests: readonly Uint8Array[]) =>
  requests
    .map((body) => scanTraces(body))
    .filter((batch) => batch.count > 0)
    .flatMap((batch, n) => rawBlocks([...coalesce([batch])], n));
