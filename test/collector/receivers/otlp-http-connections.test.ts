// Connections of OTLP over HTTP, byte by byte: what one of their requests is like must not matter to the others.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Duplex, duplexPair } from 'node:stream';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { readInto } from '../../../collector/receivers/otlp-http/direct-read.ts';
import { MAX_HEAD_BYTES, UsualConnection } from '../../../collector/receivers/otlp-http/usual-connection.ts';
import { parseUsualHead } from '../../../collector/receivers/otlp-http/usual-head.ts';
import { createOtlpHttp, type OtlpHttpOptions } from '../../../collector/receivers/otlp-http.ts';
import { encodeByOracle } from '../formats/oracle.ts';
import { ManualSchedule, Recording } from './recording.ts';

const traces = (name: string) =>
  encodeByOracle('TracesData', {
    resourceSpans: [{ scopeSpans: [{ spans: [{ name, startTimeUnixNano: '5' }] }] }],
  });

/** A request as its bytes on the wire. */
function wire(
  body: Uint8Array,
  { path = '/v1/traces', method = 'POST', headers = {} as object } = {},
): Buffer {
  const all = {
    ...{ Host: 'localhost:4318', 'User-Agent': 'OTel-OTLP-Exporter-Go/1.40.0' },
    ...{ 'Content-Length': body.length, 'Content-Type': 'application/x-protobuf', 'Accept-Encoding': 'gzip' },
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n`), body]);
}

/** Answers of a connection, by their status; resolves when `count` of them are there. */
function statuses(socket: Socket, count: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const found = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
      if (found.length >= count) resolve(found);
    });
    socket.on('close', () => reject(new Error(`closed after ${JSON.stringify(text)}`)));
  });
}

async function started(t: TestContext, options: Partial<OtlpHttpOptions> = {}) {
  const recording = new Recording();
  const timers = new ManualSchedule();
  const receiver = createOtlpHttp(
    { host: '127.0.0.1', port: 0, ...options },
    { ...recording.deps, schedule: timers.schedule },
  );
  await receiver.start();
  t.after(() => receiver.stop());
  const open = () =>
    new Promise<Socket>((resolve) => {
      const socket = connect(receiver.port(), '127.0.0.1', () => resolve(socket));
      t.after(() => socket.destroy());
    });
  return { recording, timers, receiver, open };
}

test('requests that come before the answers are answered one after the other, and all are kept', async (t) => {
  const { recording, open } = await started(t);
  const socket = await open();
  const requests = Array.from({ length: 20 }, (_, n) => wire(traces(`span ${n}`)));
  socket.write(Buffer.concat(requests));
  assert.deepEqual(await statuses(socket, 20), Array(20).fill(200));
  const names = recording.batches.map((batch) => batch.signal === 'traces' && batch.index.name.dictionary[1]);
  assert.deepEqual(
    names,
    Array.from({ length: 20 }, (_, n) => `span ${n}`),
  );
});

test('however the bytes are cut, every request has its answer', async (t) => {
  const { recording, open } = await started(t);
  const large = traces('x'.repeat(200_000));
  const mixed = [
    { request: wire(traces('plain')), status: 200 },
    { request: wire(gzipSync(traces('gzip')), { headers: { 'Content-Encoding': 'gzip' } }), status: 200 },
    { request: wire(large), status: 200 },
    { request: wire(new Uint8Array(0), { path: '/v1/logs' }), status: 200 },
    { request: wire(Buffer.from([0xff])), status: 400 },
    {
      request: wire(Buffer.from('{}'), {
        path: '/v1/metrics',
        headers: { 'Content-Type': 'application/json' },
      }),
      status: 200,
    },
    { request: wire(traces('elsewhere'), { path: '/v1/other' }), status: 404 },
    { request: wire(traces('put'), { method: 'PUT' }), status: 405 },
    { request: wire(traces('behind it')), status: 200 },
  ];
  const expected = mixed.map(({ status }) => status);
  const bytes = Buffer.concat(mixed.map(({ request }) => request));
  const cut = fc.array(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(cut, async (places) => {
      const before = recording.batches.length;
      const socket = await open();
      socket.setNoDelay(true);
      const answers = statuses(socket, expected.length);
      let from = 0;
      for (const place of [...new Set(places), bytes.length].sort((a, b) => a - b)) {
        await new Promise<unknown>((resolve) => socket.write(bytes.subarray(from, place), resolve));
        from = place;
      }
      assert.deepEqual(await answers, expected);
      assert.equal(recording.batches.length - before, 4, 'plain, gzip, large, behind it');
      socket.destroy();
    }),
    { numRuns: 30 },
  );
});

test('a request that is refused before its short body is there leaves the connection to those behind it', async (t) => {
  const { recording, open } = await started(t);
  for (const length of [100, 65_537]) {
    const socket = await open();
    const refused = wire(Buffer.alloc(length), { method: 'PUT' });
    const first = once(socket, 'data');
    socket.write(refused.subarray(0, -length));
    const [answer] = (await first) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1.1 405 /);
    assert.match(answer.toString(), length === 100 ? /Connection: keep-alive/ : /Connection: close/);
    if (length > 100) continue;
    const second = statuses(socket, 1);
    socket.write(Buffer.concat([refused.subarray(-length), wire(traces('behind it'))]));
    assert.deepEqual(await second, [200]);
  }
  assert.equal(recording.batches.length, 1);
});

test('on this version of Node bytes are read straight to where they are needed', async (t) => {
  const server = createServer();
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const memory = Buffer.alloc(16);
  const read = new Promise<string>((resolve) => {
    server.once('connection', (socket) => {
      t.after(() => socket.destroy());
      const told = (count: number, into: Uint8Array) => {
        resolve(Buffer.from(into.buffer, into.byteOffset, count).toString());
        return true;
      };
      assert.ok(
        readInto(socket, () => memory, told),
        'a newer Node may have it elsewhere: all works without, at more cost',
      );
    });
  });
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => client.destroy());
  client.write('hello');
  assert.equal(await read, 'hello');
  assert.equal(memory.toString('latin1', 0, 5), 'hello');
});

test('a connection whose bytes come as events is served as well, however they are cut', async () => {
  const request = wire(traces('x'.repeat(300)));
  const bytes = Buffer.concat([request, request]);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: bytes.length - 1 }), async (place) => {
      const bodies: string[] = [];
      const answers: string[] = [];
      const [here, there] = duplexPair();
      const socket = Object.assign(there, { destroySoon: () => there.destroy() }) as unknown as Socket;
      new UsualConnection(socket, {
        ...{ heads: Buffer.alloc(MAX_HEAD_BYTES), reserve: () => true, release: () => {} },
        take: async (_head, body) => {
          bodies.push(body.toString('hex'));
          return { answer: 'done', close: false };
        },
        handOver: () => assert.fail('the request is usual'),
      });
      const answered = new Promise<void>((resolve) => {
        here.on('data', (chunk: Buffer) => {
          answers.push(chunk.toString());
          if (answers.join('').length === 8) resolve();
        });
      });
      here.write(bytes.subarray(0, place));
      here.write(bytes.subarray(place));
      await answered;
      const body = traces('x'.repeat(300));
      assert.deepEqual(bodies, [Buffer.from(body).toString('hex'), Buffer.from(body).toString('hex')]);
      here.destroy();
    }),
    { numRuns: 40 },
  );
});

/** A socket whose bytes come to memory of ours, at the moment and in the pieces that a test chooses. */
class DirectSocket extends Duplex {
  readonly _handle = {
    useUserBuffer: (buffer: Uint8Array) => {
      this.#into = buffer;
    },
  };
  readonly #symbols = ['kBuffer', 'kBufferGen', 'kBufferCb'].map((name) => Symbol(name)) as [
    symbol,
    symbol,
    symbol,
  ];
  #into: Uint8Array = new Uint8Array(0);
  readonly answers: string[] = [];

  constructor() {
    super();
    for (const symbol of this.#symbols) Object.assign(this, { [symbol]: null });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.answers.push(chunk.toString());
    done();
  }

  /** As Node's onStreamRead: tells of the bytes, then asks where the next ones go. */
  receive(bytes: Uint8Array): void {
    const [, generator, callback] = this.#symbols as unknown as [never, 'generator', 'callback'];
    const own = this as unknown as {
      generator: () => Uint8Array;
      callback: (count: number, into: Uint8Array) => boolean;
    };
    for (let from = 0; from < bytes.length; ) {
      const part = bytes.subarray(from, from + this.#into.length);
      this.#into.set(part);
      from += part.length;
      own[callback](part.length, this.#into);
      this.#into = own[generator]();
    }
  }
}

test('what is kept of the memory that all connections read heads to is a copy', async () => {
  const heads = Buffer.alloc(MAX_HEAD_BYTES);
  const bodies: string[] = [];
  const left: Buffer[] = [];
  const settle: (() => void)[] = [];
  const shared = { heads, reserve: () => true, release: () => {} };
  const connect = () => {
    const socket = new DirectSocket();
    new UsualConnection(socket as unknown as Socket, {
      ...shared,
      take: (_head, body) => {
        bodies.push(body.toString('hex'));
        return new Promise((resolve) => settle.push(() => resolve({ answer: 'done', close: false })));
      },
      handOver: (_socket, data) => left.push(data),
    });
    return socket;
  };
  const body = Buffer.from(traces('x'.repeat(300)));
  const [one, other] = [connect(), connect()];
  const request = wire(body);
  // A request and the beginning of the next; a head that is not whole; one that is not usual.
  one.receive(Buffer.concat([request, request.subarray(0, 100)]));
  other.receive(request.subarray(0, 50));
  const odd = wire(Buffer.from('odd'), { method: 'PUT' });
  connect().receive(odd);
  heads.fill(0x20);
  other.receive(request.subarray(50));
  settle[0]!();
  await new Promise(setImmediate);
  one.receive(request.subarray(100));
  settle[1]!();
  await new Promise(setImmediate);
  const whole = body.toString('hex');
  assert.deepEqual(bodies, [whole, whole, whole]);
  assert.deepEqual(left, [odd]);
  assert.deepEqual([one.answers, other.answers], [['done'], ['done']]);
});

test('a sender that goes away amid a body gives back what was reserved for it', async (t) => {
  const { recording, open } = await started(t, { maxUnderwayBytes: 150_000 });
  const body = traces('y'.repeat(100_000));
  for (let n = 0; n < 5; n++) {
    const socket = await open();
    socket.write(wire(body).subarray(0, 50_000));
    socket.end();
    await new Promise((resolve) => socket.once('close', resolve));
  }
  const socket = await open();
  socket.write(wire(body));
  assert.deepEqual(await statuses(socket, 1), [200]);
  assert.equal(recording.batches.length, 1);
});

test('a body for which there is no room is refused, to be sent again, and the next one finds room', async (t) => {
  const { recording, open } = await started(t, { maxUnderwayBytes: 150_000 });
  const body = traces('y'.repeat(100_000));
  const held = recording.hold();
  const [first, second] = [await open(), await open()];
  const answered = statuses(first, 1);
  first.write(wire(body));
  await held.entered;
  second.write(wire(body));
  assert.deepEqual(await statuses(second, 1), [503]);
  held.release();
  assert.deepEqual(await answered, [200]);
  const third = await open();
  third.write(wire(body));
  assert.deepEqual(await statuses(third, 1), [200]);
});

test('a request that never becomes whole is ended after a while, one that waits for the store is not', async (t) => {
  const { recording, timers, open } = await started(t);
  const held = recording.hold();
  const [waits, slow] = [await open(), await open()];
  const answer = statuses(waits, 1);
  waits.write(wire(traces('waits')));
  await held.entered;
  const ended = statuses(slow, 1);
  slow.write('POST /v1/traces HTTP/1.1\r\nHost: loc');
  // The server has what was sent once it answers a request that was sent later.
  const probe = await open();
  probe.write(wire(new Uint8Array(0)));
  await statuses(probe, 1);
  for (let sweep = 0; sweep < 4; sweep++) timers.fire(10_000);
  assert.deepEqual(await ended, [408]);
  held.release();
  assert.deepEqual(await answer, [200]);
});

test('a stop closes idle connections and answers what is under way', async (t) => {
  const { recording, receiver, open } = await started(t);
  const held = recording.hold();
  const [idle, busy] = [await open(), await open()];
  idle.write(wire(new Uint8Array(0)));
  await statuses(idle, 1);
  const closed = new Promise((resolve) => idle.once('close', resolve));
  const answer = statuses(busy, 1);
  busy.write(wire(traces('last')));
  await held.entered;
  const stopped = receiver.stop();
  await closed;
  held.release();
  assert.deepEqual(await answer, [200]);
  await stopped;
  assert.equal(recording.batches.length, 1);
});

const usual =
  'POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\nContent-Length: 12';

test('a head is usual when it says what a sender of OTLP says', () => {
  const expected = { signal: 'traces', encoding: 'protobuf', gzip: false, length: 12 };
  assert.deepEqual(parseUsualHead(usual), expected);
  assert.deepEqual(parseUsualHead(`${usual}\r\nContent-Encoding: gzip\r\nX-Other:  ü `), {
    ...expected,
    gzip: true,
  });
  assert.deepEqual(parseUsualHead(usual.replace('Content-Length: 12', 'content-length:\t12 ')), expected);
});

for (const [what, head] of Object.entries({
  'another method': usual.replace('POST', 'PUT'),
  'another path': usual.replace('traces', 'profiles'),
  'a query': usual.replace('/v1/traces', '/v1/traces?a=b'),
  'another version': usual.replace('1.1', '1.0'),
  'no length': usual.replace(/\r\nContent-Length: 12/, ''),
  'two lengths': `${usual}\r\nContent-Length: 12`,
  'a length with a sign': usual.replace('12', '+12'),
  'a chunked body': `${usual}\r\nTransfer-Encoding: chunked`,
  'an expectation': `${usual}\r\nExpect: 100-continue`,
  'the end of the connection': `${usual}\r\nConnection: close`,
  'a page that sends': `${usual}\r\nOrigin: https://example.com`,
  'no host': usual.replace('Host: a\r\n', ''),
  'a folded header': `${usual}\r\nX-A: b\r\n c`,
  'a space before the colon': `${usual}\r\nX-A : b`,
  'a line feed alone': `${usual}\r\nX-A: b\nX-C: d`,
  'a zero byte': `${usual}\r\nX-A: \0`,
  'another encoding': `${usual}\r\nContent-Encoding: br`,
})) {
  test(`a head with ${what} is left to the HTTP library`, () => {
    assert.equal(parseUsualHead(head), undefined);
  });
}
