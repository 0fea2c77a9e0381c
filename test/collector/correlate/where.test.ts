import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { finding } from '../../../collector/correlate/finding.ts';
import type { Finding, Question } from '../../../collector/correlate/incident.ts';
import { where } from '../../../collector/correlate/where.ts';
import type { SeriesInfo } from '../../../collector/telemetry/model.ts';
import { label, serviceMetric, suffix } from '../../../slo/index.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { type PlainSample, type PlainSpan, sampleBatch, spanBatch } from '../../helpers/telemetry.ts';

const SECOND = 1_000_000_000n;
const MS = 1_000_000n;
const ONSET = 1_800_000_000n * SECOND;
const REQUESTS = 20;
const ERROR = 2;

const question: Question = {
  ...{ service: 'shop', method: 'GET', route: '/x', signal: 'errors', onsetUnixNano: ONSET, before: [] },
  incident: { fromUnixNano: ONSET, toUnixNano: ONSET + 60n * SECOND },
  baseline: { fromUnixNano: ONSET - 60n * SECOND, toUnixNano: ONSET },
};

/** How the call from shop to stock ends: its status code, '' for none; how long it and the statement below it take. */
interface Call {
  status: string;
  failed: boolean;
  ms: number;
  statementMs: number;
}

/** shop GET /x > GET stock > stock GET /s > SELECT. */
function request(n: number, at: bigint, { status, failed, ms, statementMs }: Call): PlainSpan[] {
  const id = (k: number) => (n * 10 + k).toString(16).padStart(16, '0');
  const span = (k: number, service: string, kind: number, takesMs: number, over: Partial<PlainSpan>) => ({
    ...{ traceId: n.toString(16).padStart(32, '0'), spanId: id(k), parentSpanId: k === 1 ? '' : id(k - 1) },
    ...{ name: `s${k}`, service, kind, start: at + BigInt(k) * MS, duration: BigInt(takesMs) * MS },
    ...over,
  });
  const error = failed ? { status: ERROR } : {};
  const http = { 'http.request.method': 'GET' };
  const answer = status === '' ? {} : { 'http.response.status_code': status };
  return [
    span(1, 'shop', 2, ms + 8, { ...error, attributes: { ...http, 'http.route': '/x' } }),
    span(2, 'shop', 3, ms + 4, { ...error, attributes: { ...http, ...answer, 'server.address': 'stock' } }),
    span(3, 'stock', 2, ms + 2, { name: 'GET /s', attributes: { ...http, 'http.route': '/s' } }),
    span(4, 'stock', 3, statementMs, {
      attributes: { 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT' },
    }),
  ];
}

/** Waits for a processor in stock, every 5 s: the share that takes some 80 ms, before the onset and since. */
function waits(before: number, since: number): PlainSample[] {
  const name = `${serviceMetric.schedulerLatency}${suffix.bucket}`;
  return Object.entries({ '0.001': true, '0.1': false, '+Inf': false }).flatMap(([le, isQuick]) => {
    const labels = { [label.job]: 'stock', [label.instance]: 'i', [label.bucketBound]: le };
    const series: SeriesInfo = { name, labels, kind: 'histogram', temporality: 'cumulative' };
    let total = 0;
    return Array.from({ length: 25 }, (_, i) => {
      const seconds = 5 * (i - 12);
      total += 100 * (isQuick ? 1 - (seconds > 0 ? since : before) : 1);
      return { series, time: ONSET + BigInt(seconds) * SECOND, value: total };
    });
  });
}

async function found(
  t: TestContext,
  bad: Call,
  asked = question,
  samples: PlainSample[] = [],
): Promise<Finding> {
  const quiet = { status: '200', failed: false, ms: 6, statementMs: 2 };
  const spans = Array.from({ length: 2 * REQUESTS }, (_, i) =>
    request(i + 1, ONSET + BigInt(i - REQUESTS) * SECOND, i < REQUESTS ? quiet : bad),
  );
  const deps = { clock: () => ONSET, signal: new AbortController().signal };
  const store = await storeOf(t, [spanBatch(spans.flat()), sampleBatch(samples)]);
  const [told] = await where(asked, store, deps);
  return told!;
}

test('of a call that its caller gave up on, what it waited for is named, with the service that waited', async (t) => {
  const { outcome, statement, facts } = await found(t, {
    status: '',
    failed: true,
    ms: 900,
    statementMs: 880,
  });
  assert.equal(outcome, 'holds');
  assert.match(
    statement,
    /^In 100 % of failed requests \(20 of 20\) the failure begins in postgresql\.SELECT\./,
  );
  assert.equal(facts['caller'], 'stock');
  assert.equal(facts['system'], 'postgresql');
});

test('where the callee works on by itself meanwhile, the callee is named', async (t) => {
  const { statement } = await found(t, { status: '', failed: true, ms: 900, statementMs: 2 });
  assert.match(statement, /the failure begins in GET \/s\./);
});

test('a call that was answered with a failure is not looked into', async (t) => {
  const { statement } = await found(t, { status: '400', failed: true, ms: 900, statementMs: 880 });
  assert.match(statement, /the failure begins in s2 stock\./);
});

const slow: Call = { status: '200', failed: false, ms: 240, statementMs: 230 };
const latency: Question = { ...question, signal: 'latency' };
const symptom = { kind: 'symptom', outcome: 'holds', statement: '' } as const;
const asked: Question = {
  ...latency,
  before: [finding(latency, { ...symptom, facts: { p99BeforeMs: 14, p99NowMs: 248 } })],
};

test('the calls of a service that lacks a processor are not blamed, it is', async (t) => {
  const { outcome, statement, facts } = await found(t, slow, asked, waits(0, 0.3));
  assert.equal(outcome, 'holds');
  assert.equal(facts['label'], 'GET /s');
  assert.match(
    statement,
    /is GET \/s: p50 242 ms, before 8\.00 ms .*stock lacks a processor, which makes all it does slow\. Goroutines wait \d+\.\d ms \(p99\)/,
  );
});

test('a service that waited for its processor before is not said to lack it now', async (t) => {
  const { facts } = await found(t, slow, asked, waits(0.3, 0.3));
  assert.equal(facts['label'], 'postgresql.SELECT');
});
