// The incident commands in this process, over a store and over answers of an API.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { runIncident } from '../../../collector/commands/incident.ts';
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import { smallIncident } from '../correlate/share/small-incident.ts';

const { incident } = smallIncident;

async function run(argv: string[], { baseDir = '/', fetch: ask = fetch } = {}) {
  let output = '';
  const told: string[] = [];
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      output += String(chunk);
      done();
    },
  });
  const deps = {
    output: sink,
    tell: (line: string) => void told.push(line),
    baseDir,
    clock: () => 7n,
    fetch: ask,
  };
  const code = await runIncident(argv, deps);
  return { code, output, told: told.join('\n') };
}

test('incidents of a store are listed and shown in every format, by its folder or its file', async (t) => {
  const baseDir = mkdtempSync(join(tmpdir(), 'go-sre-incident-command-'));
  t.after(() => rmSync(baseDir, { recursive: true }));
  const path = join(baseDir, 'telemetry.sqlite');
  const store = await openEmbeddedStore({ path, retentionMs: 1e12, maxBytes: 1e12 }, { clock: () => 1n });
  const timeUnixNano = BigInt(incident.onsetUnixNano);
  await store.put('incident', {
    id: incident.id,
    timeUnixNano,
    bytes: Buffer.from(JSON.stringify(incident)),
  });
  await store.close();
  const list = await run(['list', '--data', '.'], { baseDir });
  assert.equal(
    list.output,
    '6bd7f708147c204f  closed  2026-11-27 14:22:10 UTC, 19 min  shop, GET /verify, latency  high\n' +
      '    redis.GET slow: shop waits for redis-0\n1 incident\n',
  );
  for (const [format, says] of [
    ['text', /^redis\.GET slow/],
    ['markdown', /^# redis\.GET slow/],
    ['json', /"schema": "go-sre\.incident\/v1"/],
    ['html', /^<!doctype html>/],
  ] as const) {
    const { code, output } = await run(['show', 'latest', '--data', 'telemetry.sqlite', '--format', format], {
      baseDir,
    });
    assert.equal(code, 0);
    assert.match(output, says);
  }
  const missing = await run(['show', 'ab', '--data', '.'], { baseDir });
  assert.deepEqual(
    [missing.code, missing.told],
    [1, 'go-sre-collector incident: No incident ab is stored; list tells them.'],
  );
  const nowhere = await run(['list', '--data', 'x'], { baseDir });
  assert.deepEqual([nowhere.code, /There is no store .*x\./.test(nowhere.told)], [1, true]);
});

test('a running collector is asked for the same, and what it says is told', async () => {
  const paths: string[] = [];
  const answering = (response: () => Response) => ({
    fetch: (async (url: URL) => {
      paths.push(`${url.pathname}${url.search}`);
      return response();
    }) as typeof fetch,
  });
  const head = { ...incident, title: 'red\u001b[31m' };
  const list = await run(
    ['list', '--url', 'http://c:1/base'],
    answering(() => Response.json({ incidents: [head] })),
  );
  assert.match(list.output, /^6bd7f708147c204f .*\n {4}red \[31m\n/);
  const shown = await run(
    ['show', 'a/b', '--format', 'html'],
    answering(() => new Response('<!doctype html>')),
  );
  assert.equal(shown.output, '<!doctype html>');
  assert.deepEqual(paths, ['/base/api/v1/incidents', '/api/v1/incidents/a%2Fb?format=html']);
  const error = { error: { code: 'not-found', message: 'No incident x is stored.' } };
  const missing = await run(
    ['show', 'x'],
    answering(() => Response.json(error, { status: 404 })),
  );
  assert.deepEqual(
    [missing.code, missing.told],
    [1, 'go-sre-collector incident: http://127.0.0.1:4319: No incident x is stored.'],
  );
  const other = await run(
    ['list'],
    answering(() => new Response('hello')),
  );
  assert.match(other.told, /answers with no incidents: it is no collector/);
});

for (const [argv, says] of [
  [['shw', 'x'], /there is no command shw\. Did you mean show\?/],
  [['show'], /show takes one ID; list tells them/],
  [['list', 'x'], /list takes no x/],
  [['show', 'x', '--format', 'pdf'], /--format pdf: must be one of text, markdown, json, html/],
  [['list', '--url', 'localhost'], /--url localhost: must be an http URL/],
  [['list', '--url', 'http://x', '--data', 'y'], /give one, both say where/],
  [['list', '--nope'], /--nope/],
] as const) {
  test(`refused with what is wrong: incident ${argv.join(' ')}`, async () => {
    const { code, told, output } = await run([...argv]);
    assert.deepEqual([code, output], [2, '']);
    assert.match(told, says);
  });
}
