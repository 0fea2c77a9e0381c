import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { planDashboards } from '../../dashboards/index.ts';
import { lint } from '../../dashboards/lint.ts';
import { dashboardUid, parseSpec, type Service, tiers } from '../../slo/index.ts';
import { charts, type GrafanaJson, panelLines, rowTitles } from '../helpers/dashboard-panels.ts';
import { annotationQueries, dashboardQueries } from '../helpers/dashboard-queries.ts';
import { promtoolQueries } from '../helpers/promtool-queries.ts';
import { tool } from '../helpers/tools.ts';

const shop = (() => {
  const result = parseSpec(readFileSync(join(import.meta.dirname, '../slo/testdata/shop.json'), 'utf8'));
  assert.ok(result.ok);
  return result.service;
})();

function text(service: Service = shop, tool: 'grafana' | 'perses' = 'grafana'): string {
  return planDashboards(service, { clients: [] }).get(`${tool}/${service.name}-slo.json`)!;
}

function rendered(service: Service = shop): GrafanaJson {
  return JSON.parse(text(service));
}

const monthly: Service = {
  ...shop,
  slos: shop.slos.map((slo, n) =>
    n > 0 ? slo : { ...slo, objective: { ...slo.objective, window: { kind: 'month' } } },
  ),
};

test('the dashboard keeps every rule in both forms, whatever windows and labels the objectives have', () => {
  const byRegion = { ...shop, slos: shop.slos.map((slo) => ({ ...slo, by: ['region'] })) };
  for (const [service, by] of [
    [shop, []],
    [monthly, []],
    [byRegion, ['region']],
  ] as const)
    for (const form of ['grafana', 'perses'] as const)
      assert.deepEqual(lint(text(service, form), { by }), [], form);
});

// Refreshed by: node --test --test-update-snapshots test/dashboards/objectives-dashboard.test.ts
test('its rows, panels, units and queries are the golden ones', (t) => {
  t.assert.fileSnapshot(
    panelLines(rendered(monthly)),
    join(import.meta.dirname, 'testdata/shop-slo.panels.txt'),
    { serializers: [String] },
  );
});

test('alerts lead to it by its uid and its variable, which names every objective', () => {
  const { uid, templating, links } = rendered();
  assert.equal(uid, dashboardUid.objectives('shop'));
  const variable = templating.list.find(({ name }) => name === 'slo')!;
  assert.equal(variable.query, shop.slos.map(({ id }) => id).join(','));
  assert.deepEqual(
    links.slice(0, 2).map(({ url }) => url),
    ['/d/shop', `/d/${dashboardUid.fleet}`],
  );
});

test('it shows the promise, the budget, the burn rate of every tier with its limit, and the events', () => {
  assert.deepEqual(rowTitles(rendered()), ['The promise', 'Error budget', 'Burn rate', 'Events', 'About']);
  for (const { id, factor, longWindow, shortWindow } of tiers) {
    const panel = charts(rendered()).find(({ title }) => title === `Burn rate of ${id}`)!;
    assert.match(JSON.stringify(panel.fieldConfig), new RegExp(`"value":${factor}[,}]`));
    const legends = panel.targets.map(({ legendFormat }) => legendFormat);
    assert.deepEqual(legends.slice(0, 2), [`over ${longWindow}`, `over ${shortWindow}`]);
  }
});

test('a text says who answers, links the runbook, and has a line for each tier with its source', () => {
  const about = (service: Service) =>
    (JSON.parse(text(service)).panels as { type: string; options: { content: string } }[]).find(
      ({ type }) => type === 'text',
    )!.options.content;
  assert.match(about(shop), /\*\*team-shop\*\*.*<https:\/\/example\.com\/runbooks\/shop>/);
  assert.match(about({ ...shop, runbook: 'docs/runbook.md' }), /`docs\/runbook\.md`/);
  for (const { id, source } of tiers) assert.match(about(shop), new RegExp(`\\| ${id} \\|.*\\(${source}\\)`));
});

test('it begins with as much time as the longest window, so that the burndown is whole', () => {
  assert.equal(rendered().time.from, 'now-30d');
  assert.equal(rendered(monthly).time.from, 'now-31d');
});

/** Series that the rules record, every five minutes for a day: 10,000 events in 30 days, 40 of them bad in the first four hours. */
const recorded: Readonly<Record<string, string>> = {
  'slo:objective:ratio{service="shop",slo="a",sli="availability",owner="team"}': '0.99x288',
  'slo:error_budget:ratio{service="shop",slo="a",sli="availability",owner="team"}': '0.01x288',
  'slo:budget_left:ratio{service="shop",slo="a",sli="availability",window="30d"}': '0.6x288',
  'slo:events:sum30d{service="shop",slo="a",sli="availability"}': '10000x288',
  'slo:bad_events:sum30d{service="shop",slo="a",sli="availability"}': '40x288',
  'slo:bad_events:increase1h{service="shop",slo="a",sli="availability"}': '10x48 0x239',
  'slo:events:increase1h{service="shop",slo="a",sli="availability"}': '1000x288',
  'slo:events:increase5m{service="shop",slo="a",sli="availability"}': '100x288',
  'slo:bad_events:increase5m{service="shop",slo="a",sli="availability"}': '0x288',
  'slo:coverage:ratio1d{service="shop",slo="a",sli="availability"}': '0.2x288',
  'slo:events:sum1d{service="shop",slo="a",sli="availability"}': '9000x288',
  // One with so little traffic that no failure could call anybody, one that fires, one of which nothing is known yet.
  'slo:objective:ratio{service="shop",slo="quiet",sli="availability",owner="team"}': '0.99x288',
  'slo:events:increase1h{service="shop",slo="quiet",sli="availability"}': '4x288',
  'slo:events:increase5m{service="shop",slo="quiet",sli="availability"}': '0x288',
  'slo:objective:ratio{service="shop",slo="burning",sli="availability",owner="team"}': '0.99x288',
  'ALERTS{alertname="SloBurnRate",alertstate="firing",service="shop",slo="burning",sli="availability",burnrate_tier="page-1h",severity="page",owner="team"}':
    '1x288',
  'slo:objective:ratio{service="shop",slo="new",sli="availability",owner="team"}': '0.99x288',
};

/** Panel, its query of that number, the objective, and the one value that Prometheus answers after a day. */
const answers: readonly [panel: string, query: number, slo: string, labels: string, value: number][] = [
  ['Bad events left', 0, 'a', '{service="shop", slo="a", sli="availability"}', 60],
  ['Minutes of outage left', 0, 'a', '{service="shop", slo="a", sli="availability", window="30d"}', 259.2],
  ['Burndown', 0, 'a', '{service="shop", slo="a", sli="availability"}', 0.6],
  ['Burndown', 1, 'a', '{}', 0.967],
  ['Objective', 0, 'a', '{slo="a", sli="availability", owner="team", window="30d"}', 0.99],
  ['Objective', 0, 'new', '{slo="new", sli="availability", owner="team"}', 0.99],
  ['Firing alerts', 0, 'a', '{service="shop", slo="a"}', 0],
  ['Firing alerts', 0, 'burning', '{service="shop", slo="burning"}', 1],
  ['What each tier says', 0, 'a', '{service="shop", slo="a"}', 3],
  ['What each tier says', 0, 'quiet', '{service="shop", slo="quiet"}', 2],
  ['What each tier says', 0, 'burning', '{service="shop", slo="burning"}', 5],
  ['What each tier says', 0, 'new', '{service="shop", slo="new"}', 0],
  ['What each tier says', 2, 'a', '{service="shop", slo="a"}', 1],
];

for (const version of ['promtool', 'promtool-2'] as const) {
  test(`what is left, what was spent and what each tier says is what ${version} computes of recorded series`, (t) => {
    const binary = tool(t, version);
    if (!binary) return;
    const week = { ...shop, slos: shop.slos.filter(({ objective }) => objective.ratio !== 0.95) };
    const queries = answers.map(([panel, query, slo, labels, value]) => {
      const own = dashboardQueries(text(week), { slo }).filter((each) => each.panel === panel);
      return { expr: `round(${own[query]!.expr}, 0.001)`, at: '1d', labels, value };
    });
    assert.equal(promtoolQueries(binary, recorded, queries), '');
  });
}

test('a deploy is marked when a version is seen first, and not while it stays', (t) => {
  const binary = tool(t, 'promtool');
  if (!binary) return;
  const { expr } = annotationQueries(text()).find(({ panel }) => panel === 'Deploys')!;
  const versions = {
    'service_build_info{job="shop",instance="a",version="1"}': '1x12 _x24',
    'service_build_info{job="shop",instance="b",version="1"}': '1x36',
    'service_build_info{job="shop",instance="a",version="2"}': '_x13 1x24',
  };
  const marked = (at: string, labels: string, value: number) => ({
    expr: `count by (version) (${expr})`,
    at,
    labels,
    value,
  });
  const none = (at: string) => ({ expr: `absent(${expr})`, at, labels: '{}', value: 1 });
  const answers = [
    none('1h'),
    marked('65m', '{version="2"}', 1),
    marked('70m', '{version="2"}', 1),
    none('80m'),
  ];
  assert.equal(promtoolQueries(binary, versions, answers), '');
});

test('the words for what a tier says stand in both forms, so that nobody reads NaN or a number', () => {
  const { mappings } = charts(rendered()).find(({ title }) => title === 'What each tier says')!.fieldConfig
    .defaults;
  const words = Object.values(mappings![0]!.options).map((option) => option.text);
  assert.deepEqual(words, [
    'not measured',
    'measured too short',
    'too few requests',
    'too few bad events',
    'not firing',
    'firing',
  ]);
  for (const word of words) assert.ok(text(shop, 'perses').includes(`"${word}"`), word);
});
