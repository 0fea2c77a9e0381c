import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { chunksOf } from '../../scaffold/src/slo/prometheus.ts';
import { runGoSreInProcess } from '../helpers/scaffold.ts';

const testdata = join(import.meta.dirname, 'testdata');
const hour = 3_600;
const step = 30;
const start = Date.parse('2026-11-01T00:00:00Z') / 1_000;

const spec = {
  ...{ schema: 'go-sre.slo/v1', service: 'shop', owner: 'team-shop', runbook: 'README.md' },
  slos: [
    {
      id: 'orders-availability',
      kind: 'availability',
      method: 'GET',
      route: '/orders',
      objective: 0.999,
      window: '30d',
    },
    {
      id: 'orders-by-region',
      kind: 'availability',
      route: '/orders',
      by: ['region'],
      objective: 0.99,
      window: 'month',
      alerts: 'ticket',
    },
    { id: 'queue', kind: 'saturation', gauge: 'queue_length', limit: 100, objective: 0.99, window: '7d' },
    {
      id: 'probe',
      kind: 'custom',
      badRatio: 'avg_over_time(probe_failed[$window])',
      objective: 0.99,
      window: '30d',
    },
    { id: 'carts', kind: 'availability', route: '/carts', objective: 0.999, window: '30d' },
  ],
};

function folderOf(t: TestContext, files: Record<string, unknown> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'slo-backtest-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries({ 'slo.json': spec, ...files }))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return folder;
}

interface Series {
  readonly metric: Record<string, string>;
  readonly values: readonly (readonly [number, string])[];
}

/** A series with the value of each moment, none where that is undefined. */
function series(
  metric: Record<string, string>,
  hours: number,
  valueAt: (second: number) => number | undefined,
): Series {
  const values: [number, string][] = [];
  for (let second = 0; second <= hours * hour; second += step) {
    const value = valueAt(second);
    if (value !== undefined) values.push([start + second, String(value)]);
  }
  return { metric, values };
}

const answer = (...result: Series[]) => ({ status: 'success', data: { resultType: 'matrix', result } });
const request = (code: string, region: string) => ({
  ...{ __name__: 'http_server_request_duration_seconds_count', job: 'shop', http_request_method: 'GET' },
  ...{ http_route: '/orders', http_response_status_code: code, region },
});
/** 10 a second, of which in the 20 minutes from 10:00 half fail; from 20:00 to 22:00 nobody scraped. */
const failing = (second: number) => Math.min(Math.max(second - 10 * hour, 0), 1_200);
const scraped = (second: number) => second < 20 * hour || second > 22 * hour;
const good = series(request('200', 'eu'), 48, (second) =>
  scraped(second) ? 10 * second - 5 * failing(second) : undefined,
);
const bad = series(request('500', 'eu'), 48, (second) => (scraped(second) ? 5 * failing(second) : undefined));
const queue = series({ __name__: 'queue_length' }, 48, (second) =>
  second > 30 * hour && second < 33 * hour ? 200 : 3,
);
const alert = (name: string, from: number, to: number) =>
  series({ __name__: 'ALERTS', alertname: name, alertstate: 'firing', route: '/orders' }, 48, (second) =>
    second >= from && second <= to ? 1 : undefined,
  );
const present = [
  alert('HighErrorRate', 10 * hour + 600, 10 * hour + 1_500),
  alert('HighErrorRate', 40 * hour, 40 * hour + 60),
  alert('Other', 0, hour),
];

test('an export is replayed: alerts, budget, gaps, and the present rules beside them', async (t) => {
  // Refreshed by: node --test --test-update-snapshots test/scaffold/slo-backtest.test.ts
  const lines = [answer(good), answer(bad), answer(queue), answer(...present)].map((one) =>
    JSON.stringify(one),
  );
  const dir = folderOf(t, { 'export.json': lines.join('\n') });
  const ran = await runGoSreInProcess(
    ['slo', 'backtest', '--export', 'export.json', '--present', 'High.*'],
    dir,
  );
  assert.equal(ran.exitCode, 0, ran.stderr);
  t.assert.fileSnapshot(ran.stdout, join(testdata, 'backtest.txt'), { serializers: [String] });
});

test('--json tells the same, with times in milliseconds, and --from leaves out what was before', async (t) => {
  const dir = folderOf(t, { 'a.json': [answer(good), answer(queue)], 'b.json': answer(bad) });
  const argv = ['slo', 'backtest', '--export', 'a.json', '--export', 'b.json', '--json'];
  const all = JSON.parse((await runGoSreInProcess(argv, dir)).stdout);
  const [orders] = all.objectives;
  assert.equal(orders.alerts[0].tier, 'page-1h');
  // Half of 10 a second fail: 14.4 times the budget of 5m and of 1h is reached a minute after the outage began.
  assert.ok(
    Math.abs(orders.alerts[0].fromMs - (start + 10 * hour + 120) * 1_000) <= 60_000,
    JSON.stringify(orders.alerts[0]),
  );
  assert.equal(Math.round(orders.badEvents), 6_000);
  assert.equal(all.present, null);
  assert.deepEqual(
    all.left.map(({ id }: { id: string }) => id),
    ['probe', 'carts'],
  );
  const later = JSON.parse((await runGoSreInProcess([...argv, '--from', '2026-11-02'], dir)).stdout);
  assert.equal(later.fromMs, (start + 24 * hour) * 1_000);
  assert.equal(later.objectives[0].badEvents, 0);
});

/** A Prometheus that holds these series, and the requests that it got. */
function prometheus(all: readonly Series[], asked: URLSearchParams[] = []): typeof fetch {
  return async (_url, init) => {
    const params = new URLSearchParams(String(init?.body));
    asked.push(params);
    const [from, to] = [Number(params.get('start')), Number(params.get('end'))];
    const name = /^\w+/.exec(params.get('query')!)![0];
    const wanted = all.filter(
      ({ metric }) =>
        metric.__name__ === name &&
        (!params.get('query')!.includes('5..') || metric.http_response_status_code === '500'),
    );
    const result = wanted.map(({ metric, values }) => ({
      metric,
      values: values.filter(([at]) => at >= from && at <= to),
    }));
    return Response.json(answer(...result));
  };
}

test('a live Prometheus is asked for the counters of the objectives, in pieces below its limit of points', async (t) => {
  const asked: URLSearchParams[] = [];
  const argv = [
    'slo',
    'backtest',
    '--prometheus',
    'http://user:secret@prom.example:9090/base',
    '--to',
    String(start + 48 * hour),
    '--from',
    '2026-11-01T00:00Z',
  ];
  const ran = await runGoSreInProcess([...argv, '--present', 'High.*', '--json'], folderOf(t), {
    fetch: prometheus([good, bad, queue, ...present], asked),
  });
  assert.equal(ran.exitCode, 0, ran.stderr);
  const found = JSON.parse(ran.stdout);
  assert.equal(found.objectives[0].alerts[0].tier, 'page-1h');
  assert.deepEqual(
    found.present.map(({ accompanied }: { accompanied: boolean }) => accompanied),
    [true, false],
  );
  const queries = new Set(asked.map((params) => params.get('query')));
  assert.ok(queries.has('ALERTS{alertstate="firing",alertname=~"High.*"}'), [...queries].join('\n'));
  assert.equal([...queries].length * 2, asked.length); // 5 days at 30 s are two pieces
  for (const params of asked) {
    const points = (Number(params.get('end')) - Number(params.get('start'))) / Number(params.get('step')) + 1;
    assert.ok(points <= 11_000 && points > 0, String(points));
  }
});

test('the pieces hold every moment once', () => {
  const range = { fromMs: 0, toMs: 30_000 * 25_000, stepSeconds: 30 };
  const chunks = chunksOf(range);
  assert.deepEqual(
    chunks.map(({ fromMs, toMs }) => (toMs - fromMs) / 30_000 + 1),
    [10_000, 10_000, 5_001],
  );
  assert.equal(chunks[1]!.fromMs, chunks[0]!.toMs + 30_000);
});

const url = ['--prometheus', 'http://prom.example'];

for (const [name, argv, stderr, fetch] of [
  ['neither export nor URL', [], /either --export FILE or --prometheus URL/],
  ['both', [...url, '--export', 'x'], /either --export FILE or --prometheus URL/],
  ['a URL that is none', ['--prometheus', 'prom'], /--prometheus prom is no URL/],
  ['a time that is none', [...url, '--from', 'yesterday'], /--from yesterday is no time; write a day like/],
  [
    'an end before the begin',
    [...url, '--from', '2026-11-20', '--to', '2026-11-10'],
    /--from lies behind the end/,
  ],
  ['too many days', [...url, '--from', '2025-11-20'], /At most 92 days/],
  ['a wrong regular expression', [...url, '--present', '('], /--present \( is no regular expression/],
  ['a missing file', ['--export', 'none.json'], /There is no .*none\.json/],
  [
    'a file that is not JSON',
    ['--export', 'text.json'],
    /text\.json is not JSON: .*Save what \/api\/v1\/query_range answers/,
  ],
  [
    'an instant vector',
    ['--export', 'vector.json'],
    /vector\.json cannot be replayed: .*is a vector, not a matrix/,
  ],
  [
    'coarse samples',
    ['--export', 'coarse.json'],
    /samples of the export are 600 s apart; .*Export with step=30/,
  ],
  [
    'series of something else',
    ['--export', 'other.json'],
    /No objective of shop can be replayed\.[\s\S]*carts: none of its series are there[\s\S]*http_server_request_duration_seconds_count\{job="shop"/,
  ],
  [
    'no connection',
    url,
    /prom\.example\/ cannot be asked: prom\.example: connect ECONNREFUSED/,
    async () => Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })),
  ],
  [
    'a refusal',
    url,
    /prom\.example answered 422 to http_.*: query processing would load too many samples/,
    async () =>
      Response.json(
        { status: 'error', error: 'query processing would load too many samples' },
        { status: 422 },
      ),
  ],
  [
    'something that is no Prometheus',
    url,
    /answered 404 without JSON to .*Is it a Prometheus/,
    async () => new Response('<html>', { status: 404 }),
  ],
] as const) {
  test(`told with what to do: ${name}`, async (t) => {
    const vector = { status: 'success', data: { resultType: 'vector', result: [] } };
    const coarse = answer({
      metric: { __name__: 'x' },
      values: [
        [start, '1'],
        [start + 600, '2'],
      ],
    });
    const other = answer({
      metric: { __name__: 'x' },
      values: [
        [start, '1'],
        [start + 30, '2'],
      ],
    });
    const dir = folderOf(t, {
      'text.json': 'up 1',
      'vector.json': vector,
      'coarse.json': coarse,
      'other.json': other,
      'slo.json': { ...spec, slos: spec.slos.filter(({ kind }) => kind === 'availability') },
    });
    const ran = await runGoSreInProcess(['slo', 'backtest', ...argv], dir, fetch && { fetch });
    assert.notEqual(ran.exitCode, 0);
    assert.match(ran.stderr, stderr);
    assert.doesNotMatch(ran.stderr, /\n {4}at /);
  });
}
