import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scanLogLines } from '../../../collector/formats/log-line/scan-log-lines.ts';
import { decodeSpan } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { scanLogs } from '../../../collector/formats/otlp-protobuf/scan-logs.ts';
import { scanTraces } from '../../../collector/formats/otlp-protobuf/scan-traces.ts';
import type { Dropped } from '../../../collector/processors/processor.ts';
import { createRecordSize } from '../../../collector/processors/record-size.ts';
import type { Batch, LogBatch, SpanBatch } from '../../../collector/telemetry/batch.ts';
import { logBatch, type PlainSpan, spanBatch } from '../../helpers/telemetry.ts';

const span = (service: string, name: string, size: number): PlainSpan => ({
  ...{
    traceId: 'ab'.repeat(16),
    spanId: Buffer.from(name.padEnd(8)).toString('hex'),
    name,
    service,
    kind: 2,
  },
  ...{ start: BigInt(size), duration: 1n, route: `/${name}`, attributes: { filler: 'x'.repeat(size) } },
});

const cut = (batch: Batch, options = {}) =>
  createRecordSize({ maxRecordBytes: 1000, ...options }).process(batch, { clock: () => 0n });

test('a batch whose records are small enough goes on as it came', () => {
  const batch = spanBatch([span('shop', 'a', 100), span('shop', 'b', 800)]);
  assert.equal(cut(batch), batch);
});

test('a span that is too large is dropped, and the rest of its batch is what a scan of the new body finds', () => {
  const all = ['a', 'b', 'c', 'd', 'e'].map((name, i) =>
    span(i < 3 ? 'shop' : 'pay', name, i % 2 === 1 ? 70_000 : 10),
  );
  const batch = spanBatch(all);
  const { dropped, records, rest } = cut(batch) as Dropped & { rest: SpanBatch };
  assert.deepEqual([dropped, records], ['record-too-large', 2]);
  const found = scanTraces(rest.body);
  const names = (of: SpanBatch) =>
    Array.from({ length: of.count }, (_, i) => decodeSpan(of.body, of.offsets, i).name);
  assert.deepEqual(names(rest), ['a', 'c', 'e']);
  assert.deepEqual(names(found), names(rest));
  assert.deepEqual(rest.offsets, found.offsets);
  assert.deepEqual(
    [rest.index.spanId, rest.index.startTimeUnixNano, rest.index.traceId],
    [found.index.spanId, found.index.startTimeUnixNano, found.index.traceId],
  );
  const services = ({ index: { service } }: SpanBatch) =>
    [...service.index].map((i) => service.dictionary[i]);
  assert.deepEqual(services(rest), ['shop', 'shop', 'pay']);
});

test('log records and lines that are too large are dropped', () => {
  const log = (size: number) => ({
    time: BigInt(size),
    severityNumber: 9,
    service: 'shop',
    body: 'y'.repeat(size),
  });
  const { rest } = cut(logBatch([log(5000), log(3), log(1)])) as Dropped & { rest: LogBatch };
  assert.deepEqual([...rest.index.timeUnixNano], [3n, 1n]);
  assert.deepEqual(scanLogs(rest.body).offsets, rest.offsets);
  const lines = Buffer.from(`{"msg":"a"}\n{"msg":"${'b'.repeat(2000)}"}\n{"msg":"c"}\n`);
  const cutLines = cut(scanLogLines(lines, { 'service.name': 'shop' }, 7n).batch) as Dropped & {
    rest: LogBatch;
  };
  assert.deepEqual(
    scanLogLines(cutLines.rest.body, { 'service.name': 'shop' }, 7n).batch.offsets,
    cutLines.rest.offsets,
  );
  assert.equal(cutLines.rest.count, 2);
});

test('a service may have a limit of its own', () => {
  const batch = spanBatch([span('shop', 'a', 3000), span('pay', 'b', 3000)]);
  const result = cut(batch, { services: { pay: { maxRecordBytes: 9000 } } }) as Dropped & { rest: SpanBatch };
  assert.deepEqual([result.records, result.rest.count], [1, 1]);
});
