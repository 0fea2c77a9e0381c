import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from '../../../collector/correlate/engine.ts';
import { quantile } from '../../../collector/correlate/format.ts';
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
    /The redis pool is full since \d\d:\d\d:\d\d: 50 of 50 connections in use/,
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

test('the mechanisms that are no part of it are counted as they are told', async (t) => {
  const slow = scenario({ fault: 'slow-handler', quietSeconds: 120, faultSeconds: 70 });
  const text = renderIncidentText(await explain(question, await storeOf(t, slow.batches), deps));
  assert.equal(text.match(/^\d\. .* \(does not apply\)$/gm)?.length, 2, text);
  assert.match(text, /Confidence {2}\w+: \d of \d links hold, 2 do not apply, /);
});

test('harm is told by the bucket that was counted, which is not the usual p99', async (t) => {
  const incident = await explain(question, await storeOf(t, made.batches), deps);
  const { slowBoundMs, p99BeforeMs } = incident.findings[0]!.facts;
  assert.ok(Number(slowBoundMs) > Number(p99BeforeMs));
  assert.match(incident.harm, / \d+ slower than [\d.]+ ms, the bucket above the usual p99\./);
});

test('a quantile in the lowest bucket is told as below its bound', () => {
  const told = [4.95, 0.1, 5, 7.33].map((ms) => quantile(ms, [0.005, 0.01, Number.POSITIVE_INFINITY]));
  assert.deepEqual(told, ['under 5 ms', 'under 5 ms', '5.00 ms', '7.33 ms']);
  assert.equal(quantile(4.95, []), '4.95 ms');
});

test('what was not tested and what does not hold is marked', async (t) => {
  const store = await storeOf(t, []);
  const text = renderIncidentText(await explain(question, store, deps));
  assert.match(text, /^6\. Where in the trace: not tested: /m);
  assert.match(text, /\? New release: not tested:/);
  assert.match(text, /insufficient evidence/);
});
