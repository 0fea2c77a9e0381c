import assert from 'node:assert/strict';
import test from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { scanLogLines } from '../../../collector/formats/log-line/scan-log-lines.ts';
import { decodeLogRecord, decodeSpan } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { scanAnyLogs } from '../../../collector/formats/otlp-protobuf/scan-logs.ts';
import { scanAnyTraces } from '../../../collector/formats/otlp-protobuf/scan-traces.ts';
import { encodeBlock } from '../../../collector/storage/embedded/block.ts';
import { coalesce } from '../../../collector/storage/embedded/coalesce.ts';
import { ColumnRoom } from '../../../collector/storage/embedded/column-room.ts';
import { expandBody, leanBody, wholeSpan } from '../../../collector/storage/embedded/lean-body.ts';
import { inflatedBody } from '../../../collector/storage/embedded/zstd-frame.ts';
import type { Batch, LogBatch, SpanBatch } from '../../../collector/telemetry/batch.ts';
import { stringAt } from '../../../collector/telemetry/columns.ts';
import { SPAN_KINDS, type Span } from '../../../collector/telemetry/model.ts';
import { inKernelMemory } from '../../helpers/kernel-body.ts';
import { spanBatch } from '../../helpers/telemetry.ts';
import { encodeByOracle, logsRequest, tracesRequest } from '../formats/oracle.ts';
import { mutations } from '../formats/tampering.ts';

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

/** What columns tell of span `i`. */
function told({ index }: SpanBatch, i: number): Span {
  const id = (ids: Uint8Array, size: number) => {
    const hex = Buffer.from(ids.subarray(i * size, (i + 1) * size)).toString('hex');
    return /^0*$/.test(hex) ? '' : hex;
  };
  const start = index.startTimeUnixNano[i]!;
  return {
    ...{
      traceId: id(index.traceId, 16),
      spanId: id(index.spanId, 8),
      parentSpanId: id(index.parentSpanId, 8),
    },
    ...{ name: stringAt(index.name, i), kind: SPAN_KINDS[index.kind[i]!]! },
    ...{ startTimeUnixNano: start, endTimeUnixNano: start + index.durationNano[i]! },
    ...{ status: 'unset', traceState: '', statusMessage: '', attributes: {}, events: [], links: [] },
    ...{ resource: {}, scope: '' },
  };
}

/** The spans of a batch whose body is `body`, whole. */
const rows = (batch: SpanBatch, body: Uint8Array) => {
  const { index, offsets, count } = batch;
  return Array.from({ length: count }, (_, i) => ({
    decoded: wholeSpan(told(batch, i), decodeSpan(body, offsets, i)),
    start: index.startTimeUnixNano[i],
    duration: index.durationNano[i],
    traceId: Buffer.from(index.traceId.subarray(i * 16, i * 16 + 16)).toString('hex'),
    name: stringAt(index.name, i),
    service: stringAt(index.service, i),
  }));
};

const parts = [spans('shop', 1, 5), spans('pay', 5, 6), spans('shop', 6, 9), spans('mail', 9, 30)];

test('small batches become one, with every record, its resource and its place as they were', () => {
  const [joined, ...more] = [...coalesce(parts)] as unknown as SpanBatch[];
  assert.equal(more.length, 0);
  assert.deepEqual(
    rows(joined!, expandBody(joined!.body)),
    parts.flatMap((part) => rows(part, part.body)),
  );
});

test('compressed bodies follow one another compressed', () => {
  const [joined, ...more] = [...coalesce(parts.map(compressed))] as SpanBatch[];
  assert.equal(more.length, 0);
  const body = gunzipSync(joined!.body);
  assert.deepEqual(
    rows(joined!, body),
    parts.flatMap((part) => rows(part, part.body)),
  );
});

test('a compressed body whose length is not known stays alone', () => {
  const { inflated: _, ...unknown } = compressed(parts[0]!);
  assert.equal([...coalesce([unknown, unknown])].length, 2);
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
  const joined = [...coalesce(batches)];
  assert.deepEqual(
    joined.map(({ signal, compression, resource, count }) => [
      signal,
      compression,
      resource['service.name'],
      count,
    ]),
    [
      ['logs', 'none', 'shop', 3],
      ['traces', 'interned', undefined, 4],
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
    spans('shop', 0, 1500),
    spans('shop', 1500, 2000),
    spans('shop', 2000, 3500),
    spans('shop', 3500, 6000),
  ];
  assert.deepEqual(
    [...coalesce(large)].map(({ count }) => count),
    [2000, 1500, 2500],
  );
});

test('blocks that are made one after the other are as each would be alone', () => {
  const runs = [
    [spans('shop', 0, 1500), spans('pay', 1500, 2000)],
    [spans('shop', 2000, 3500), spans('pay', 3500, 4000)],
    [spans('mail', 4000, 4500), spans('shop', 4500, 6000)],
  ];
  const encoded = (batches: readonly Batch[]) =>
    Array.from(coalesce(batches), (batch) => {
      const { columns, offsets, body } = encodeBlock(batch, 1n);
      return [columns, offsets, body].map((bytes) => Buffer.from(bytes).toString('base64'));
    });
  assert.deepEqual(encoded(runs.flat()), runs.flatMap(encoded));
});

test('columns are joined where those of the block before were, and what is too large has memory of its own', () => {
  const runs = Array.from({ length: 8 }, (_, n) => spans(`shop ${n >> 1}`, n * 900, (n + 1) * 900));
  const columns = Array.from(coalesce(runs), ({ index }) => (index as SpanBatch['index']).traceId);
  assert.equal(columns.length, 4);
  // The memory has its size once it held a block.
  const [before, last] = columns.slice(-2) as [Uint8Array, Uint8Array];
  assert.ok(before.buffer === last.buffer && before.byteOffset === last.byteOffset);
  const room = new ColumnRoom();
  const large = room.like(new Uint8Array(0), 3 * 1024 * 1024);
  const [small, next] = [room.like(new BigInt64Array(0), 3), room.like(new Uint8Array(0), 3)];
  assert.ok(large.buffer !== small.buffer && small.buffer === next.buffer);
  assert.ok(next.byteOffset >= small.byteOffset + small.byteLength);
});

/** Lean bodies of all batches together give every span back as its own body gives it. */
function givesBack(batches: readonly SpanBatch[]): void {
  const lean = leanBody(batches)!;
  const bodies = { body: expandBody(lean.stream), offsets: lean.offsets };
  let n = 0;
  for (const batch of batches) {
    for (let i = 0; i < batch.count; i++) {
      const expected = decodeSpan(batch.body, batch.offsets, i);
      assert.deepEqual(wholeSpan(told(batch, i), decodeSpan(bodies.body, bodies.offsets, n++)), expected);
    }
  }
}

test('lean bodies and columns together give back every span there may be', () => {
  fc.assert(
    fc.property(fc.array(tracesRequest, { minLength: 1, maxLength: 3 }), (requests) => {
      givesBack(requests.map((request) => scanAnyTraces(encodeByOracle('TracesData', request))));
    }),
    { numRuns: 100 },
  );
});

test('a body that is damaged and read all the same gives back what is read of it', () => {
  const seeds = fc
    .sample(tracesRequest, { numRuns: 30, seed: 5 })
    .map((one) => encodeByOracle('TracesData', one));
  let read = 0;
  for (const body of mutations(seeds, 3000)) {
    let batch: SpanBatch;
    try {
      batch = scanAnyTraces(body);
    } catch {
      continue;
    }
    givesBack([batch]);
    read += batch.count;
  }
  assert.ok(read > 100, `only ${read} spans were read: nothing was compared`);
});

test('a lean body holds neither ids nor names nor times, and an odd span keeps all of its fields', () => {
  const usual = spans('shop', 1, 3);
  const odd = { name: 'ends before it starts', startTimeUnixNano: '9', endTimeUnixNano: '5' };
  const request = { resourceSpans: [{ scopeSpans: [{ spans: [odd] }] }] };
  const text = (batch: SpanBatch) => Buffer.from(expandBody(leanBody([batch])!.stream)).toString('latin1');
  assert.doesNotMatch(text(usual), /span 1/);
  assert.match(text(scanAnyTraces(encodeByOracle('TracesData', request))), /ends before it starts/);
});

test('a lean body of log records lacks their ids and severity, and everything else is there', () => {
  fc.assert(
    fc.property(logsRequest, (request) => {
      const batch = scanAnyLogs(encodeByOracle('LogsData', request));
      const lean = leanBody([batch])!;
      const stream = Buffer.from(lean.stream);
      const inPlace = inKernelMemory(batch.body, (body) =>
        Buffer.from(leanBody([{ ...batch, body }])!.stream),
      );
      assert.deepEqual(inPlace, stream);
      const lines = expandBody(stream);
      for (let i = 0; i < batch.count; i++) {
        const { traceId, spanId, severityNumber, ...expected } = decodeLogRecord(
          batch.body,
          batch.offsets,
          i,
        );
        const {
          traceId: trace,
          spanId: span,
          severityNumber: severity,
          ...others
        } = decodeLogRecord(lines, lean.offsets, i);
        assert.deepEqual(others, expected);
        // An unusual record keeps all.
        if (trace !== '' || span !== '' || severity !== 0) {
          assert.deepEqual([trace, span, severity], [traceId, spanId, severityNumber]);
        } else {
          const id = (ids: Uint8Array, size: number) =>
            Buffer.from(ids.subarray(i * size, (i + 1) * size))
              .toString('hex')
              .replace(/^0*$/, '');
          const { index } = batch;
          const told = [id(index.traceId, 16), id(index.spanId, 8), index.severityNumber[i]];
          assert.deepEqual(told, [traceId, spanId, severityNumber]);
        }
      }
    }),
    { numRuns: 100 },
  );
  const usual = {
    traceId: Buffer.alloc(16, 7),
    spanId: Buffer.alloc(8, 7),
    severityNumber: 9,
    severityText: 'INFO',
  };
  const request = { resourceLogs: [{ scopeLogs: [{ logRecords: [usual] }] }] };
  const lean = leanBody([scanAnyLogs(encodeByOracle('LogsData', request))])!;
  assert.deepEqual(
    Buffer.from(expandBody(lean.stream)),
    Buffer.from([0x1a, 4, ...Buffer.from('INFO')]),
    'a usual one keeps its text alone',
  );
});

/** A request whose attributes repeat, of every length around those that the dictionary takes. */
function repeating(count: number): Uint8Array {
  const text = (n: number) => ({ stringValue: 'v'.repeat(n) });
  const attributes = [1, 2, 40, 240, 300, 5000].map((n) => ({ key: `k${n}`, value: text(n) }));
  const span = (i: number) => ({
    ...{ name: 'GET', startTimeUnixNano: '5', endTimeUnixNano: '9', traceId: Buffer.alloc(16, 1) },
    attributes: [...attributes, { key: 'number', value: { intValue: String(i % 3) } }],
    events: i % 4 === 0 ? [{ name: 'retry', timeUnixNano: '7', attributes }] : [],
  });
  return encodeByOracle('TracesData', {
    resourceSpans: [{ scopeSpans: [{ spans: Array.from({ length: count }, (_, i) => span(i)) }] }],
  });
}

test('attributes that repeat are stored once, whatever their lengths, and every span is whole', () => {
  const batch = scanAnyTraces(repeating(200));
  givesBack([batch]);
  const stream = Buffer.from(leanBody([batch])!.stream);
  const body = expandBody(stream);
  // 300 and 5,000 bytes are above what the dictionary takes.
  assert.ok(stream.length < body.length - 199 * (40 + 240), `${stream.length} of ${body.length} bytes`);
});

test('more attributes than the dictionary has room for are kept as they are', () => {
  const span = (i: number) => ({
    name: 'GET',
    attributes: Array.from({ length: 8 }, (_, n) => ({
      key: 'id',
      value: { stringValue: `user ${i} ${n}` },
    })),
  });
  const spans = Array.from({ length: 5000 }, (_, i) => span(i));
  givesBack([scanAnyTraces(encodeByOracle('TracesData', { resourceSpans: [{ scopeSpans: [{ spans }] }] }))]);
});

test('a damaged stream is refused, or gives other bytes of the length that it tells; it never does harm', () => {
  const stream = Buffer.from(leanBody([scanAnyTraces(repeating(12))])!.stream);
  const whole = expandBody(stream);
  let refused = 0;
  for (const damaged of mutations([stream], 4000)) {
    let body: Uint8Array;
    try {
      body = expandBody(damaged);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
      refused++;
      continue;
    }
    assert.equal(body.length, Buffer.from(damaged).readUInt32LE(4));
  }
  assert.ok(refused > 1000, `only ${refused} were refused`);
  assert.deepEqual(expandBody(stream), whole, 'what came before does not matter');
});

test('a body that was stored uncompressed is read by its checksum', () => {
  const batch = spans('shop', 1, 9);
  const [joined] = [...coalesce([batch])];
  const { body, meta } = encodeBlock(joined!, 1n);
  assert.equal(meta.compression, 'interned');
  assert.ok(inflatedBody(body, meta.compression).length > 0);
  for (let at = 0; at < body.length; at++) {
    const damaged = Buffer.from(body);
    damaged[at]! ^= 1;
    assert.throws(() => inflatedBody(damaged, meta.compression), RangeError, `byte ${at}`);
  }
});
