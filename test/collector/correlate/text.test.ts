import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from '../../../collector/correlate/engine.ts';
import { renderIncidentText } from '../../../collector/correlate/text.ts';
import { scenario, storeOf } from '../../helpers/scenario.ts';

const made = scenario({ fault: 'slow-cache', quietSeconds: 120, faultSeconds: 70 });
const question = {
  ...{ service: 'shop', method: 'GET', route: '/api/v2/verify', signal: 'latency' as const },
  onsetUnixNano: made.faultUnixNano,
  incident: { fromUnixNano: made.faultUnixNano, toUnixNano: made.endUnixNano },
  baseline: { fromUnixNano: made.startUnixNano, toUnixNano: made.faultUnixNano - 30_000_000_000n },
};
const deps = { clock: () => made.endUnixNano, signal: new AbortController().signal };

test('the text tells the whole chain: the jump, the share in the slow call, the pool, the log line with its trace', async (t) => {
  const incident = await explain(question, await storeOf(t, made.batches), deps);
  const text = renderIncidentText(incident);
  const flat = text.replace(/\n +/g, ' ');
  for (const part of [
    /p99 of GET \/api\/v2\/verify rose from [\d.]+ ms to [\d.]+ s, ×\d+/,
    /[\d.]+ % of slow traces \(\d+ of \d+; .*\) spend over \d+ ms in redis\.GET\. Before: 0 %/,
    /The pool is full since \d\d:\d\d:\d\d: 50 of 50 connections in use/,
    /Retries multiply the load on redis\.GET ×/,
    /WARN redis attempt failed trace_id=[0-9a-f]{32}/,
    /Confidence {2}high: 8 of 8 links hold/,
    /Verdict {5}redis\.GET \(redis-0:6379\) is slow since/,
    /- More traffic: [\d.]+ › [\d.]+ req\/s/,
  ]) {
    assert.match(flat, part);
  }
});

test('it fits a terminal: at most 60 lines of 100 columns, however long names and statements are', async (t) => {
  const incident = await explain(question, await storeOf(t, made.batches), deps);
  const long = 'a-very-long-word-without-spaces-'.repeat(8);
  const findings = incident.findings.flatMap((found) => [
    found,
    { ...found, statement: `${found.statement} ${long} ${'and so on '.repeat(90)}` },
  ]);
  for (const told of [incident, { ...incident, title: long, verdict: 'word '.repeat(400), findings }]) {
    const lines = renderIncidentText(told).trimEnd().split('\n');
    assert.ok(lines.length <= 60, `${lines.length} lines`);
    for (const line of lines) assert.ok(line.length <= 100, line);
  }
});

test('what was not tested and what does not hold is marked', async (t) => {
  const store = await storeOf(t, []);
  const text = renderIncidentText(await explain(question, store, deps));
  assert.match(text, /Where in the trace \(not tested\)/);
  assert.match(text, /\? New release: not tested:/);
  assert.match(text, /insufficient evidence/);
});
