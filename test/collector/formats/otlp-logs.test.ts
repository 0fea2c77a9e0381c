import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseLogsJson } from '../../../collector/formats/otlp-json/parse-request.ts';
import { decodeLogRecord } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { logsCodec } from '../../../collector/formats/otlp-protobuf/messages.ts';
import { scanLogs } from '../../../collector/formats/otlp-protobuf/scan-logs.ts';
import type { LogBatch } from '../../../collector/telemetry/batch.ts';
import { stringAt } from '../../../collector/telemetry/columns.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import {
  type NaiveRecord,
  naiveAttributes,
  naiveHex,
  naiveLogIndex,
  naiveValue,
  recordsOf,
} from './naive.ts';
import { decodeByOracle, encodeByOracle, logsRequest } from './oracle.ts';
import { mutations, toJson } from './tampering.ts';

function indexRows({ index, count }: LogBatch) {
  return Array.from({ length: count }, (_, i) => ({
    time: index.timeUnixNano[i],
    severity: index.severityNumber[i],
    service: stringAt(index.service, i),
    traceId: naiveHex(index.traceId.subarray(i * 16, i * 16 + 16)),
    spanId: naiveHex(index.spanId.subarray(i * 8, i * 8 + 8)),
  }));
}

function naiveLog(naive: NaiveRecord) {
  const { record, resource, scope } = naive;
  const attributes = naiveAttributes(record.attributes);
  if (record.eventName) attributes['event.name'] ??= record.eventName;
  const time = BigInt(record.timeUnixNano ?? 0) || BigInt(record.observedTimeUnixNano ?? 0);
  return {
    timeUnixNano: time,
    severityNumber: naiveLogIndex(naive).severity,
    severityText: record.severityText ?? '',
    body: naiveValue(record.body),
    traceId: naiveHex(record.traceId),
    spanId: naiveHex(record.spanId),
    attributes,
    resource,
    scope,
  };
}

const naiveRecords = (bytes: Uint8Array) =>
  recordsOf(decodeByOracle('LogsData', bytes), 'resourceLogs', 'scopeLogs', 'logRecords');

function assertReads(bytes: Uint8Array) {
  const batch = scanLogs(bytes);
  const truth = naiveRecords(bytes);
  assert.deepEqual(indexRows(batch), truth.map(naiveLogIndex));
  assert.deepEqual(
    truth.map((_, i) => decodeLogRecord(bytes, batch.offsets, i)),
    truth.map(naiveLog),
  );
}

test('log records that protobufjs encoded are indexed and decoded as protobufjs decodes them', () => {
  fc.assert(
    fc.property(logsRequest, (request) => assertReads(encodeByOracle('LogsData', request))),
    { numRuns: 50 },
  );
});

test('log records encoded here are read by protobufjs as they were meant', () => {
  fc.assert(
    fc.property(logsRequest, (request) => {
      const bytes = encodeByOracle('LogsData', request);
      const again = logsCodec.encode(logsCodec.decode(bytes));
      assert.deepEqual(decodeByOracle('LogsData', again), decodeByOracle('LogsData', bytes));
    }),
    { numRuns: 50 },
  );
});

test('the same log request as JSON and as protobuf gives the same records', () => {
  fc.assert(
    fc.property(logsRequest, (request) => {
      const bytes = encodeByOracle('LogsData', request);
      const json = parseLogsJson(Buffer.from(toJson(decodeByOracle('LogsData', bytes))));
      const truth = naiveRecords(bytes);
      assert.deepEqual(indexRows(json), truth.map(naiveLogIndex));
      assert.deepEqual(
        truth.map((_, i) => decodeLogRecord(json.body, json.offsets, i)),
        truth.map(naiveLog),
      );
    }),
    { numRuns: 60 },
  );
});

test('a log body cut off at any byte is refused', () => {
  const body = encodeByOracle('LogsData', {
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
        scopeLogs: [
          {
            logRecords: [
              {
                timeUnixNano: '1700000000000000001',
                severityNumber: 13,
                body: { stringValue: 'redis attempt failed' },
              },
            ],
          },
        ],
      },
    ],
  });
  assert.equal(scanLogs(body).count, 1);
  for (let length = 1; length < body.length; length++) {
    assert.throws(() => scanLogs(body.subarray(0, length)), { code: 'bad-data' }, `cut to ${length} bytes`);
  }
});

test('a damaged log body is refused, or read as protobufjs reads it', () => {
  const seeds = fc.sample(logsRequest, { numRuns: 40, seed: 11 });
  let accepted = 0;
  for (const body of mutations(
    seeds.map((r) => encodeByOracle('LogsData', r)),
    2000,
  )) {
    try {
      scanLogs(body);
    } catch (error) {
      assert.ok(error instanceof CollectorError && error.code === 'bad-data', String(error));
      continue;
    }
    accepted++;
    assertReads(body);
  }
  assert.ok(accepted > 100, `only ${accepted} damaged bodies were still readable: the fuzz tests too little`);
});
