import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { decodeSpan } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { createOtlpGrpc, type OtlpGrpcOptions } from '../../../collector/receivers/otlp-grpc.ts';
import type { SpanBatch } from '../../../collector/telemetry/batch.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { encodeByOracle } from '../formats/oracle.ts';
import { ManualSchedule, Recording } from './recording.ts';

const PATHS = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
};

const TRACES = encodeByOracle('TracesData', {
  resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'GET /orders/{id}', startTimeUnixNano: '5' }] }] }],
});

const GZIP = 2;

/** google.rpc.Status, as protobufjs reads it. */
const RpcStatus = protobuf
  .parse(`syntax = "proto3";
    message Any { string type_url = 1; bytes value = 2; }
    message Status { int32 code = 1; string message = 2; repeated Any details = 3; }`)
  .root.lookupType('Status');

async function started(t: TestContext, recording: Recording, options: Partial<OtlpGrpcOptions> = {}) {
  const timers = new ManualSchedule();
  const called = Promise.withResolvers<void>();
  const receiver = createOtlpGrpc(
    { host: '127.0.0.1', port: 0, ...options },
    {
      ...recording.deps,
      schedule: (task, ms) => {
        called.resolve();
        return timers.schedule(task, ms);
      },
    },
  );
  await receiver.start();
  const clients: { close(): void }[] = [];
  const client = (compression = 0) => {
    const made = new Client(`127.0.0.1:${receiver.port()}`, credentials.createInsecure(), {
      'grpc.default_compression_algorithm': compression,
      'grpc.enable_retries': 0,
      'grpc.enable_http_proxy': 0,
    });
    clients.push(made);
    return made;
  };
  t.after(async () => {
    for (const made of clients) made.close();
    await receiver.stop();
  });
  const plain = client();
  return {
    receiver,
    timers,
    /** Resolves when the first call has begun. */
    called: called.promise,
    client,
    /** Is closed before the receiver is stopped. */
    closeAtEnd: (closing: { close(): void }) => clients.push(closing),
    send: (path: string, body: Uint8Array, by = plain) => sendBy(by, path, body),
  };
}

const asItIs = (bytes: Uint8Array) => Buffer.from(bytes);

/** Sends one message; gives the answer's bytes, or the error of the call. */
function sendBy(client: Client, path: string, body: Uint8Array): Promise<Buffer | ServiceError> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, asItIs, asItIs, body, new Metadata(), (error, answer) =>
      resolve(error ?? answer!),
    );
  });
}

/** Code, message, and what google.rpc.Status in the trailers says. */
function told(answer: Buffer | ServiceError) {
  assert.ok(answer instanceof Error, 'the call went well');
  const [bytes = Buffer.alloc(0)] = answer.metadata.get('grpc-status-details-bin');
  const { details = [], ...rpc } = RpcStatus.toObject(RpcStatus.decode(bytes as Buffer));
  return { code: answer.code, message: answer.details, rpc, details };
}

test('a message is answered with an empty success once it is durable', async (t) => {
  const recording = new Recording();
  const { send } = await started(t, recording);
  const held = recording.hold();
  let answered = false;
  const answer = send(PATHS.traces, TRACES).finally(() => {
    answered = true;
  });
  await held.entered;
  // An empty request goes through the whole server while the first one waits for the store.
  assert.deepEqual(await send(PATHS.logs, new Uint8Array(0)), Buffer.alloc(0));
  assert.equal(answered, false);
  held.release();
  assert.deepEqual(await answer, Buffer.alloc(0));
  const batch = recording.batches[0] as SpanBatch;
  assert.equal(decodeSpan(batch.body, batch.offsets, 0).name, 'GET /orders/{id}');
  assert.deepEqual(recording.counts, ['otlp-grpc logs accepted 0', 'otlp-grpc traces accepted 1']);
});

test('all three signals are taken, plain and gzip', async (t) => {
  const recording = new Recording();
  const { send, client } = await started(t, recording);
  const metrics = [{ name: 'g', gauge: { dataPoints: [{ timeUnixNano: '5', asInt: '1' }] } }];
  const logRecords = [{ body: { stringValue: 'a' } }];
  const bodies = {
    traces: TRACES,
    metrics: encodeByOracle('MetricsData', { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }),
    logs: encodeByOracle('LogsData', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] }),
  };
  for (const by of [client(), client(GZIP)]) {
    for (const signal of ['traces', 'metrics', 'logs'] as const) {
      assert.deepEqual(await send(PATHS[signal], bodies[signal], by), Buffer.alloc(0));
    }
  }
  const signals = recording.batches.map(({ signal, count }) => [signal, count]);
  assert.deepEqual(signals.slice(0, 3), [
    ['traces', 1],
    ['metrics', 1],
    ['logs', 1],
  ]);
  assert.deepEqual(signals.slice(3), signals.slice(0, 3));
});

test('bad data is INVALID_ARGUMENT, and stays with the sender', async (t) => {
  const recording = new Recording();
  const { send } = await started(t, recording);
  const answer = told(await send(PATHS.traces, TRACES.subarray(0, 9)));
  assert.equal(answer.code, status.INVALID_ARGUMENT);
  assert.match(answer.message, /not readable at byte/);
  assert.deepEqual(answer.rpc, { code: 3, message: answer.message });
  assert.deepEqual(answer.details, []);
  assert.deepEqual(recording.counts, ['otlp-grpc traces refused 1 bad-data']);
});

/** One call as raw HTTP/2, for what the client library would not send; gives the trailers. */
function rawCall(port: number, path: string, message: Buffer, headers: Record<string, string> = {}) {
  return new Promise<Record<string, unknown>>((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on('error', reject);
    const type = { 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request({ ':method': 'POST', ':path': path, ...type, ...headers });
    let found: Record<string, unknown> = {};
    const note = (more: Record<string, unknown>) => {
      found = { ...found, ...more };
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('error', reject);
    stream.on('close', () => {
      session.close();
      resolve(found);
    });
    stream.resume();
    stream.end(message);
  });
}

/** gRPC's frame: compressed or not, length, message. */
function framed(message: Uint8Array, compressed: boolean): Buffer {
  const head = Buffer.alloc(5);
  head[0] = compressed ? 1 : 0;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

test('a damaged gzip message is INVALID_ARGUMENT and counted', async (t) => {
  const recording = new Recording();
  const { receiver } = await started(t, recording);
  const damaged = framed(gzipSync(TRACES).subarray(0, 20), true);
  const answer = await rawCall(receiver.port(), PATHS.traces, damaged, { 'grpc-encoding': 'gzip' });
  assert.equal(Number(answer['grpc-status']), status.INVALID_ARGUMENT);
  assert.deepEqual(recording.counts, ['otlp-grpc traces refused 1 bad-data']);
});

test('a message above the limit, inflated or not, is RESOURCE_EXHAUSTED without RetryInfo', async (t) => {
  const recording = new Recording();
  const { send, client } = await started(t, recording, { maxBodyBytes: 4000 });
  for (const by of [client(), client(GZIP)]) {
    const answer = told(await send(PATHS.logs, Buffer.alloc(1_000_000), by));
    assert.equal(answer.code, status.RESOURCE_EXHAUSTED);
    assert.match(answer.message, /more than 4000 bytes: send smaller batches or raise/);
    assert.deepEqual(answer.details, []);
  }
  const refused = 'otlp-grpc logs refused 1 too-large';
  assert.deepEqual(recording.counts, [refused, refused]);
  assert.equal(recording.batches.length, 0);
});

test('what may be tried again is UNAVAILABLE with RetryInfo, a defect is INTERNAL', async (t) => {
  const recording = new Recording();
  const { send } = await started(t, recording);
  recording.refuse = new CollectorError('store-full', 'the disk is full', { retryAfterSeconds: 7 });
  const full = told(await send(PATHS.traces, TRACES));
  assert.deepEqual([full.code, full.message], [status.UNAVAILABLE, 'the disk is full']);
  const [info] = full.details;
  assert.equal(info.typeUrl, 'type.googleapis.com/google.rpc.RetryInfo');
  // RetryInfo{retry_delay: Duration{seconds: 7}}
  assert.deepEqual([...info.value], [0x0a, 2, 0x08, 7]);
  recording.refuse = new TypeError('a defect');
  assert.equal(told(await send(PATHS.traces, TRACES)).code, status.INTERNAL);
  assert.equal(recording.warnings.length, 1);
  recording.refuse = new CollectorError(
    'overloaded',
    `service ${'x\ud83d\ude00'.repeat(1000)} sends too much`,
  );
  const long = told(await send(PATHS.traces, TRACES));
  assert.equal(long.code, status.UNAVAILABLE);
  recording.refuse = undefined;
  assert.ok(Buffer.isBuffer(await send(PATHS.traces, TRACES)));
  assert.deepEqual(recording.counts, [
    'otlp-grpc traces refused 1 store-full',
    'otlp-grpc traces refused 1 internal',
    'otlp-grpc traces refused 1 overloaded',
    'otlp-grpc traces accepted 1',
  ]);
});

test('above the bytes that may be under way senders are told to come again, until some are done', async (t) => {
  const recording = new Recording();
  const { send } = await started(t, recording, { maxUnderwayBytes: TRACES.length + 10 });
  const held = recording.hold();
  const first = send(PATHS.traces, TRACES);
  await held.entered;
  const second = told(await send(PATHS.traces, TRACES));
  assert.equal(second.code, status.UNAVAILABLE);
  assert.equal(second.details.length, 1);
  held.release();
  assert.ok(Buffer.isBuffer(await first));
  assert.ok(Buffer.isBuffer(await send(PATHS.traces, TRACES)));
});

/** A call whose message has only begun; resolves when its first part is there. */
async function begunCall(port: number, first: Buffer, headers: Record<string, string> = {}) {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  const type = { 'content-type': 'application/grpc', te: 'trailers', ...headers };
  const stream = session.request({ ':method': 'POST', ':path': PATHS.traces, ...type });
  stream.on('error', () => {});
  stream.write(first);
  // Frames are read in their order: the ping comes behind the part.
  await new Promise((resolve) => session.once('connect', resolve));
  await new Promise((resolve) => session.ping(resolve));
  return { closed: () => new Promise((resolve) => stream.once('close', resolve).close()), session };
}

for (const [what, first, headers] of [
  ['parts of it', framed(Buffer.alloc(5000), false).subarray(0, 4000), {}],
  ['it, inflated,', framed(gzipSync(Buffer.alloc(4000)), true), { 'grpc-encoding': 'gzip' }],
] as const) {
  test(`a message that never ends is under way as soon as ${what} came, and until it is given up`, async (t) => {
    const recording = new Recording();
    const { receiver, send, closeAtEnd } = await started(t, recording, { maxUnderwayBytes: 6000 });
    const begun = await begunCall(receiver.port(), first, headers);
    closeAtEnd({ close: () => begun.session.destroy() });
    const large = encodeByOracle('TracesData', {
      resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'x'.repeat(3000) }] }] }],
    });
    let refusal = await send(PATHS.traces, large);
    // Inflating takes its time.
    for (let tries = 0; tries < 50 && !(refusal instanceof Error); tries++) {
      refusal = await send(PATHS.traces, large);
    }
    const refused = told(refusal);
    assert.equal(refused.code, status.UNAVAILABLE);
    assert.equal(refused.details.length, 1);
    assert.equal(recording.counts.at(-1), 'otlp-grpc traces refused 1 overloaded');
    await begun.closed();
    let answer = await send(PATHS.traces, large);
    for (let tries = 0; tries < 50 && answer instanceof Error; tries++)
      answer = await send(PATHS.traces, large);
    assert.ok(Buffer.isBuffer(answer));
  });
}

test('above the messages that may arrive at once senders are told to come again', async (t) => {
  const recording = new Recording();
  const { receiver, send, closeAtEnd } = await started(t, recording, { maxArriving: 1 });
  const begun = await begunCall(receiver.port(), Buffer.alloc(1));
  closeAtEnd({ close: () => begun.session.destroy() });
  const refused = told(await send(PATHS.traces, TRACES));
  assert.equal(refused.code, status.UNAVAILABLE);
  assert.equal(refused.details.length, 1);
  assert.match(refused.message, /1 messages are arriving already/);
  assert.deepEqual(recording.counts, ['otlp-grpc traces refused 1 overloaded']);
  await begun.closed();
  let answer = await send(PATHS.traces, TRACES);
  for (let tries = 0; tries < 50 && answer instanceof Error; tries++)
    answer = await send(PATHS.traces, TRACES);
  assert.ok(Buffer.isBuffer(answer));
});

test('an unknown method and an unknown encoding are UNIMPLEMENTED', async (t) => {
  const { send, receiver } = await started(t, new Recording());
  assert.equal(told(await send('/opentelemetry.Nothing/Export', TRACES)).code, status.UNIMPLEMENTED);
  const headers = { 'grpc-encoding': 'snappy' };
  const answer = await rawCall(receiver.port(), PATHS.traces, framed(TRACES, true), headers);
  assert.equal(Number(answer['grpc-status']), status.UNIMPLEMENTED);
});

test('a message that does not arrive in half a minute is given up', async (t) => {
  const recording = new Recording();
  const { receiver, timers, called } = await started(t, recording);
  const session = connectHttp2(`http://127.0.0.1:${receiver.port()}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': PATHS.traces,
    'content-type': 'application/grpc',
  });
  const answered = new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve));
  stream.write(framed(TRACES, false).subarray(0, 10));
  await called;
  timers.fire(30_000);
  assert.equal(Number((await answered)['grpc-status']), status.DEADLINE_EXCEEDED);
  session.destroy();
});

test('what is no HTTP/2 ends its connection and nothing else', async (t) => {
  const { receiver, send } = await started(t, new Recording());
  for (const bytes of [
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01',
    'x'.repeat(1000),
  ]) {
    const socket = connect(receiver.port(), '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.end(bytes);
    await new Promise((resolve) => socket.once('close', resolve));
  }
  assert.ok(Buffer.isBuffer(await send(PATHS.traces, TRACES)));
});

test('stop waits for the call that is under way and takes no new one', async (t) => {
  const recording = new Recording();
  const { receiver, send, client } = await started(t, recording);
  const held = recording.hold();
  const answer = send(PATHS.traces, TRACES);
  await held.entered;
  let stopped = false;
  const stop = receiver.stop().then(() => {
    stopped = true;
  });
  assert.equal(told(await send(PATHS.traces, TRACES, client())).code, status.UNAVAILABLE);
  assert.equal(stopped, false);
  held.release();
  assert.ok(Buffer.isBuffer(await answer));
  await stop;
  assert.equal(recording.batches.length, 1);
});

test('stop gives up a sender that does not end its call within five seconds', async (t) => {
  const { receiver, timers, called } = await started(t, new Recording());
  const session = connectHttp2(`http://127.0.0.1:${receiver.port()}`);
  session.on('error', () => {});
  const stream = session.request({
    ':method': 'POST',
    ':path': PATHS.traces,
    'content-type': 'application/grpc',
  });
  stream.on('error', () => {});
  await called;
  const stop = receiver.stop();
  timers.fire(5_000);
  await stop;
  session.destroy();
});

test('a taken port is an error of start, not of the process', async (t) => {
  const { receiver } = await started(t, new Recording());
  const second = createOtlpGrpc({ host: '127.0.0.1', port: receiver.port() }, new Recording().deps);
  await assert.rejects(second.start(), { code: 'EADDRINUSE' });
});
