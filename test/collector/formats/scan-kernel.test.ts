import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { planAssembly } from '../../../collector/assembly.ts';
import { scanLogsFast, scanSpansFast } from '../../../collector/formats/otlp-protobuf/scan-kernel.ts';
import { scanAnyLogs } from '../../../collector/formats/otlp-protobuf/scan-logs.ts';
import { scanAnyTraces } from '../../../collector/formats/otlp-protobuf/scan-traces.ts';
import type { RecordOffsets } from '../../../collector/telemetry/batch.ts';
import { inKernelMemory, withRoomBehind } from '../../helpers/kernel-body.ts';
import { encodeByOracle, logsRequest, type Plain, tracesRequest } from './oracle.ts';
import { mutations } from './tampering.ts';

/** What both scanners must agree on. */
interface Scanned {
  count: number;
  index: object;
  offsets: RecordOffsets;
}

const SIGNALS = [
  { type: 'TracesData', requests: tracesRequest, fast: scanSpansFast, any: scanAnyTraces },
  { type: 'LogsData', requests: logsRequest, fast: scanLogsFast, any: scanAnyLogs },
] as const;

const usual = (text: string) => ({ stringValue: text });

/** A request as SDKs make it, with every kind of value. */
function usualRequest(n: number): Plain {
  const attributes = [
    { key: 'http.route', value: usual('/orders/{id}') },
    { key: 'http.request.method', value: usual(n % 2 === 0 ? 'GET' : 'POST') },
    { key: 'http.method', value: usual('PUT') },
    { key: 'http.response.status_code', value: { intValue: '200' } },
    { key: 'http.status_code', value: { intValue: '503' } },
    { key: 'größe', value: usual('ä'.repeat(n)) },
    { key: 'long', value: usual('x'.repeat(n * 100)) },
    { key: 'on', value: { boolValue: true } },
    { key: 'ratio', value: { doubleValue: 0.5 } },
    { key: 'below', value: { intValue: '-5' } },
    { key: 'raw', value: { bytesValue: Buffer.from([1, 2, 3]) } },
    { key: 'tags', value: { arrayValue: { values: [usual('a'), { intValue: '1' }, {}] } } },
    { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: usual('v') }] } } },
    { key: 'nothing', value: {} },
  ];
  const ids = { traceId: Buffer.alloc(16, n + 1), spanId: Buffer.alloc(8, n + 1) };
  const span = {
    ...ids,
    ...{
      parentSpanId: n % 3 === 0 ? Buffer.alloc(0) : Buffer.alloc(8, 9),
      traceState: 'ot=th:8',
      flags: 257,
    },
    ...{
      name: `GET ${n}`,
      kind: 2,
      startTimeUnixNano: '1700000000000000001',
      endTimeUnixNano: '1700000000000000009',
    },
    attributes,
    events: [{ timeUnixNano: '1700000000000000002', name: 'retry', attributes, droppedAttributesCount: 1 }],
    links: [{ ...ids, traceState: 'a=b', attributes, flags: 1 }],
    status: { code: 2, message: 'timed out' },
    droppedAttributesCount: 3,
  };
  const record = {
    ...ids,
    ...{
      timeUnixNano: '1700000000000000001',
      observedTimeUnixNano: '1700000000000000005',
      severityNumber: 17,
    },
    ...{ severityText: 'ERROR', body: usual('payment refused'), attributes, flags: 1, eventName: 'refused' },
  };
  const resource = {
    attributes: [
      { key: 'service.name', value: usual('shop') },
      { key: 'host.name', value: usual('a') },
    ],
  };
  const scope = { name: 'otelhttp', version: '1.2.3' };
  const schemaUrl = 'https://opentelemetry.io/schemas/1.37.0';
  return {
    resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span, span], schemaUrl }], schemaUrl }],
    resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [record, record], schemaUrl }], schemaUrl }],
  };
}

/** Read in between: what was found before must stay. */
const ANOTHER = encodeByOracle('TracesData', usualRequest(3));

/** What the kernel accepts, the scanner that reads everything accepts with the same columns; tells if it did accept. */
function agrees({ fast, any }: (typeof SIGNALS)[number], body: Uint8Array): boolean {
  const found: Scanned | undefined = fast(body);
  assert.deepEqual(inKernelMemory<Scanned | undefined>(body, fast), found);
  withRoomBehind(body, (own) => {
    const behind: Scanned | undefined = fast(own);
    inKernelMemory<Scanned | undefined>(ANOTHER, fast);
    withRoomBehind<Scanned | undefined>(ANOTHER, fast);
    assert.deepEqual(behind, found);
    assert.deepEqual(Buffer.from(own), Buffer.from(body));
  });
  if (found === undefined) return false;
  const { count, index, offsets }: Scanned = any(body);
  assert.deepEqual(found, { count, index, offsets });
  return true;
}

test('the compiled kernel is what its source gives', async () => {
  for (const [path, text] of await planAssembly()) {
    assert.equal(readFileSync(path, 'utf8'), text, `${path} is stale: npm run golden`);
  }
});

for (const signal of SIGNALS) {
  test(`the kernel reads ${signal.type} as SDKs send it, and reads it like the scanner in TypeScript`, () => {
    for (let n = 0; n < 12; n++) {
      assert.ok(agrees(signal, encodeByOracle(signal.type, usualRequest(n))), `gave up on request ${n}`);
    }
    assert.ok(agrees(signal, new Uint8Array(0)));
  });

  test(`whatever of ${signal.type} the kernel accepts has the same columns as in TypeScript`, () => {
    fc.assert(
      fc.property(signal.requests, (request) => {
        agrees(signal, encodeByOracle(signal.type, request));
      }),
      { numRuns: 150 },
    );
  });

  test(`damaged ${signal.type} is never accepted by the kernel when TypeScript refuses it`, () => {
    const seeds = Array.from({ length: 6 }, (_, n) => encodeByOracle(signal.type, usualRequest(n)));
    let accepted = 0;
    for (const body of mutations(seeds, 6000)) if (agrees(signal, body)) accepted++;
    assert.ok(accepted > 300, `only ${accepted} were accepted: nothing was compared`);
  });

  test(`${signal.type} cut off at any byte is not accepted by the kernel`, () => {
    const body = encodeByOracle(signal.type, usualRequest(1));
    for (let length = 1; length < body.length; length++) {
      assert.equal(signal.fast(body.subarray(0, length)), undefined, `cut to ${length} bytes`);
    }
  });
}

test('a span that repeats an attribute with ever other values has its last one, however many there are', () => {
  const attributes = Array.from({ length: 50 }, (_, n) => ({ key: 'http.route', value: usual(`/${n}`) }));
  const span = { traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 1), name: 'n', attributes };
  const body = encodeByOracle('TracesData', { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  assert.equal(scanSpansFast(body), undefined);
  const { index } = scanAnyTraces(body);
  assert.equal(index.route.dictionary[index.route.index[0]!], '/49');
});
