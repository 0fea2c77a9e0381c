import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { scanLogLines } from '../../../collector/formats/log-line/scan-log-lines.ts';
import { decodeLogRecord, decodeSpan } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { tracesCodec } from '../../../collector/formats/otlp-protobuf/messages.ts';
import { scanLogs } from '../../../collector/formats/otlp-protobuf/scan-logs.ts';
import { scanTraces } from '../../../collector/formats/otlp-protobuf/scan-traces.ts';
import { createRedact, type RedactOptions, type SecretKind } from '../../../collector/processors/redact.ts';
import type { Batch, LogBatch, SampleBatch, SpanBatch } from '../../../collector/telemetry/batch.ts';
import { logBatch, type PlainSpan, sampleBatch, spanBatch } from '../../helpers/telemetry.ts';
import { harmless, masked, planted } from './secrets.ts';

const EVERYTHING: RedactOptions = {
  ...{ tokens: true, headers: true, mails: true, cards: true, patterns: [], keys: [], allow: [] },
};
const RUNS = { numRuns: 150 };

const kinds: SecretKind[] = [];
const everything = createRedact(EVERYTHING, { masked: (kind) => kinds.push(kind) });

function redact<B extends Batch>(
  batch: B,
  options?: Partial<RedactOptions>,
): { batch: B; kinds: SecretKind[] } {
  kinds.length = 0;
  const processor = options ? createRedact({ ...EVERYTHING, ...options }, { masked: () => {} }) : everything;
  return { batch: processor.process(batch, { clock: () => 0n }) as B, kinds: [...kinds] };
}

const span = (over: Partial<PlainSpan> = {}): PlainSpan => ({
  ...{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), name: 'GET /x', service: 'shop', kind: 2 },
  ...{ start: 1n, duration: 30_000_000n, route: '/x', method: 'GET', httpStatus: 200 },
  ...over,
});
const ids = fc.tuple(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc.uint8Array({ minLength: 8, maxLength: 8 }),
);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const spans = (batch: SpanBatch) =>
  Array.from({ length: batch.count }, (_, i) => decodeSpan(batch.body, batch.offsets, i));

test('a secret in any text of a span is masked there, in its columns too, and nothing else of the body changes', () => {
  const where = fc.constantFrom(
    'name',
    'route',
    'attribute',
    'statusMessage',
    'event',
    'resource',
    'service',
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(ids, planted, where, harmless), { minLength: 1, maxLength: 6 }), (made) => {
      const plan = (text: (of: (typeof made)[number]) => string) =>
        made.map((of) => {
          const [[traceId, spanId], , at, other] = of;
          const fields = { traceId: hex(traceId), spanId: hex(spanId), attributes: { 'url.path': other } };
          const value = text(of);
          if (at === 'attribute') return span({ ...fields, attributes: { note: value, other } });
          if (at === 'event')
            return span({ ...fields, events: [{ time: 5n, name: value, attributes: { a: value } }] });
          if (at === 'resource') return span({ ...fields, resource: { 'host.name': value } });
          return span({ ...fields, [at]: value });
        });
      const { batch } = redact(spanBatch(plan(([, secret]) => secret.text)));
      const expected = spanBatch(plan(([, secret]) => masked(secret)));
      assert.deepEqual(spans(batch), spans(expected));
      assert.ok(Buffer.from(batch.body).equals(expected.body));
      const again = scanTraces(batch.body);
      assert.deepEqual(again.offsets, batch.offsets);
      for (const column of ['name', 'route', 'service', 'method'] as const) {
        const texts = ({ dictionary, index }: SpanBatch['index']['name']) =>
          [...index].map((i) => dictionary[i]);
        assert.deepEqual(texts(batch.index[column]), texts(expected.index[column]));
      }
    }),
    RUNS,
  );
});

test('a secret in a body or attribute of a log record is masked', () => {
  fc.assert(
    fc.property(planted, planted, (first, second) => {
      const of = (body: string, attribute: string) =>
        logBatch([{ time: 1n, severityNumber: 9, service: 'shop', body, attributes: { note: attribute } }]);
      const { batch } = redact(of(first.text, second.text));
      const record = decodeLogRecord(batch.body, batch.offsets, 0);
      assert.deepEqual([record.body, record.attributes['note']], [masked(first), masked(second)]);
      assert.deepEqual(scanLogs(batch.body).offsets, batch.offsets);
    }),
    RUNS,
  );
});

const lines = (text: string): LogBatch =>
  scanLogLines(Buffer.from(text), { 'service.name': 'shop' }, 0n).batch;
const textOf = (batch: Batch) => Buffer.from(batch.body).toString('utf8');

test('a secret in a JSON line is masked where it stands, and the line stays the JSON it was', () => {
  fc.assert(
    fc.property(planted, harmless, ids, (secret, other, [traceId]) => {
      const line = (text: string) => ({
        ...{ ts: 1764204789.123, level: 'info', msg: other, trace_id: hex(traceId), 'some.field': text },
        ...{ nested: { list: [other, { deep: text }] } },
      });
      const { batch } = redact(
        lines(`${JSON.stringify(line(secret.text))}\n${JSON.stringify(line(other))}\n`),
      );
      const [first, second] = textOf(batch)
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text));
      const expected = line(masked(secret));
      // An escape inside of a secret is longer than what it stands for.
      const stars = (value: unknown) => JSON.parse(JSON.stringify(value).replace(/\*+/g, '*'));
      assert.deepEqual(stars(first), stars(expected));
      assert.deepEqual(second, line(other));
    }),
    RUNS,
  );
});

test('a secret in a line that is no JSON is masked', () => {
  fc.assert(
    fc.property(
      planted.filter(({ text }) => !text.includes('\n')),
      (secret) => {
        const { batch } = redact(lines(`E1127 ${secret.text}\n`));
        assert.equal(textOf(batch), `E1127 ${masked(secret)}\n`);
      },
    ),
    RUNS,
  );
});

test('texts without secrets go on as the batch that came, whatever they look like', () => {
  fc.assert(
    fc.property(harmless, harmless, (a, b) => {
      const batch = spanBatch([
        span({ name: a, attributes: { note: b, input_tokens: '5', 'next.page.token': 'x' } }),
      ]);
      assert.equal(redact(batch).batch, batch);
      const line = lines(
        `{"ts":1764204789123,"msg":${JSON.stringify(a)},"span_id":"4111111111111111","n":5}\n`,
      );
      assert.equal(redact(line).batch, line);
    }),
    RUNS,
  );
});

test('a value under the key of a secret is masked whole, whatever it says', () => {
  const attributes = {
    'http.request.header.authorization': 'x y',
    ...{ 'db.password': 'hunter2', 'X-Api-Key': 'é', cookie: 'a=b', plain: 'kept' },
  };
  const { batch, kinds } = redact(spanBatch([span({ attributes })]));
  const [decoded] = spans(batch);
  assert.deepEqual(
    ['http.request.header.authorization', 'db.password', 'X-Api-Key', 'cookie', 'plain'].map(
      (key) => decoded?.attributes[key],
    ),
    ['***', '*******', '**', '***', 'kept'],
  );
  assert.deepEqual(kinds, ['key', 'key', 'key', 'key']);
});

test('under the key of a secret lists, maps, numbers and bytes of an attribute are masked in their places', () => {
  const value = {
    kvlistValue: {
      values: [
        { key: 'inner', value: { arrayValue: { values: [{ stringValue: 'a=b' }, { stringValue: 'c' }] } } },
        { key: 'count', value: { intValue: 300n } },
        { key: 'share', value: { doubleValue: 0.5 } },
        { key: 'raw', value: { bytesValue: new Uint8Array([1, 2]) } },
        { key: 'on', value: { boolValue: true } },
      ],
    },
  };
  const attributes = [
    { key: 'set-cookie', value },
    { key: 'after', value: { intValue: -7n } },
  ];
  const traceId = new Uint8Array(16).fill(0x2a);
  const spanId = new Uint8Array(8).fill(0x40);
  const span = { traceId, spanId, name: 'x', startTimeUnixNano: 1n, endTimeUnixNano: 2n, attributes };
  const came = scanTraces(tracesCodec.encode({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }));
  const { batch, kinds } = redact(came);
  assert.deepEqual(spans(batch)[0]?.attributes, {
    'set-cookie': { inner: ['***', '*'], count: 0, share: 0, raw: 'Kio=', on: true },
    after: -7,
  });
  assert.deepEqual(scanTraces(batch.body).offsets, batch.offsets);
  assert.deepEqual(kinds, ['key', 'key', 'key']);
});

test('under the key of a secret a JSON line has its numbers, lists and objects masked too', () => {
  const { batch } = redact(
    lines('{"password":12345,"pin_secret":7,"token":null,"cookies":1,"cookie":{"a":["b",12]},"msg":"ok"}\n'),
  );
  assert.equal(
    textOf(batch),
    '{"password":"***","pin_secret":0,"token":null,"cookies":1,"cookie":{"a":["*",""]},"msg":"ok"}\n',
  );
});

test('a card that is a number of a JSON line becomes a string; times and ids that look like one stay', () => {
  const line =
    '{"ts":4111111111111111,"card":4111111111111111,"trace_id":"4111111111111111","n":[4111111111111111]}';
  assert.equal(
    textOf(redact(lines(`${line}\n`)).batch),
    '{"ts":4111111111111111,"card":"**************","trace_id":"4111111111111111","n":["**************"]}\n',
  );
});

test('headers in a dump of a request are masked to the end of their line, and in a map of Go', () => {
  const text =
    'POST /x\nAuthorization: Custom abc def\nHost: a\nmap[Cookie:[a=b; c=d] Accept:[*/*]]\nx-api-key:k';
  const { batch } = redact(logBatch([{ time: 1n, severityNumber: 9, service: 'shop', body: text }]));
  assert.equal(
    decodeLogRecord(batch.body, batch.offsets, 0).body,
    'POST /x\nAuthorization: **************\nHost: a\nmap[Cookie:[********] Accept:[*/*]]\nx-api-key:*',
  );
});

test('a body that came compressed goes on masked and plain, or as it came', () => {
  const secret = spanBatch([span({ attributes: { user: 'ann@example.com' } })]);
  const zip = (batch: SpanBatch): SpanBatch => ({
    ...batch,
    ...{ body: gzipSync(batch.body), inflated: batch.body, compression: 'gzip' },
  });
  const { batch } = redact(zip(secret));
  assert.deepEqual([batch.compression, batch.inflated], ['none', undefined]);
  assert.equal(spans(batch)[0]?.attributes['user'], '*'.repeat(15));
  const clean = zip(spanBatch([span()]));
  assert.equal(redact(clean).batch, clean);
  const { inflated: _, ...handedOverAsItCame } = zip(secret);
  assert.deepEqual(redact(handedOverAsItCame).batch, batch);
});

test('labels of series are masked by text and by name, and a series that was looked at is known again', () => {
  const series = (labels: Record<string, string>) => ({
    ...{
      series: { name: 'up', labels, kind: 'gauge' as const, temporality: 'none' as const },
      time: 1n,
      value: 1,
    },
  });
  const came = sampleBatch([
    series({ job: 'a', user: 'ann@example.com', api_key: 'k1' }),
    series({ job: 'b' }),
  ]);
  const processor = createRedact(EVERYTHING, { masked: () => {} });
  const first = processor.process(came, { clock: () => 0n }) as SampleBatch;
  const second = processor.process(came, { clock: () => 0n }) as SampleBatch;
  assert.deepEqual(first.index.series[0]?.labels, { job: 'a', user: '*'.repeat(15), api_key: '**' });
  assert.equal(first.index.series[1], came.index.series[1]);
  assert.equal(second.index.series[0], first.index.series[0]);
});

test('a secret is found wherever a long body is cut for the search', () => {
  const filler = 'x'.repeat(300);
  const many = Array.from({ length: 400 }, (_, i) =>
    span({ attributes: { filler, mail: `user${i}@example.com` } }),
  );
  const { batch, kinds } = redact(spanBatch(many));
  assert.equal(kinds.length, 400);
  assert.ok(spans(batch).every(({ attributes }) => /^\*+$/.test(String(attributes['mail']))));
});

test('what is switched off or allowed is left, and own patterns and keys are masked', () => {
  const attributes = {
    a: 'ann@example.com',
    b: 'bob@other.org',
    token: 'abc',
    c: '4111111111111111',
    iban: 'DE1 é2',
  };
  const of = (options: Partial<RedactOptions>) =>
    spans(redact(spanBatch([span({ attributes })]), options).batch)[0]!.attributes;
  assert.equal(of({ mails: false })['a'], 'ann@example.com');
  assert.equal(of({ headers: false })['token'], 'abc');
  assert.equal(of({ cards: false })['c'], '4111111111111111');
  const allowed = of({ allow: ['.*@example\\.com', 'token'] });
  assert.deepEqual(
    [allowed['a'], allowed['b'], allowed['token']],
    ['ann@example.com', '*************', 'abc'],
  );
  assert.equal(of({ patterns: ['é\\d'] })['iban'], 'DE1 ***');
  assert.equal(of({ keys: ['IBAN'] })['iban'], '*******');
});

test('text that was made to slow the search down is masked in time that grows with its length', () => {
  for (const unit of [
    'eyJ',
    'a@',
    'a.',
    '://a:',
    'token=',
    '4111 ',
    '-----BEGIN PRIVATE KEY-----',
    'x-',
    "':'",
  ]) {
    const text = unit.repeat(60_000 / unit.length);
    const { batch } = redact(
      logBatch([{ time: 1n, severityNumber: 9, service: 'shop', body: `password=x ${text}` }]),
    );
    assert.equal(batch.count, 1);
  }
});
