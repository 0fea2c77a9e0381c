import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Finding, Question } from '../../../collector/correlate/incident.ts';
import { where } from '../../../collector/correlate/where.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { type PlainSpan, spanBatch } from '../../helpers/telemetry.ts';

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

async function found(t: TestContext, bad: Call): Promise<Finding> {
  const quiet = { status: '200', failed: false, ms: 6, statementMs: 2 };
  const spans = Array.from({ length: 2 * REQUESTS }, (_, i) =>
    request(i + 1, ONSET + BigInt(i - REQUESTS) * SECOND, i < REQUESTS ? quiet : bad),
  );
  const deps = { clock: () => ONSET, signal: new AbortController().signal };
  const [finding] = await where(question, await storeOf(t, [spanBatch(spans.flat())]), deps);
  return finding!;
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
