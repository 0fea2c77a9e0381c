import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { INCIDENT_FORMAT_NAMES, INCIDENT_FORMATS } from '../../../../collector/correlate/share/formats.ts';
import { loadShared, SHARED } from '../../../../collector/correlate/share/load.ts';
import { DARK, LIGHT } from '../../../../collector/correlate/share/styles.ts';
import { CollectorError } from '../../../../collector/telemetry/errors.ts';
import { storeOf } from '../../../helpers/scenario.ts';
import { logBatch, spanBatch } from '../../../helpers/telemetry.ts';
import { ONSET_MS, smallIncident, TRACE } from './small-incident.ts';

const { incident } = smallIncident;
const { signal } = new AbortController();
const at = (afterMs: number) => BigInt(ONSET_MS + afterMs) * 1_000_000n;
const ids = { traceId: TRACE, service: 'shop' };
const [SERVER, CLIENT] = ['00f067aa0ba902b7', 'b7ad6b7169203331'];

/** What a store has of the small incident: its trace of two spans, and three lines. */
const stored = (t: TestContext) =>
  storeOf(t, [
    spanBatch([
      { ...ids, spanId: SERVER, name: 'GET /verify', kind: 2, start: at(3_000), duration: 2_300_000_000n },
      {
        ...{ ...ids, spanId: CLIENT, parentSpanId: SERVER, name: 'GET', kind: 3, status: 2 },
        ...{ start: at(3_010), duration: 2_190_000_000n },
        attributes: { 'db.system.name': 'redis', 'db.operation.name': 'GET' },
      },
    ]),
    logBatch([
      { ...ids, spanId: CLIENT, time: at(4_000), severityNumber: 13, body: 'dial timeout <redis|0>' },
      { ...ids, spanId: SERVER, time: at(5_000), severityNumber: 9, body: 'request' },
      {
        ...ids,
        traceId: 'ab'.repeat(16),
        spanId: SERVER,
        time: at(5_000),
        severityNumber: 9,
        body: 'of another',
      },
    ]),
  ]);

test('the lead trace is the exemplar, children behind their parents, and the lines are those of the evidence', async (t) => {
  const { leadTrace, logs, logsMatched, missing } = await loadShared(incident, await stored(t), { signal });
  assert.deepEqual(
    leadTrace?.spans.map(({ label, depth, failed }) => [label, depth, failed]),
    [
      ['GET /verify', 0, false],
      ['redis.GET', 1, true],
    ],
  );
  assert.deepEqual(
    logs.map(({ level, body, isEvidence }) => [level, body, isEvidence]),
    [
      ['WARN', 'dial timeout <redis|0>', true],
      ['INFO', 'request', false],
    ],
  );
  assert.deepEqual([logsMatched, missing], [2, []]);
});

test('a trace of many spans is told by its longest, with how many there are', async (t) => {
  const id = (n: number) => n.toString(16).padStart(16, '0');
  const spans = Array.from({ length: 500 }, (_, i) => ({
    ...{ ...ids, spanId: id(i + 1), parentSpanId: i === 0 ? '' : id(i), name: `step ${i}` },
    ...{ start: at(i), duration: BigInt(1_000_000_000 - i) },
  }));
  const shared = await loadShared(incident, await storeOf(t, [spanBatch(spans)]), { signal });
  assert.deepEqual([shared.leadTrace?.spans.length, shared.leadTrace?.stored], [SHARED.spans, 500]);
  assert.match(INCIDENT_FORMATS.html.render(shared), /200 spans, the longest of 500\./);
});

test('an incident whose telemetry is gone is shared all the same, and says so', async (t) => {
  const shared = await loadShared(incident, await storeOf(t, []), { signal });
  assert.equal(shared.leadTrace, undefined);
  assert.deepEqual(shared.missing, [`Trace ${TRACE} is no longer stored.`]);
  assert.deepEqual(
    shared.logs.map(({ body }) => body),
    ['WARN dial timeout'],
  );
  assert.match(INCIDENT_FORMATS.html.render(shared), /is no longer stored/);
});

test('a store that cannot be read is told; a reader who went away ends it', async (t) => {
  const store = await stored(t);
  const broken = {
    ...store,
    trace: () => Promise.reject(new CollectorError('too-slow', 'It took too long.')),
  };
  const { missing, logs } = await loadShared(incident, broken, { signal });
  assert.deepEqual(missing, ['The lead trace could not be read: It took too long.']);
  assert.equal(logs.length, 2);
  await assert.rejects(loadShared(incident, broken, { signal: AbortSignal.abort() }));
});

test('every format tells the verdict, the cost with its numbers, and which incident it is', () => {
  for (const name of INCIDENT_FORMAT_NAMES) {
    const flat = INCIDENT_FORMATS[name].render(smallIncident).replaceAll('\\', '').replace(/\s+/g, ' ');
    assert.match(flat, /73\.0 % of slow traces, 0\.4 % before \(n = 312 and 1,284\)/, name);
    assert.ok(flat.includes(incident.id), name);
    if (name === 'json') continue;
    assert.match(flat, /2\.7 % of the 30d budget of verify-latency \(8,336 of 134,451 events bad\)/, name);
    assert.match(flat, /19 min of it bad/, name);
  }
});

for (const name of INCIDENT_FORMAT_NAMES) {
  test(`a small closed incident as ${name}`, (t) => {
    const { render, extension } = INCIDENT_FORMATS[name];
    const file = join(import.meta.dirname, 'testdata', `incident.golden.${extension}`);
    t.assert.fileSnapshot(render(smallIncident), file, { serializers: [String] });
  });
}

test('the HTML fetches nothing and runs nothing', () => {
  const page = INCIDENT_FORMATS.html.render(smallIncident);
  assert.doesNotMatch(page, /<script|<link|<img|<iframe|@import|url\(|\ssrc=|\son\w+=/i);
  assert.match(page, /content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;"/);
});

test('a ticket that would be too long says how much is left out', () => {
  const findings = incident.findings.map((found) => ({ ...found, statement: 'word '.repeat(6_000) }));
  const text = INCIDENT_FORMATS.markdown.render({ ...smallIncident, incident: { ...incident, findings } });
  assert.ok(text.length < 65_536);
  assert.match(text, /_\d+ more parts do not fit into a ticket/);
});

test('the file has the colours of the console', () => {
  const tokens = readFileSync(
    join(import.meta.dirname, '../../../../collector/ui/styles/tokens.css'),
    'utf8',
  );
  const dark = tokens.indexOf('prefers-color-scheme:dark');
  for (const [own, theirs] of [
    [LIGHT, tokens.slice(0, dark)],
    [DARK, tokens.slice(dark)],
  ] as const) {
    for (const token of own.split(';')) assert.ok(theirs.includes(`${token};`), token);
  }
});
