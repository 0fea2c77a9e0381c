import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clientNames, planDashboards, planFleetDashboard } from '../../../dashboards/index.ts';
import { lintGrafana } from '../../../dashboards/lint/grafana.ts';
import { parseSpec } from '../../../slo/index.ts';
import { charts, type GrafanaJson } from '../../helpers/dashboard-panels.ts';

function rendered(): GrafanaJson {
  const result = parseSpec(readFileSync(join(import.meta.dirname, '../../slo/testdata/shop.json'), 'utf8'));
  assert.ok(result.ok);
  return JSON.parse(planDashboards(result.service, { clients: clientNames }).get('grafana/shop.json')!);
}

const faults: Record<string, { plant: (dashboard: GrafanaJson) => void; found: RegExp }> = {
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
      d.templating.list[2]!.query = 'label_values(http_requests_total, http_route)';
    },
    found: /metric http_requests_total/,
  },
  'a link by a variable that is not there': {
    plant: (d) => {
      d.templating.list = d.templating.list.filter(({ name }) => name !== 'console');
    },
    found: /uses the variable console, which it has not/,
  },
  'an annotation of an unknown metric': {
    plant: (d) => {
      d.annotations.list[0]!.expr = 'ALARMS';
    },
    found: /annotation "Firing alerts" metric ALARMS/,
  },
  'a legend of an unknown label': {
    plant: (d) => {
      charts(d)[0]!.targets[0]!.legendFormat = '{{pod}}';
    },
    found: /label pod of a legend/,
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
    const problems = lintGrafana(dashboard);
    assert.ok(
      problems.some(({ message }) => found.test(message)),
      JSON.stringify(problems),
    );
  });
}

test('a planted fault is found: a column of a table without a unit', () => {
  const fleet: GrafanaJson = JSON.parse(planFleetDashboard().get('fleet.json')!);
  const table = charts(fleet).find(({ title }) => title === 'Services')!;
  for (const { properties } of table.fieldConfig.overrides) {
    const at = properties.findIndex(({ id }) => id === 'unit');
    if (at >= 0) properties.splice(at, 1);
  }
  assert.deepEqual(lintGrafana(fleet), [{ panel: 'Services', message: 'has no unit' }]);
});

test('labels that objectives have budgets by are known where they are named', () => {
  const dashboard = rendered();
  charts(dashboard)[0]!.targets[0] = {
    ...charts(dashboard)[0]!.targets[0]!,
    expr: 'up{region="a"}',
    legendFormat: '{{region}}',
  };
  assert.equal(lintGrafana(dashboard).length, 2);
  assert.deepEqual(lintGrafana(dashboard, { by: ['region'] }), []);
});
