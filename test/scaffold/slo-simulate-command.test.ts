import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as disk from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runGoSreInProcess } from '../helpers/scaffold.ts';

const testdata = join(import.meta.dirname, 'testdata/slo-simulate');
const shop = join(import.meta.dirname, '../slo/testdata/shop.json');

function folder(t: TestContext, files: Readonly<Record<string, string>> = {}): string {
  const made = mkdtempSync(join(tmpdir(), 'slo-simulate-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  copyFileSync(shop, join(made, 'slo.json'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(made, name), text);
  return made;
}

/** A folder with the first of the objectives of a route alone. */
function oneObjective(t: TestContext, files: Readonly<Record<string, string>> = {}): string {
  const spec = JSON.parse(readFileSync(shop, 'utf8'));
  return folder(t, { ...files, 'slo.json': JSON.stringify({ ...spec, slos: [spec.slos[1]] }) });
}

const simulate = (cwd: string, ...words: string[]) =>
  runGoSreInProcess(['slo', 'simulate', ...words], cwd, { disk });

const traffic = [
  '--rpm',
  '60',
  '--rpm',
  'get-orders-availability=0.05',
  '--rpm',
  'capture-payment-latency=0.5',
];

// Refreshed by: node --test --test-update-snapshots test/scaffold/slo-simulate-command.test.ts
test('the text shows drills, the smallest outage, false pages, and what helps a quiet route', async (t) => {
  const ran = await simulate(folder(t), ...traffic);
  assert.equal(ran.exitCode, 0, ran.stderr);
  t.assert.fileSnapshot(ran.stdout, join(testdata, 'shop.txt'), { serializers: [String] });
});

test('advice names the routes to group, the window, and the objective that a page needs', async (t) => {
  const slo = { kind: 'availability', objective: 0.999, window: '7d', alerts: 'page' };
  const slos = [
    { ...slo, id: 'quiet', route: '/quiet' },
    { ...slo, id: 'quieter', route: '/quieter' },
    { ...slo, id: 'low', route: '/low', objective: 0.8 },
    { ...slo, id: 'tickets', route: '/tickets', alerts: 'ticket' },
    { ...slo, id: 'silent', route: '/silent', alerts: 'none' },
    { ...slo, id: 'queue', kind: 'saturation', gauge: 'queue_length', limit: 9 },
  ];
  const spec = { ...JSON.parse(readFileSync(shop, 'utf8')), slos };
  const cwd = folder(t, { 'slo.json': JSON.stringify(spec) });
  const rates = ['--rpm', '40', '--rpm', 'quiet=1', '--rpm', 'quieter=0.4'];
  const ran = await simulate(cwd, ...rates);
  assert.equal(ran.exitCode, 0, ran.stderr);
  t.assert.fileSnapshot(ran.stdout, join(testdata, 'advice.txt'), { serializers: [String] });
});

test('--slo adds objectives to those of the folder, and both paths count from where the command is started', async (t) => {
  const spec = JSON.parse(readFileSync(shop, 'utf8'));
  const more = { ...spec, slos: [{ ...spec.slos[1], id: 'one-more' }] };
  const cwd = folder(t, { 'more.json': JSON.stringify(more) });
  mkdirSync(join(cwd, 'inside'));
  copyFileSync(shop, join(cwd, 'inside/slo.json'));
  const ran = await simulate(cwd, '--dir', 'inside', '--slo', 'more.json', '--rpm', '60', '--json');
  assert.equal(ran.exitCode, 0, ran.stderr);
  const ids = JSON.parse(ran.stdout).objectives.map(({ id }: { id: string }) => id);
  assert.deepEqual(ids, [...spec.slos.map(({ id }: { id: string }) => id), 'one-more']);
});

test('--json prints one object with the same findings', async (t) => {
  const ran = await simulate(oneObjective(t), '--json', '--rpm', '0.05');
  const { service, objectives } = JSON.parse(ran.stdout);
  assert.equal(service, 'shop');
  assert.equal(objectives.length, 1);
  const [quiet] = objectives;
  assert.deepEqual(quiet.drills[0], {
    ...{ ratio: 1, seconds: 3_600, allowed: false },
    ...{ pageSeconds: null, ticketSeconds: 1_200, resetSeconds: null },
  });
  assert.equal(quiet.advice.problem, 'too few events');
  assert.equal(quiet.smallest.page.badEvents, 5);
});

/** Counters over ten minutes: `perMinute` requests a minute, none of them bad. */
function exported(...perMinute: readonly number[]): string {
  const answers = perMinute.map((rate, n) => ({
    status: 'success',
    data: {
      resultType: 'matrix',
      result: [
        {
          metric: {
            __name__: 'http_server_request_duration_seconds_count',
            ...{ job: 'shop', http_request_method: 'GET', http_response_status_code: '200' },
            http_route: n === 0 ? '/orders/{id}' : `/other/${n}`,
          },
          values: Array.from({ length: 21 }, (_, at) => [1_700_000_100 + at * 30, String((at * rate) / 2)]),
        },
      ],
    },
  }));
  return JSON.stringify(answers);
}

test('--from-export takes the traffic that was measured, and --rpm goes before it', async (t) => {
  const cwd = oneObjective(t, { 'export.json': exported(60, 30) });
  const rateOf = async (...words: string[]) => {
    const ran = await simulate(cwd, '--json', '--from-export', 'export.json', ...words);
    assert.equal(ran.exitCode, 0, ran.stderr);
    return JSON.parse(ran.stdout).objectives[0].eventsPerMinute;
  };
  assert.equal(await rateOf(), 60);
  assert.equal(await rateOf('--rpm', '12'), 12);
});

test('an export that does not tell of an objective leaves its traffic to --rpm', async (t) => {
  const ran = await simulate(folder(t, { 'export.json': exported(60) }), '--from-export', 'export.json');
  assert.equal(ran.exitCode, 2);
  assert.match(ran.stderr, /How many requests a minute get-orders-latency gets is not known/);
});

for (const [what, words, files, exitCode, message] of [
  ['no traffic is told', [], {}, 2, /service-availability gets is not known\. Say --rpm 60 for all/],
  ['an id is misspelt', ['--rpm', 'get-order-latency=1'], {}, 2, /Did you mean get-orders-latency\?/],
  ['a rate is no number', ['--rpm', 'many'], {}, 2, /--rpm many: it takes requests a minute/],
  ['a rate is zero', ['--rpm', '0'], {}, 2, /a number above 0/],
  ['a word stands alone', ['shop'], {}, 2, /takes flags only/],
  ['the spec is missing', ['--slo', 'none.json'], {}, 1, /There is no .*none\.json/],
  ['the export is missing', ['--from-export', 'e.json'], {}, 1, /There is no .*e\.json/],
  ['the export is no JSON', ['--from-export', 'e.json'], { 'e.json': '{' }, 1, /e\.json is not JSON/],
  ['the export is another answer', ['--from-export', 'e.json'], { 'e.json': '{}' }, 1, /has no data\.result/],
] as const) {
  test(`it says what to do where ${what}`, async (t) => {
    const ran = await simulate(folder(t, files), ...words);
    assert.equal(ran.exitCode, exitCode);
    assert.match(ran.stderr, message);
    assert.equal(ran.stdout, '');
  });
}
