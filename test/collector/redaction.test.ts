import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { logsCodec } from '../../collector/formats/otlp-protobuf/messages.ts';
import { folderOf, startCollector } from '../helpers/collector.ts';
import { until } from '../helpers/until.ts';

const MAIL = 'ann@example.com';
const text = (key: string, value: string) => ({ key, value: { stringValue: value } });

test('without a word in the configuration no secret is stored, however it comes', async (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'shop.log');
  writeFileSync(file, `{"ts":${Date.now() / 1000},"level":"info","msg":"from a file","user":"${MAIL}"}\n`);
  const logFiles = [{ include: [file], resource: { 'service.name': 'shop' } }];
  const collector = await startCollector(t, folder, { logFiles });
  const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${collector.otlpHttpPort}${path}`, { method: 'POST', body, headers });
  const resource = { attributes: [text('service.name', 'shop')] };
  const now = BigInt(Date.now()) * 1_000_000n;
  const record = { timeUnixNano: now, body: { stringValue: `compressed, of ${MAIL}` } };
  const logs = logsCodec.encode({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] });
  await post('/v1/logs', new Uint8Array(gzipSync(logs)), {
    ...{ 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
  });
  const span = {
    ...{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), name: `GET /users/${MAIL}`, kind: 2 },
    ...{ startTimeUnixNano: String(now), endTimeUnixNano: String(now + 1n) },
    attributes: [
      text('http.request.header.authorization', 'Bearer abc'),
      text('http.route', `/users/${MAIL}`),
    ],
  };
  const spans = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
  await post('/v1/traces', spans, { 'content-type': 'application/json' });

  const page = async (path: string) => (await fetch(`http://127.0.0.1:${collector.apiPort}${path}`)).text();
  const found = await until('both log records', 5_000, async () => {
    const answer = await page('/api/v1/logs?service=shop');
    return answer.includes('from a file') && answer.includes('compressed') ? answer : undefined;
  });
  assert.match(found, /compressed, of \*{15}/);
  const trace = await page(`/api/v1/traces/${'ab'.repeat(16)}/spans/${'cd'.repeat(8)}`);
  assert.match(trace, /\*{10}/);
  for (const answer of [found, trace, await page('/metrics/red'), await page('/api/v1/services')]) {
    assert.doesNotMatch(answer, /ann@|Bearer/);
  }
  assert.match(await page('/metrics'), /^otelcol_processor_redact_masked_values_total\{kind="mail"\} [1-9]/m);
});
