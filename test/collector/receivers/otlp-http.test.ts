import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import test, { type TestContext } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { decodeSpan } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { createOtlpHttp, type OtlpHttpOptions } from '../../../collector/receivers/otlp-http.ts';
import type { SpanBatch } from '../../../collector/telemetry/batch.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { decodeByOracle, encodeByOracle } from '../formats/oracle.ts';
import { ManualSchedule, Recording } from './recording.ts';

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';

const TRACES = encodeByOracle('TracesData', {
  resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'GET /orders/{id}', startTimeUnixNano: '5' }] }] }],
});

async function started(t: TestContext, recording: Recording, options: Partial<OtlpHttpOptions> = {}) {
  const receiver = createOtlpHttp({ host: '127.0.0.1', port: 0, ...options }, recording.deps);
  await receiver.start();
  t.after(() => receiver.stop());
  const base = `http://127.0.0.1:${receiver.port()}`;
  const post = (path: string, body: Uint8Array | string, headers: Record<string, string> = {}) =>
    fetch(base + path, { method: 'POST', body, headers: { 'Content-Type': PROTOBUF, ...headers } });
  return { receiver, base, post };
}

async function rpcStatus(response: Response): Promise<{ code?: number; message?: string }> {
  const type = response.headers.get('content-type');
  const body = new Uint8Array(await response.arrayBuffer());
  return type === PROTOBUF ? decodeByOracle('RpcStatus', body) : JSON.parse(Buffer.from(body).toString());
}

test('a protobuf request is answered with an empty success once it is durable', async (t) => {
  const recording = new Recording();
  const { post } = await started(t, recording);
  const held = recording.hold();
  let answered = false;
  const answer = post('/v1/traces', TRACES).finally(() => {
    answered = true;
  });
  await held.entered;
  // An empty request goes through the whole server while the first one waits for the store.
  assert.equal((await post('/v1/logs', '')).status, 200);
  assert.equal(answered, false);
  held.release();
  const response = await answer;
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), PROTOBUF);
  assert.equal((await response.arrayBuffer()).byteLength, 0);
  const batch = recording.batches[0] as SpanBatch;
  assert.equal(decodeSpan(batch.body, batch.offsets, 0).name, 'GET /orders/{id}');
  assert.deepEqual(recording.counts, ['otlp-http logs accepted 0', 'otlp-http traces accepted 1']);
});

test('a JSON request is answered in JSON', async (t) => {
  const recording = new Recording();
  const { post } = await started(t, recording);
  const body = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}';
  const response = await post('/v1/logs', body, { 'Content-Type': 'application/json; charset=utf-8' });
  assert.deepEqual([response.status, response.headers.get('content-type')], [200, JSON_TYPE]);
  assert.equal(await response.text(), '{}');
  assert.equal(recording.batches[0]?.count, 1);
});

test('metrics arrive as samples', async (t) => {
  const recording = new Recording();
  const { post } = await started(t, recording);
  const metrics = [{ name: 'g', gauge: { dataPoints: [{ timeUnixNano: '5', asInt: '1' }] } }];
  const body = encodeByOracle('MetricsData', { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
  assert.equal((await post('/v1/metrics', body)).status, 200);
  assert.deepEqual([recording.batches[0]?.signal, recording.batches[0]?.encoding], ['metrics', 'none']);
});

test('a gzip body is kept as it came, with offsets into the inflated one', async (t) => {
  const recording = new Recording();
  const { post } = await started(t, recording);
  const compressed = gzipSync(TRACES);
  assert.equal((await post('/v1/traces', compressed, { 'Content-Encoding': 'gzip' })).status, 200);
  const batch = recording.batches[0] as SpanBatch;
  assert.equal(batch.compression, 'gzip');
  assert.deepEqual(Buffer.from(batch.body), compressed);
  assert.equal(decodeSpan(gunzipSync(batch.body), batch.offsets, 0).name, 'GET /orders/{id}');
});

test('what is dropped of a request is told as partial success, and the sender does not send it again', async (t) => {
  const recording = new Recording();
  recording.drop = { records: 1, reason: 'record-too-large' };
  const { post } = await started(t, recording);
  const partial = { errorMessage: '1 of the records are not kept: record-too-large' };
  for (const headers of [{}, { Connection: 'close' }]) {
    const protobuf = await post('/v1/traces', TRACES, headers);
    assert.equal(protobuf.status, 200);
    const answer = decodeByOracle('ExportResponse', new Uint8Array(await protobuf.arrayBuffer()));
    assert.deepEqual(answer.partialSuccess, { rejected: '1', ...partial });
  }
  const body = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}';
  const json = await post('/v1/logs', body, { 'Content-Type': JSON_TYPE });
  assert.deepEqual(await json.json(), { partialSuccess: { rejectedLogRecords: '1', ...partial } });
});

test('an empty request is success in either encoding and stores nothing', async (t) => {
  const recording = new Recording();
  const { post } = await started(t, recording);
  assert.equal((await post('/v1/traces', '')).status, 200);
  assert.equal((await post('/v1/metrics', '{}', { 'Content-Type': JSON_TYPE })).status, 200);
  assert.equal(recording.batches.length, 0);
});

const refused: [
  what: string,
  path: string,
  body: Uint8Array | string,
  headers: Record<string, string>,
  status: number,
  code: number,
][] = [
  ['a damaged protobuf body', '/v1/traces', TRACES.subarray(0, 9), {}, 400, 3],
  ['a damaged JSON body', '/v1/traces', '{', { 'Content-Type': JSON_TYPE }, 400, 3],
  [
    'a damaged gzip body',
    '/v1/traces',
    gzipSync(TRACES).subarray(0, 20),
    { 'Content-Encoding': 'gzip' },
    400,
    3,
  ],
  ['an unknown path', '/v1/profiles', TRACES, {}, 404, 5],
  ['an unknown content type', '/v1/traces', TRACES, { 'Content-Type': 'text/plain' }, 415, 3],
  ['an unknown content encoding', '/v1/traces', TRACES, { 'Content-Encoding': 'br' }, 415, 3],
  ['a body above the limit', '/v1/traces', Buffer.alloc(5000), {}, 413, 8],
  [
    'a body that inflates beyond the limit',
    '/v1/traces',
    gzipSync(Buffer.alloc(10_000_000)).subarray(0),
    { 'Content-Encoding': 'gzip' },
    413,
    8,
  ],
];
for (const [what, path, body, headers, status, code] of refused) {
  test(`refused with ${status} and a google.rpc.Status: ${what}`, async (t) => {
    const recording = new Recording();
    const { post } = await started(t, recording, { maxBodyBytes: what.includes('inflates') ? 20_000 : 4000 });
    const response = await post(path, body, headers);
    assert.equal(response.status, status);
    const type = headers['Content-Type'] === undefined ? PROTOBUF : JSON_TYPE;
    assert.equal(response.headers.get('content-type'), type);
    const answer = await rpcStatus(response);
    assert.equal(answer.code, code);
    assert.ok(answer.message);
    assert.equal(response.headers.get('retry-after'), null);
    assert.equal(recording.batches.length, 0);
  });
}

test('a body of unknown length is cut off at the limit', async (t) => {
  const recording = new Recording();
  const { receiver } = await started(t, recording, { maxBodyBytes: 4000 });
  const status = await new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        port: receiver.port(),
        host: '127.0.0.1',
        path: '/v1/traces',
        method: 'POST',
        headers: { 'Content-Type': PROTOBUF },
      },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    request.on('error', reject);
    request.write(Buffer.alloc(3000));
    request.write(Buffer.alloc(3000));
  });
  assert.equal(status, 413);
  assert.deepEqual(recording.counts, ['otlp-http traces refused 1 too-large']);
});

test('another method is answered with 405 and the one that is taken', async (t) => {
  const { base } = await started(t, new Recording());
  const response = await fetch(`${base}/v1/traces`);
  assert.deepEqual([response.status, response.headers.get('allow')], [405, 'POST']);
});

test('what may be tried again is 503 with Retry-After, what may not is its own status', async (t) => {
  const recording = new Recording();
  const { post } = await started(t, recording);
  recording.refuse = new CollectorError('store-full', 'the disk is full', { retryAfterSeconds: 7 });
  const full = await post('/v1/traces', TRACES);
  assert.deepEqual([full.status, full.headers.get('retry-after')], [503, '7']);
  assert.deepEqual(await rpcStatus(full), { code: 14, message: 'the disk is full' });
  recording.refuse = new TypeError('a defect');
  assert.equal((await post('/v1/traces', TRACES)).status, 500);
  recording.refuse = undefined;
  assert.equal((await post('/v1/traces', TRACES)).status, 200);
  assert.deepEqual(recording.counts, [
    'otlp-http traces refused 1 store-full',
    'otlp-http traces refused 1 internal',
    'otlp-http traces accepted 1',
  ]);
});

test('above the bytes that may be under way senders are told to come again, until some are done', async (t) => {
  const recording = new Recording();
  const { post } = await started(t, recording, { maxUnderwayBytes: TRACES.length + 10 });
  const held = recording.hold();
  const first = post('/v1/traces', TRACES);
  await held.entered;
  const second = await post('/v1/traces', TRACES);
  assert.deepEqual([second.status, second.headers.get('retry-after')], [503, '1']);
  held.release();
  assert.equal((await first).status, 200);
  assert.equal((await post('/v1/traces', TRACES)).status, 200);
});

test('a sender that goes away in the middle leaves nothing behind', async (t) => {
  const recording = new Recording();
  const { receiver, post } = await started(t, recording, { maxUnderwayBytes: 300 });
  const socket = connect(receiver.port(), '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(
    `POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: ${PROTOBUF}\r\nContent-Length: 290\r\n\r\n${'x'.repeat(280)}`,
  );
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.destroy();
  await closed;
  let status = 503;
  while (status === 503) status = (await post('/v1/traces', TRACES)).status;
  assert.equal(status, 200);
  assert.deepEqual(
    recording.counts.filter((c) => !c.endsWith('overloaded')),
    ['otlp-http traces accepted 1'],
  );
});

test('stop waits for the request that is under way and takes no new one', async () => {
  const recording = new Recording();
  const receiver = createOtlpHttp({ host: '127.0.0.1', port: 0 }, recording.deps);
  await receiver.start();
  const url = `http://127.0.0.1:${receiver.port()}/v1/traces`;
  const held = recording.hold();
  const answer = fetch(url, { method: 'POST', body: TRACES, headers: { 'Content-Type': PROTOBUF } });
  await held.entered;
  let stopped = false;
  const stop = receiver.stop().then(() => {
    stopped = true;
  });
  await assert.rejects(fetch(url, { method: 'POST', body: TRACES, headers: { 'Content-Type': PROTOBUF } }));
  assert.equal(stopped, false);
  held.release();
  assert.equal((await answer).status, 200);
  await stop;
  assert.equal(recording.batches.length, 1);
});

test('stop gives up a sender that does not end its request within five seconds', async () => {
  const timers = new ManualSchedule();
  const receiver = createOtlpHttp(
    { host: '127.0.0.1', port: 0 },
    { ...new Recording().deps, schedule: timers.schedule },
  );
  await receiver.start();
  const socket = connect(receiver.port(), '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  socket.write(
    `POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: ${PROTOBUF}\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n`,
  );
  // The server's "100 Continue" shows that it waits for the body.
  await new Promise((resolve) => socket.once('data', resolve));
  const stop = receiver.stop();
  timers.fire(5_000);
  await stop;
  await closed;
});

test('a taken port is an error of start, not of the process', async (t) => {
  const { receiver } = await started(t, new Recording());
  const second = createOtlpHttp({ host: '127.0.0.1', port: receiver.port() }, new Recording().deps);
  await assert.rejects(second.start(), { code: 'EADDRINUSE' });
});

test('CORS is off unless an origin is configured', async (t) => {
  const ask = (base: string, origin: string) =>
    fetch(`${base}/v1/traces`, {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type',
      },
    });
  const off = await started(t, new Recording());
  assert.equal((await ask(off.base, 'https://shop.example')).status, 405);
  const on = await started(t, new Recording(), { cors: ['https://shop.example'] });
  const allowed = await ask(on.base, 'https://shop.example');
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://shop.example');
  assert.equal(allowed.headers.get('access-control-allow-headers'), 'content-type');
  assert.equal(
    (await ask(on.base, 'https://other.example')).headers.get('access-control-allow-origin'),
    null,
  );
});
