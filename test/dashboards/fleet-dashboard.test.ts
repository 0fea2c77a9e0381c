import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { planFleetDashboard } from '../../dashboards/index.ts';
import { lint } from '../../dashboards/lint.ts';
import { dashboardUid } from '../../slo/index.ts';
import { charts, type GrafanaJson, panelLines } from '../helpers/dashboard-panels.ts';
import { dashboardQueries } from '../helpers/dashboard-queries.ts';
import { promtoolQueries } from '../helpers/promtool-queries.ts';
import { tool } from '../helpers/tools.ts';

const files = planFleetDashboard();
const fleet: GrafanaJson = JSON.parse(files.get('fleet.json')!);

test('the dashboard of all services keeps every rule in both forms', () => {
  assert.equal(fleet.uid, dashboardUid.fleet);
  for (const [name, text] of files) assert.deepEqual(lint(text), [], name);
});

// Refreshed by: npm run golden
test('the files that Grafana of the composition is given are the rendered ones', () => {
  for (const [name, text] of files)
    assert.equal(readFileSync(join(import.meta.dirname, '../../dashboards/fleet', name), 'utf8'), text, name);
});

// Refreshed by: node --test --test-update-snapshots test/dashboards/fleet-dashboard.test.ts
test('its rows, panels, units and queries are the golden ones', (t) => {
  t.assert.fileSnapshot(panelLines(fleet), join(import.meta.dirname, 'testdata/fleet.panels.txt'), {
    serializers: [String],
  });
});

test('each service has one row, which leads to its dashboards and its logs', () => {
  const services = charts(fleet).find(({ title }) => title === 'Services')!;
  for (const { expr } of services.targets) assert.match(expr, /^(min|max|count) by \(service\) /);
  const { properties } = services.fieldConfig.overrides[0]!;
  const urls = (properties.find(({ id }) => id === 'links')!.value as { url: string }[]).map(
    ({ url }) => url,
  );
  assert.deepEqual(urls, [
    '/d/${__data.fields.service:percentencode}-slo',
    '/d/${__data.fields.service:percentencode}',
    '/dashboards?tag=${__data.fields.service:percentencode}',
    '${console}/logs?service=${__data.fields.service:percentencode}&from=${__from:date:iso}&to=${__to:date:iso}',
  ]);
});

test("an objective leads to its service's dashboard, where it is the chosen one", () => {
  const worst = charts(fleet).find(({ title }) => title === 'Objectives with the least budget left')!;
  assert.match(
    JSON.stringify(worst.fieldConfig.overrides),
    /\/d\/\$\{__data\.fields\.service:percentencode\}-slo\?var-slo=\$\{__data\.fields\.slo:percentencode\}/,
  );
  assert.match(
    files.get('fleet.perses.json')!,
    /dashboards\/\$\{__data\.fields\[\\"service\\"\]\}-slo\?var-slo=\$\{__data\.fields\[\\"slo\\"\]\}/,
  );
});

test('a service without a request says so, and one that burns is told by its worst objective', (t) => {
  const binary = tool(t, 'promtool');
  if (!binary) return;
  const recorded = {
    'slo:objective:ratio{service="idle",slo="a",owner="team"}': '0.99x12',
    'slo:error_budget:ratio{service="idle",slo="a",owner="team"}': '0.01x12',
    'slo:events:increase1h{service="idle",slo="a"}': '0x12',
    'slo:bad_events:increase1h{service="idle",slo="a"}': '0x12',
    ...Object.fromEntries(
      ['a', 'b'].flatMap((slo, n) => [
        [`slo:objective:ratio{service="busy",slo="${slo}",owner="team"}`, '0.99x12'],
        [`slo:error_budget:ratio{service="busy",slo="${slo}",owner="team"}`, '0.01x12'],
        [`slo:events:increase1h{service="busy",slo="${slo}"}`, '1000x12'],
        [`slo:bad_events:increase1h{service="busy",slo="${slo}"}`, `${20 + n * 30}x12`],
        [`slo:budget_left:ratio{service="busy",slo="${slo}",window="30d"}`, `${0.5 - n}x12`],
      ]),
    ),
  };
  const ask = (panel: string, query: number, service: string) => {
    const own = dashboardQueries(files.get('fleet.json')!, { service }).filter(
      (each) => each.panel === panel,
    );
    return `round(${own[query]!.expr}, 0.001)`;
  };
  const one = (service: string) => `{service="${service}"}`;
  const queries = [
    { expr: ask('Services', 2, 'idle'), at: '1h', labels: one('idle'), value: -1 },
    { expr: ask('Services', 2, 'busy'), at: '1h', labels: one('busy'), value: 5 },
    { expr: ask('Services', 1, 'busy'), at: '1h', labels: one('busy'), value: -0.5 },
    { expr: ask('Services', 3, 'busy'), at: '1h', labels: one('busy'), value: 0 },
    { expr: ask('Objectives missed', 0, '.*'), at: '1h', labels: '{}', value: 1 },
    { expr: ask('Alerts', 0, '.*'), at: '1h', labels: '{}', value: 0 },
  ];
  assert.equal(promtoolQueries(binary, recorded, queries), '');
});
