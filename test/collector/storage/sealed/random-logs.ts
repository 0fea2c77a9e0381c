/** Log records in every form that the wire allows, and lines as loggers and others write them. */
import fc from 'fast-check';
import { scanLogLines } from '../../../../collector/formats/log-line/scan-log-lines.ts';
import { logRecordCodec, type OtlpMessage } from '../../../../collector/formats/otlp-protobuf/messages.ts';
import { scanLogs } from '../../../../collector/formats/otlp-protobuf/scan-logs.ts';
import {
  anyValue,
  group,
  id,
  keyValues,
  NO_NULL,
  rawBlocks,
  request,
  time,
  unknown,
} from './random-spans.ts';

const eventAttribute: OtlpMessage<'KeyValue'>[] = [{ key: 'event.name', value: {} }];
const record: fc.Arbitrary<OtlpMessage<'LogRecord'>> = fc.record(
  {
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber: fc.constantFrom(0, 9, 24, 25, 1000, -1),
    severityText: fc.constantFrom('', 'INFO'),
    body: anyValue,
    attributes: fc.oneof({ weight: 5, arbitrary: keyValues }, fc.constant(eventAttribute)),
    droppedAttributesCount: fc.constantFrom(0, 3),
    flags: fc.constantFrom(0, 1),
    traceId: id(16),
    spanId: id(8),
    eventName: fc.constantFrom('', 'cart.emptied', 'event.name'),
  },
  { ...NO_NULL, requiredKeys: [] },
);

/** The bytes of one record: mostly one message, sometimes two of which the later one adds to the earlier one. */
const recordBytes: fc.Arbitrary<Uint8Array> = fc
  .tuple(record, fc.option(record, { nil: undefined, freq: 4 }), unknown('32'))
  .map(([one, other, more]) => {
    const parts = [new Uint8Array(logRecordCodec.encode(one)), more];
    if (other) parts.push(new Uint8Array(logRecordCodec.encode(other)));
    return new Uint8Array(Buffer.concat(parts));
  });

const requests = fc.array(fc.array(group(recordBytes), { minLength: 1, maxLength: 3 }).map(request), {
  minLength: 1,
  maxLength: 5,
});

/** Raw blocks of OTLP's log records. */
export const otlpLogBlocks = requests.map((bodies) => rawBlocks(bodies.map((body) => scanLogs(body))));

const field = fc.tuple(
  fc.constantFrom(
    'user',
    'msg',
    'message',
    'ts',
    'level',
    'error',
    'caller',
    'trace_id',
    'logger',
    '__proto__',
    'größe',
    '',
  ),
  fc.constantFrom<unknown>(
    'Anna',
    '',
    '5',
    'a "quoted" word',
    'größer',
    'info',
    'main.go:7',
    'ab'.repeat(16),
    5,
    -5,
    0,
    1.5,
    1e21,
    1764000000.5,
    true,
    null,
    [1, 'x'],
    { inner: { deep: 1 } },
  ),
);
const line = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .array(field, { maxLength: 5 })
      .map(
        (fields) =>
          `{${fields.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`,
      ),
  },
  fc.constantFrom(
    '{ "msg": "spaced" }',
    '{"msg":"x"} ',
    '{"a":-0,"b":01}',
    '{"a":-0,"b":1.0}',
    '{"gr\\u00f6\\u00dfe":"Anna"}',
    'plain text',
    '{"cut',
    '{"msg":"\\u0041nna"}',
    'größer',
    '[1]',
  ),
);
const resource = fc.constantFrom({ 'service.name': 'shop' }, { 'service.name': 'shop', zone: 'ANNA-west' });

/** Raw blocks of lines of one file. */
export const lineBlocks = fc
  .tuple(resource, fc.array(fc.array(line, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 }))
  .map(([of, files]) =>
    rawBlocks(files.map((lines) => scanLogLines(Buffer.from(`${lines.join('\n')}\n`), of, 7n).batch)),
  );
