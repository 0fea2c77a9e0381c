import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Question } from '../../../collector/correlate/incident.ts';
import { logs } from '../../../collector/correlate/logs.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { lineBatch, type PlainLog, type PlainSpan, spanBatch } from '../../helpers/telemetry.ts';

const SECOND = 1_000_000_000n;
const ONSET = 1_800_000_000n * SECOND;
const REQUESTS = 20;

const question: Question = {
  ...{ service: 'shop', method: 'GET', route: '/x', signal: 'errors', onsetUnixNano: ONSET, before: [] },
  incident: { fromUnixNano: ONSET, toUnixNano: ONSET + 60n * SECOND },
  baseline: { fromUnixNano: ONSET - 60n * SECOND, toUnixNano: ONSET },
};

/** A request of every second around the onset; those after it fail. */
function requests(): PlainSpan[] {
  return Array.from({ length: 2 * REQUESTS }, (_, i) => ({
    ...{ traceId: (i + 1).toString(16).padStart(32, '0'), spanId: (i + 1).toString(16).padStart(16, '0') },
    ...{ parentSpanId: '', name: 'GET /x', service: 'shop', kind: 2, status: i < REQUESTS ? 0 : 2 },
    start: ONSET + BigInt(i - REQUESTS) * SECOND,
    duration: SECOND / 100n,
    attributes: { 'http.route': '/x', 'http.request.method': 'GET' },
  }));
}

test('the error that most lines of a template tell is told with it, its values masked', async (t) => {
  const spans = requests();
  const lines = spans.slice(REQUESTS).map<PlainLog>((span, i) => ({
    ...{ service: 'shop', time: span.start, severityNumber: 17, body: 'request failed' },
    ...{ traceId: span.traceId, spanId: span.spanId },
    attributes: {
      caller: 'server/server.go:109',
      error: i % 4 === 0 ? 'no rows' : `dial tcp 10.0.0.${i}:5432: connection refused`,
    },
  }));
  const store = await storeOf(t, [spanBatch(spans), lineBatch(lines, 'shop')]);
  const deps = { clock: () => ONSET, signal: new AbortController().signal };
  const [found] = await logs(question, store, deps);
  assert.equal(found?.outcome, 'holds');
  assert.match(found!.statement, /"request failed" \(ERROR, server\/server\.go:109\): 20 lines/);
  assert.match(found!.statement, / 15 of 20 say: "dial tcp [^"]*: connection refused"\.$/);
  assert.match(String(found!.facts['error']), /^dial tcp .*: connection refused$/);
});
