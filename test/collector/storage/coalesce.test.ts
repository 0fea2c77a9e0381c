import assert from 'node:assert/strict';
import test from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { scanLogLines } from '../../../collector/formats/log-line/scan-log-lines.ts';
import { decodeSpan } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { scanTraces } from '../../../collector/formats/otlp-protobuf/scan-traces.ts';
import { coalesce } from '../../../collector/storage/embedded/coalesce.ts';
import type { Batch, LogBatch, SpanBatch } from '../../../collector/telemetry/batch.ts';
import { stringAt } from '../../../collector/telemetry/columns.ts';
import { spanBatch } from '../../helpers/telemetry.ts';

/** Spans `from` to `to` of a service, as one batch. */
function spans(service: string, from: number, to: number): SpanBatch {
  return spanBatch(
    Array.from({ length: to - from }, (_, n) => {
      const hex = (from + n).toString(16).padStart(16, '0');
      const attributes = { number: `${from + n}` };
      return {
        ...{ traceId: hex + hex, spanId: hex, name: `span ${(from + n) % 7}`, service, attributes },
        ...{ start: BigInt(from + n), duration: BigInt(n) },
      };
    }),
  );
}

/** The same batch as it comes from a sender that compresses. */
function compressed(batch: SpanBatch): SpanBatch {
  return { ...batch, body: gzipSync(batch.body), inflated: batch.body, compression: 'gzip' };
}

const rows = ({ index, offsets, count }: SpanBatch, body: Uint8Array) =>
  Array.from({ length: count }, (_, i) => ({
    decoded: decodeSpan(body, offsets, i),
    start: index.startTimeUnixNano[i],
    duration: index.durationNano[i],
    traceId: Buffer.from(index.traceId.subarray(i * 16, i * 16 + 16)).toString('hex'),
    name: stringAt(index.name, i),
    service: stringAt(index.service, i),
  }));

const parts = [spans('shop', 1, 5), spans('pay', 5, 6), spans('shop', 6, 9), spans('mail', 9, 30)];

test('small batches become one, with every record, its resource and its place as they were', () => {
  const [joined, ...more] = coalesce(parts) as SpanBatch[];
  assert.equal(more.length, 0);
  assert.deepEqual(
    rows(joined!, joined!.body),
    parts.flatMap((part) => rows(part, part.body)),
  );
  const again = scanTraces(joined!.body);
  assert.deepEqual(joined!.offsets, again.offsets, 'the joined body says the same');
});

test('compressed bodies follow one another compressed', () => {
  const [joined, ...more] = coalesce(parts.map(compressed)) as SpanBatch[];
  assert.equal(more.length, 0);
  const body = gunzipSync(joined!.body);
  assert.deepEqual(
    rows(joined!, body),
    parts.flatMap((part) => rows(part, part.body)),
  );
});

test('a compressed body whose length is not known stays alone', () => {
  const { inflated: _, ...unknown } = compressed(parts[0]!);
  assert.equal(coalesce([unknown, unknown]).length, 2);
});

test('what differs in signal, compression or the resource of its file is not joined, and keeps its order', () => {
  const lines = (service: string, text: string): LogBatch =>
    scanLogLines(Buffer.from(text), { 'service.name': service }, 7n).batch;
  const batches: Batch[] = [
    lines('shop', '{"msg":"one"}\n'),
    parts[0]!,
    lines('pay', '{"msg":"two"}\n'),
    compressed(parts[1]!),
    lines('shop', '{"msg":"three"}'),
    lines('shop', '{"msg":"four"}\n'),
  ];
  const joined = coalesce(batches);
  assert.deepEqual(
    joined.map(({ signal, compression, resource, count }) => [
      signal,
      compression,
      resource['service.name'],
      count,
    ]),
    [
      ['logs', 'none', 'shop', 3],
      ['traces', 'none', undefined, 4],
      ['logs', 'none', 'pay', 1],
      ['traces', 'gzip', undefined, 1],
    ],
  );
  const { body, offsets } = joined[0]!;
  const texts = [...offsets.offset].map((from, i) =>
    Buffer.from(body.subarray(from, from + offsets.length[i]!)).toString(),
  );
  assert.deepEqual(texts, ['{"msg":"one"}', '{"msg":"three"}', '{"msg":"four"}']);
});

test('a block that is full is followed by another one', () => {
  const large = [
    spans('shop', 0, 3000),
    spans('shop', 3000, 4000),
    spans('shop', 4000, 7000),
    spans('shop', 7000, 12000),
  ];
  assert.deepEqual(
    coalesce(large).map(({ count }) => count),
    [4000, 3000, 5000],
  );
});
