import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { planDashboards } from '../../dashboards/index.ts';
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

function rendered(service: Service = shop, redis = true): Dashboard {
  const [text] = planDashboards(service, { redis }).values();
  return JSON.parse(text!);
}

/** The panels that draw something. */
function charts(dashboard: Dashboard): Panel[] {
  return dashboard.panels.filter((panel) => panel.type !== 'row');
}

test('the rendered dashboard keeps every rule', () => {
  assert.deepEqual(lint(rendered()), []);
  assert.deepEqual(lint(rendered({ ...shop, slos: [] }, false)), []);
});

test('it stands in one file named after the service, and two renderings have the same bytes', () => {
  const once = planDashboards(shop, { redis: true });
  assert.deepEqual([...once.keys()], ['grafana/shop.json']);
  assert.deepEqual([...once], [...planDashboards(shop, { redis: true })]);
});

// Refreshed by: node --test --test-update-snapshots test/dashboards/service-dashboard.test.ts
test('its rows, panels, units and queries are the golden ones', (t) => {
  const lines = rendered().panels.flatMap((panel) =>
    panel.type === 'row'
      ? [`\n# ${panel.title}`]
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

test('the row of Redis is there only when the service has Redis', () => {
  const rows = (redis: boolean) =>
    rendered(shop, redis)
      .panels.filter((panel) => panel.type === 'row')
      .map((panel) => panel.title);
  assert.deepEqual(rows(true), ['Golden signals', 'Objectives', 'Saturation', 'Redis']);
  assert.deepEqual(rows(false), ['Golden signals', 'Objectives', 'Saturation']);
});

test('a service without objectives has no row of objectives', () => {
  assert.ok(!rendered({ ...shop, slos: [] }).panels.some((panel) => panel.title === 'Objectives'));
});

test('every latency panel shows exemplars', () => {
  const latency = charts(rendered()).filter((panel) => panel.title.startsWith('Latency'));
  assert.equal(latency.length, 3);
  for (const panel of latency) assert.ok(panel.targets.every((target) => target.exemplar));
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
      charts(d)[2]!.gridPos.w = 9;
    },
    found: /does not fit/,
  },
  'two panels of one id': {
    plant: (d) => {
      charts(d)[1]!.id = charts(d)[0]!.id;
    },
    found: /has the id 2/,
  },
  'two panels of one title': {
    plant: (d) => {
      charts(d)[1]!.title = charts(d)[0]!.title;
    },
    found: /title of another panel/,
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
