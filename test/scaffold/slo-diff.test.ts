import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runGoSreInProcess } from '../helpers/scaffold.ts';

const testdata = join(import.meta.dirname, 'testdata');
const head = { schema: 'go-sre.slo/v1', service: 'shop', owner: 'team-shop', runbook: 'README.md' };
const orders = {
  id: 'orders',
  kind: 'availability',
  method: 'GET',
  route: '/orders',
  objective: 0.999,
  window: '30d',
};
const latency = {
  id: 'orders-latency',
  kind: 'latency',
  route: '/orders',
  thresholdSeconds: 0.3,
  objective: 0.99,
  window: '30d',
};
const queue = {
  id: 'queue',
  kind: 'saturation',
  gauge: 'queue_length',
  limit: 100,
  objective: 0.99,
  window: '7d',
};
const same = { id: 'same', kind: 'availability', objective: 0.99, window: 'month' };

const changes: Record<string, [old: readonly object[], now: readonly object[]]> = {
  'a stricter objective over a shorter window': [
    [orders, same],
    [{ ...orders, objective: 0.9995, window: '7d' }, same],
  ],
  'another threshold': [[latency], [{ ...latency, thresholdSeconds: 0.5 }]],
  'more routes and a grouping': [
    [orders],
    [
      {
        ...orders,
        route: undefined,
        method: undefined,
        routes: ['GET /orders', 'POST /orders'],
        by: ['region'],
      },
    ],
  ],
  'another kind': [[orders], [{ ...orders, kind: 'errors', errorTypes: ['timeout', 'panic'] }]],
  'an objective too low to page, and one that only opens tickets': [
    [orders, latency],
    [
      { ...orders, objective: 0.9 },
      { ...latency, alerts: 'ticket', owner: 'team-orders' },
    ],
  ],
  'one more, one less, one renamed': [
    [orders, latency, same],
    [queue, { ...orders, id: 'orders-availability' }, same],
  ],
  'other expressions, and a gap that is bad': [
    [{ ...same, kind: 'custom', bad: 'failed_total', total: 'all_total' }, queue],
    [
      { ...same, kind: 'custom', good: 'sum(rate(ok_total[$window]))', total: 'all_total' },
      { ...queue, limit: 80, missing: 'bad' },
    ],
  ],
  nothing: [[orders], [orders]],
};

async function diff(t: TestContext, old: unknown, now: unknown, ...flags: string[]) {
  const dir = mkdtempSync(join(tmpdir(), 'slo-diff-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, spec] of Object.entries({ old, now }))
    writeFileSync(join(dir, `${name}.json`), JSON.stringify(spec));
  return runGoSreInProcess(['slo', 'diff', 'old.json', 'now.json', ...flags], dir);
}

// Refreshed by: node --test --test-update-snapshots test/scaffold/slo-diff.test.ts
test('each kind of change is explained in events, minutes, history and alerts', async (t) => {
  const texts: string[] = [];
  for (const [name, [old, now]] of Object.entries(changes)) {
    const ran = await diff(t, { ...head, slos: old }, { ...head, slos: now }, '--rpm', '600');
    assert.equal(ran.exitCode, 0, ran.stderr);
    texts.push(`# ${name}\n${ran.stdout}`);
  }
  t.assert.fileSnapshot(texts.join('\n'), join(testdata, 'slo-diff.txt'), { serializers: [String] });
});

test('--json has the numbers', async (t) => {
  const [old, now] = changes['a stricter objective over a shorter window']!;
  const ran = await diff(t, { ...head, slos: old }, { ...head, slos: now }, '--json');
  const { rpm, services } = JSON.parse(ran.stdout);
  const [slo] = services[0].slos;
  assert.deepEqual(
    [rpm, services[0].unchanged, slo.history, slo.before.outageMinutes],
    [60, 1, 'kept', 43.2],
  );
  assert.equal(slo.after.outageMinutes, 5.04);
  assert.deepEqual(slo.keys, [
    { key: 'objective', before: '0.999', after: '0.9995' },
    { key: 'window', before: '30d', after: '7d' },
  ]);
});

test('another job counts other series, so that every history is mixed; other receivers touch none', async (t) => {
  const spec = { ...head, slos: [orders] };
  const ran = await diff(t, spec, { ...spec, job: 'shop-live', routing: { page: 'pager' } });
  assert.match(
    ran.stdout,
    /^shop: changes\.\n {2}job {2}none -> shop-live\n {2}routing {2}none -> \{"page":"pager"\}\n {2}~ orders\n {6}history {2}goes on, mixed: what counts differs by job;/,
  );
});

test('services are compared by name: one that is new, one that is gone', async (t) => {
  const ran = await diff(t, { ...head, slos: [orders] }, { ...head, service: 'carts', slos: [same] });
  assert.match(
    ran.stdout,
    /^carts: a new service\.\n {2}\+ same\n[\s\S]*\n\nshop: the service is gone\.\n {2}- orders\n/,
  );
});

for (const [name, argv, stderr] of [
  ['one file only', ['old.json'], /takes two files, OLD and NEW; 1 is named/],
  ['a missing file', ['old.json', 'none.json'], /There is no .*none\.json/],
  [
    'a number that is none',
    ['old.json', 'old.json', '--rpm', 'many'],
    /--rpm many: it takes requests a minute/,
  ],
  [
    'a wrong spec',
    ['old.json', 'bad.json'],
    /The objectives are not right\.\nbad\.json:.*slos\[0\]\.objective/,
  ],
] as const) {
  test(`told with what to do: ${name}`, async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'slo-diff-'));
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    writeFileSync(join(dir, 'old.json'), JSON.stringify({ ...head, slos: [orders] }));
    writeFileSync(join(dir, 'bad.json'), JSON.stringify({ ...head, slos: [{ ...orders, objective: 99.9 }] }));
    const ran = await runGoSreInProcess(['slo', 'diff', ...argv], dir);
    assert.notEqual(ran.exitCode, 0);
    assert.match(ran.stderr, stderr);
  });
}
