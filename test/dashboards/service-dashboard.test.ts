import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clientNames, planDashboards } from '../../dashboards/index.ts';
import { lint } from '../../dashboards/lint.ts';
import { dashboardUid, parseSpec, type Service, tiers } from '../../slo/index.ts';
import { charts, everyPanel, type GrafanaJson, panelLines, rowTitles } from '../helpers/dashboard-panels.ts';

const shop = (() => {
  const result = parseSpec(readFileSync(join(import.meta.dirname, '../slo/testdata/shop.json'), 'utf8'));
  assert.ok(result.ok);
  return result.service;
})();

function renderedText(service: Service = shop, clients = clientNames): string {
  const [text] = planDashboards(service, { clients }).values();
  return text!;
}

function rendered(service: Service = shop, clients = clientNames): GrafanaJson {
  return JSON.parse(renderedText(service, clients));
}

test('the rendered dashboard keeps every rule', () => {
  assert.deepEqual(lint(renderedText()), []);
  assert.deepEqual(lint(renderedText({ ...shop, slos: [] }, [])), []);
});

test('a service has two dashboards for each tool, one without objectives; two renderings have the same bytes', () => {
  const once = planDashboards(shop, { clients: clientNames });
  assert.deepEqual(
    [...once.keys()],
    ['grafana/shop.json', 'grafana/shop-slo.json', 'perses/shop.json', 'perses/shop-slo.json'],
  );
  assert.deepEqual(
    [...planDashboards({ ...shop, slos: [] }, { clients: [] }).keys()],
    ['grafana/shop.json', 'perses/shop.json'],
  );
  assert.deepEqual([...once], [...planDashboards(shop, { clients: clientNames })]);
});

// Refreshed by: node --test --test-update-snapshots test/dashboards/service-dashboard.test.ts
test('its rows, panels, units and queries are the golden ones', (t) => {
  t.assert.fileSnapshot(panelLines(rendered()), join(import.meta.dirname, 'testdata/shop.panels.txt'), {
    serializers: [String],
  });
});

test('a client has a row only when the service has the client', () => {
  const own = ['Golden signals', 'Objectives', 'Saturation'];
  const ofRoutes = ['GET /orders/{id}', 'POST /payment/{id}/capture'];
  assert.deepEqual(rowTitles(rendered(shop, [])), [...own, ...ofRoutes]);
  assert.deepEqual(rowTitles(rendered(shop, ['http-client', 'redis'])), [
    ...own,
    'Redis',
    'HTTP client',
    ...ofRoutes,
  ]);
  assert.deepEqual(rowTitles(rendered()), [...own, 'Redis', 'PostgreSQL', 'HTTP client', ...ofRoutes]);
});

test('a service without objectives has no row of objectives, nor of routes', () => {
  assert.deepEqual(rowTitles(rendered({ ...shop, slos: [] }, [])), ['Golden signals', 'Saturation']);
});

test('one more route changes the row of that route, and the places of the rows below it', () => {
  const refunds = { ...shop.slos[1]!, id: 'refunds', routes: [{ method: 'PUT', path: '/refunds' }] };
  const before = rendered();
  const last = rendered({ ...shop, slos: [...shop.slos, refunds] });
  assert.deepEqual({ ...last, panels: last.panels.slice(0, -1) }, before);
  assert.equal(last.panels.at(-1)!.title, 'PUT /refunds');

  const first = rendered({ ...shop, slos: [refunds, ...shop.slos] });
  const below = new Set(['GET /orders/{id}', 'POST /payment/{id}/capture']);
  const moved = before.panels.map((panel) =>
    below.has(panel.title) ? { ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y + 1 } } : panel,
  );
  assert.deepEqual(
    first.panels.filter((panel) => panel.title !== 'PUT /refunds'),
    moved,
  );
});

test('ids of panels do not depend on the clients, the order of the objectives or other routes', () => {
  const ids = (dashboard: GrafanaJson) => new Map(everyPanel(dashboard).map(({ title, id }) => [title, id]));
  const all = ids(rendered());
  for (const other of [rendered(shop, []), rendered({ ...shop, slos: shop.slos.toReversed() })]) {
    for (const [title, id] of ids(other)) assert.equal(all.get(title), id, title);
  }
});

test('a route has its fragment: traffic by code, errors by kind, latency and the share within its threshold', () => {
  const route = rendered().panels.find((panel) => panel.title === 'GET /orders/{id}')!;
  assert.deepEqual(
    route.panels!.map((panel) => panel.title.split(': ')[1]),
    ['traffic by code', 'errors by kind', 'latency', 'share within threshold'],
  );
});

test('every latency panel shows exemplars', () => {
  const ofRuntime = 'Scheduler latency p99'; // Go's own histogram has none
  const latency = charts(rendered()).filter(
    ({ title }) => /^Latency|: latency$|latency p99/.test(title) && title !== ofRuntime,
  );
  assert.ok(latency.length >= 8);
  for (const panel of latency)
    assert.ok(
      panel.targets.some((target) => target.exemplar),
      panel.title,
    );
});

test('five hundred routes give ids of their own and a dashboard of a size that Grafana loads', () => {
  const slos = Array.from({ length: 500 }, (_, i) => ({
    ...shop.slos[1]!,
    id: `slo-${i}`,
    routes: [{ method: 'GET', path: `/things/${i}` }],
  }));
  const text = renderedText({ ...shop, slos });
  assert.deepEqual(lint(text), []);
  assert.ok(text.length < 10_000_000, `${text.length} bytes`);
});

test('the burn rate of the long window of every tier is shown', () => {
  const titles = charts(rendered()).map((panel) => panel.title);
  for (const { longWindow } of tiers) assert.ok(titles.includes(`Burn rate over ${longWindow}`), longWindow);
});

test('a long service name gives a uid that Grafana accepts, and no other service has', () => {
  const [a, b] = ['a', 'b'].map((end) => ({ ...shop, name: `a${'-b'.repeat(30)}${end}` })) as [
    Service,
    Service,
  ];
  assert.deepEqual(lint(renderedText(a)), []);
  assert.notEqual(rendered(a).uid, rendered(b).uid);
});

test('a service whose series have another job is selected by it', () => {
  const text = renderedText({ ...shop, job: 'shop-prod' });
  assert.match(text, /job=\\"shop-prod\\"/);
  assert.doesNotMatch(text, /job=\\"shop\\"/);
});

test('it leads to its objectives, to all services, and to logs and traces in the console', () => {
  const { links } = rendered();
  assert.deepEqual(
    links.map(({ url }) => url),
    [
      `/d/${dashboardUid.objectives('shop')}`,
      `/d/${dashboardUid.fleet}`,
      '${console}/logs?service=shop&from=${__from:date:iso}&to=${__to:date:iso}',
      '${console}/traces?service=shop&order=slowest&from=${__from:date:iso}&to=${__to:date:iso}',
    ],
  );
});

test('an exemplar leads to its trace in the console, and a line to the slowest of its route', () => {
  const latency = charts(rendered()).find(({ title }) => title === 'Latency p99 by route')!;
  const [override] = latency.fieldConfig.overrides;
  assert.equal(override!.matcher.options, 'trace_id');
  assert.match(JSON.stringify(override!.properties), /\$\{console\}\/traces\/\$\{__value\.raw\}/);
  assert.match(
    latency.fieldConfig.defaults.links![0]!.url,
    /route=\$\{__field\.labels\.http_route:percentencode\}/,
  );
});

test('deploys and firing alerts are marked in its charts', () => {
  const marks = rendered().annotations.list.map(({ name }) => name);
  assert.deepEqual(marks, ['Firing alerts', 'Deploys']);
  assert.deepEqual(
    rendered({ ...shop, slos: [] }).annotations.list.map(({ name }) => name),
    ['Deploys'],
  );
});
