import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clientNames, planDashboards } from '../../dashboards/index.ts';
import { type LintedDashboard, lint, lintExpression } from '../../dashboards/lint.ts';
import { parseSpec, type Service, tiers } from '../../slo/index.ts';

const shop = (() => {
  const result = parseSpec(readFileSync(join(import.meta.dirname, '../slo/testdata/shop.json'), 'utf8'));
  assert.ok(result.ok);
  return result.service;
})();

/** The parts of a dashboard that the tests look at, writable, so that faults can be planted. */
interface Panel {
  id: number;
  collapsed?: boolean;
  panels?: Panel[];
  type: string;
  title: string;
  description: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource: { uid: string };
  fieldConfig: { defaults: { unit?: string } };
  targets: { expr: string; legendFormat: string; exemplar: boolean; datasource: { uid: string } }[];
}

type Dashboard = Omit<LintedDashboard, 'panels'> & {
  uid: string;
  templating: { list: { type: string; name: string; query: string }[] };
  panels: Panel[];
};

function renderedText(service: Service = shop, clients = clientNames): string {
  const [text] = planDashboards(service, { clients }).values();
  return text!;
}

function rendered(service: Service = shop, clients = clientNames): Dashboard {
  return JSON.parse(renderedText(service, clients));
}

/** All panels, those in closed rows among them. */
function everyPanel(dashboard: Dashboard): Panel[] {
  return dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

/** The panels that draw something. */
function charts(dashboard: Dashboard): Panel[] {
  return everyPanel(dashboard).filter((panel) => panel.type !== 'row');
}

/** The titles of all rows, from top to bottom. */
function rows(dashboard: Dashboard): string[] {
  return dashboard.panels.filter((panel) => panel.type === 'row').map((panel) => panel.title);
}

test('the rendered dashboard keeps every rule', () => {
  assert.deepEqual(lint(rendered()), []);
  assert.deepEqual(lint(rendered({ ...shop, slos: [] }, [])), []);
});

test('it stands in one file named after the service, and two renderings have the same bytes', () => {
  const once = planDashboards(shop, { clients: clientNames });
  assert.deepEqual([...once.keys()], ['grafana/shop.json']);
  assert.deepEqual([...once], [...planDashboards(shop, { clients: clientNames })]);
});

// Refreshed by: node --test --test-update-snapshots test/dashboards/service-dashboard.test.ts
test('its rows, panels, units and queries are the golden ones', (t) => {
  const lines = everyPanel(rendered()).flatMap((panel) =>
    panel.type === 'row'
      ? [`\n# ${panel.title}${panel.collapsed ? ' (closed)' : ''}`]
      : [
          `${panel.title} (${panel.fieldConfig.defaults.unit})`,
          ...panel.targets.map((target) => `    ${target.legendFormat}: ${target.expr}`),
        ],
  );
  t.assert.fileSnapshot(
    `${lines.join('\n').trim()}\n`,
    join(import.meta.dirname, 'testdata/shop.panels.txt'),
    {
      serializers: [String],
    },
  );
});

test('a client has a row only when the service has the client', () => {
  const own = ['Golden signals', 'Objectives', 'Saturation'];
  const ofRoutes = ['GET /orders/{id}', 'POST /payment/{id}/capture'];
  assert.deepEqual(rows(rendered(shop, [])), [...own, ...ofRoutes]);
  assert.deepEqual(rows(rendered(shop, ['http-client', 'redis'])), [
    ...own,
    'Redis',
    'HTTP client',
    ...ofRoutes,
  ]);
  assert.deepEqual(rows(rendered()), [...own, 'Redis', 'PostgreSQL', 'HTTP client', ...ofRoutes]);
});

test('a service without objectives has no row of objectives, nor of routes', () => {
  assert.deepEqual(rows(rendered({ ...shop, slos: [] }, [])), ['Golden signals', 'Saturation']);
});

test('one more route changes the row of that route, and the places of the rows below it', () => {
  const refunds = { ...shop.slos[1]!, id: 'refunds', route: { method: 'PUT', path: '/refunds' } };
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
  const ids = (dashboard: Dashboard) => new Map(everyPanel(dashboard).map(({ title, id }) => [title, id]));
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
    route: { method: 'GET', path: `/things/${i}` },
  }));
  const text = renderedText({ ...shop, slos });
  assert.deepEqual(lint(JSON.parse(text)), []);
  assert.ok(text.length < 10_000_000, `${text.length} bytes`);
});

test('the burn rate of the long window of every tier is shown', () => {
  const titles = charts(rendered()).map((panel) => panel.title);
  for (const { longWindow } of tiers) assert.ok(titles.includes(`Burn rate over ${longWindow}`), longWindow);
});

test('a long service name gives a uid that Grafana accepts', () => {
  assert.deepEqual(lint(rendered({ ...shop, name: `a${'-b'.repeat(31)}` })), []);
});

const faults: Record<string, { plant: (dashboard: Dashboard) => void; found: RegExp }> = {
  'a panel without a unit': {
    plant: (d) => delete charts(d)[0]!.fieldConfig.defaults.unit,
    found: /has no unit/,
  },
  'a panel without a description': {
    plant: (d) => {
      charts(d)[1]!.description = '';
    },
    found: /has no description/,
  },
  'a panel without a title': {
    plant: (d) => {
      charts(d)[1]!.title = '';
    },
    found: /has no title/,
  },
  'a panel without a query': {
    plant: (d) => {
      charts(d)[2]!.targets = [];
    },
    found: /has no query/,
  },
  'a query without a legend': {
    plant: (d) => {
      charts(d)[2]!.targets[0]!.legendFormat = '';
    },
    found: /without a legend/,
  },
  'two panels on one place': {
    plant: (d) => {
      charts(d)[1]!.gridPos.x = 1;
    },
    found: /overlaps "Traffic by route"/,
  },
  'a panel beyond the right border': {
    plant: (d) => {
      charts(d)[2]!.gridPos.w = 13;
    },
    found: /does not fit/,
  },
  'two panels of one id': {
    plant: (d) => {
      charts(d)[1]!.id = charts(d)[0]!.id;
    },
    found: /has the id 101 of/,
  },
  'two panels of one title': {
    plant: (d) => {
      charts(d)[1]!.title = charts(d)[0]!.title;
    },
    found: /title of another panel/,
  },
  'an id that is too large': {
    plant: (d) => {
      charts(d)[0]!.id = 2 ** 31;
    },
    found: /id 2147483648, which is none/,
  },
  'a closed row that is open': {
    plant: (d) => {
      d.panels.at(-1)!.collapsed = false;
    },
    found: /drops its panels/,
  },
  'a fault in a closed row': {
    plant: (d) => {
      d.panels.at(-1)!.panels![0]!.targets[0]!.expr = 'nobodys_metric';
    },
    found: /metric nobodys_metric/,
  },
  'a data source by name': {
    plant: (d) => {
      charts(d)[0]!.targets[0]!.datasource.uid = 'prometheus';
    },
    found: /names a data source/,
  },
  'no data source variable': {
    plant: (d) => {
      d.templating.list.shift();
    },
    found: /no data source variable/,
  },
  'a variable filled from an unknown metric': {
    plant: (d) => {
      d.templating.list[1]!.query = 'label_values(http_requests_total, http_route)';
    },
    found: /metric http_requests_total/,
  },
  'a uid that is too long': {
    plant: (d) => {
      d.uid = 'x'.repeat(41);
    },
    found: /more than 40/,
  },
};

for (const [name, { plant, found }] of Object.entries(faults)) {
  test(`a planted fault is found: ${name}`, () => {
    const dashboard = rendered();
    plant(dashboard);
    const problems = lint(dashboard);
    assert.ok(
      problems.some(({ message }) => found.test(message)),
      JSON.stringify(problems),
    );
  });
}

const expressions: Record<string, [expr: string, found: RegExp]> = {
  'a missing bracket': ['sum(rate(go_goroutines[$__rate_interval])', /is no PromQL/],
  'a metric nobody exposes': ['go_gorutines', /metric go_gorutines is not/],
  'a label nobody writes': ['go_goroutines{pod="a"}', /label pod is not/],
  'a grouping label nobody writes': ['sum by (pod) (go_goroutines)', /label pod is not/],
  'a recorded series of a window that does not look like one': [
    'slo:events:sum6x',
    /metric slo:events:sum6x/,
  ],
  'a fixed range': ['rate(process_cpu_seconds_total[5m])', /fixes a range/],
  'sampled and scraped signals together': [
    'rate(span_requests_total[$__rate_interval]) / rate(http_server_request_duration_seconds_count[$__rate_interval])',
    /joins signals of spans/,
  ],
  'no expression': ['', /without an expression/],
};

for (const [name, [expr, found]] of Object.entries(expressions)) {
  test(`a planted fault in an expression is found: ${name}`, () => {
    assert.match(lintExpression(expr).join('\n'), found);
  });
}
