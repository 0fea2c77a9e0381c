import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AlertsBody, IncidentBody } from '../../../collector/api/types.ts';
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import { folderOf, sendSpans, spansJson, startCollector } from '../../helpers/collector.ts';
import { smallIncident } from '../correlate/share/small-incident.ts';

const { incident } = smallIncident;
const burn = readFileSync(join(import.meta.dirname, 'testdata/alertmanager-burn.json'), 'utf8');

test('an incident is answered as itself, and in each format to share; alerts are taken or answered with the reason', async (t) => {
  const folder = folderOf(t);
  const path = join(folder, 'telemetry.sqlite');
  const store = await openEmbeddedStore({ path, retentionMs: 1e12, maxBytes: 1e12 }, { clock: () => 1n });
  const timeUnixNano = BigInt(incident.onsetUnixNano);
  await store.put('incident', {
    id: incident.id,
    timeUnixNano,
    bytes: Buffer.from(JSON.stringify(incident)),
  });
  await store.close();
  const { apiPort, otlpHttpPort } = await startCollector(t, folder, {});
  const address = `http://127.0.0.1:${apiPort}/api/v1`;
  const ask = async (query: string) => {
    const response = await fetch(`${address}/incidents/${incident.id}${query}`);
    return { headers: response.headers, status: response.status, text: await response.text() };
  };

  assert.deepEqual(JSON.parse((await ask('')).text) as IncidentBody, incident);
  const json = JSON.parse((await ask('?format=json')).text) as { schema: string; incident: IncidentBody };
  assert.deepEqual([json.schema, json.incident.id], ['go-sre.incident/v1', incident.id]);
  for (const [format, type, says] of [
    ['text', 'text/plain', /^redis\.GET slow/],
    ['markdown', 'text/markdown', /^# redis\.GET slow/],
    ['html', 'text/html', /^<!doctype html>/],
  ] as const) {
    const { headers, text } = await ask(`?format=${format}`);
    assert.equal(headers.get('content-type'), `${type}; charset=utf-8`);
    assert.match(text, says);
    assert.match(text, /is no longer stored|redis\.GET/);
  }
  const policy = (await ask('?format=html')).headers.get('content-security-policy') ?? '';
  assert.match(policy, /^default-src 'none'; style-src 'unsafe-inline'; .*sandbox$/);
  assert.match((await ask('?format=text')).headers.get('content-security-policy') ?? '', /script-src 'self'/);
  assert.match((await ask('?format=pdf')).text, /format=pdf: must be one of text, markdown, json, html/);

  const post = async (body: string) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${address}/alerts`, { method: 'POST', body, headers });
    return { status: response.status, body: (await response.json()) as AlertsBody };
  };
  const nowMs = Date.now();
  assert.equal((await sendSpans(otlpHttpPort, spansJson(nowMs - 30_000))).status, 200);
  const fires = burn.replaceAll('2026-09-21T14:24:30.512Z', new Date(nowMs).toISOString());
  const { status, body } = await post(fires);
  assert.deepEqual([status, body.opened.length, body.truncated], [200, 1, 2]);
  assert.deepEqual(
    body.ignored.map(({ fingerprint }) => fingerprint),
    ['c6eadffa33fcdf37', '00000000000000aa'],
  );
  assert.deepEqual((await post(fires)).body.known, body.opened);
  assert.equal((await post('{}')).status, 400);
  assert.equal((await post(`{"version":"4","alerts":[],"x":"${'x'.repeat(1_100_000)}"}`)).status, 413);
  const metrics = await (await fetch(`http://127.0.0.1:${apiPort}/metrics`)).text();
  assert.match(metrics, /^otelcol_incident_alerts_total\{outcome="ignored"\} 4$/m);
});
