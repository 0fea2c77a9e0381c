import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeExportResponse, encodeStatus } from '../../../collector/formats/otlp-protobuf/responses.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { decodeByOracle } from './oracle.ts';

test('full success leaves partial_success unset in both encodings', () => {
  assert.equal(encodeExportResponse('traces', 'protobuf').length, 0);
  assert.equal(Buffer.from(encodeExportResponse('traces', 'json')).toString(), '{}');
});

test('partial success names what was refused, under the key of its signal', () => {
  const partial = { rejected: 3n, errorMessage: 'too old' };
  assert.deepEqual(decodeByOracle('ExportResponse', encodeExportResponse('logs', 'protobuf', partial)), {
    partialSuccess: { rejected: '3', errorMessage: 'too old' },
  });
  const keys = {
    traces: 'rejectedSpans',
    logs: 'rejectedLogRecords',
    metrics: 'rejectedDataPoints',
  } as const;
  for (const signal of ['traces', 'logs', 'metrics'] as const) {
    assert.deepEqual(JSON.parse(Buffer.from(encodeExportResponse(signal, 'json', partial)).toString()), {
      partialSuccess: { [keys[signal]]: '3', errorMessage: 'too old' },
    });
  }
});

test('an error is a google.rpc.Status with the gRPC code of its HTTP status', () => {
  const codes = { 'bad-data': 3, 'not-found': 5, 'too-large': 8, overloaded: 14, internal: 13 } as const;
  for (const [code, rpc] of Object.entries(codes) as [keyof typeof codes, number][]) {
    const error = new CollectorError(code, 'what is wrong');
    assert.deepEqual(decodeByOracle('RpcStatus', encodeStatus(error, 'protobuf')), {
      code: rpc,
      message: 'what is wrong',
    });
    assert.deepEqual(JSON.parse(Buffer.from(encodeStatus(error, 'json')).toString()), {
      code: rpc,
      message: 'what is wrong',
    });
  }
});
