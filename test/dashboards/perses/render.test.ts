import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  clientNames,
  planCollectorDashboard,
  planDashboards,
  planFleetDashboard,
} from '../../../dashboards/index.ts';
import { parseSpec } from '../../../slo/index.ts';
import { annotationQueries, dashboardQueries } from '../../helpers/dashboard-queries.ts';

const service = (() => {
  const result = parseSpec(readFileSync(join(import.meta.dirname, '../../slo/testdata/shop.json'), 'utf8'));
  assert.ok(result.ok);
  return result.service;
})();

/** Grafana's file and that of Perses, of every dashboard. */
const pairs = [
  ...['shop', 'shop-slo'].map((name) => {
    const files = planDashboards(service, { clients: clientNames });
    return [name, files.get(`grafana/${name}.json`)!, files.get(`perses/${name}.json`)!] as const;
  }),
  ...[planFleetDashboard(), planCollectorDashboard()].map((files) => {
    const [[name, grafana], [, perses]] = [...files] as [[string, string], [string, string]];
    return [name, grafana, perses] as const;
  }),
];

for (const [name, grafana, perses] of pairs) {
  test(`Perses asks the same queries in panels of the same titles as Grafana: ${name}`, () => {
    assert.deepEqual(dashboardQueries(perses), dashboardQueries(grafana));
    assert.deepEqual(annotationQueries(perses), annotationQueries(grafana));
    assert.ok(dashboardQueries(perses).length > 10);
  });
}

/** Everything of the document below a path of keys. */
function at(text: string, ...keys: string[]): unknown {
  return keys.reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], JSON.parse(text));
}

const [, , objectives] = pairs[1]!;
const [, , fleet] = pairs[2]!;

test('its variables are a data source, a text, and a list of the objectives', () => {
  const variables = at(objectives, 'spec', 'variables') as {
    kind: string;
    spec: { name: string; plugin?: { kind: string; spec: unknown } };
  }[];
  assert.deepEqual(
    variables.map(({ kind, spec }) => [kind, spec.name, spec.plugin?.kind]),
    [
      ['ListVariable', 'datasource', 'DatasourceVariable'],
      ['TextVariable', 'console', undefined],
      ['ListVariable', 'slo', 'StaticListVariable'],
    ],
  );
  assert.deepEqual(variables[2]!.spec.plugin!.spec, { values: service.slos.map(({ id }) => id) });
});

test('a table merges its queries by their labels, names every column, and says in words where no request came', () => {
  const panels = Object.values(
    at(fleet, 'spec', 'panels') as Record<string, { spec: Record<string, unknown> }>,
  );
  const table = panels.find(({ spec }) => (spec.display as { name: string }).name === 'Services')!;
  const plugin = table.spec.plugin as {
    kind: string;
    spec: {
      transforms: unknown;
      columnSettings: { name: string; header?: string; cellSettings?: unknown[] }[];
    };
  };
  assert.equal(plugin.kind, 'Table');
  assert.deepEqual(plugin.spec.transforms, [{ kind: 'MergeSeries', spec: {} }]);
  assert.deepEqual(
    plugin.spec.columnSettings.map(({ name, header }) => `${name}: ${header}`),
    [
      'timestamp: undefined',
      'service: Service',
      'value #1: Objectives',
      'value #2: Least budget left',
      'value #3: Worst burn in 1h',
      'value #4: Firing',
      'value #5: Measured of 3d',
    ],
  );
  assert.deepEqual(plugin.spec.columnSettings[4]!.cellSettings![0], {
    condition: { kind: 'Value', spec: { value: '-1' } },
    text: 'no requests',
    textColor: '#8e8e8e',
  });
});

test('links lead to dashboards of the same project, and to the console by its variable', () => {
  const links = at(objectives, 'spec', 'links') as { url: string; renderVariables: boolean }[];
  assert.deepEqual(
    links.map(({ url }) => url),
    [
      '/projects/$__project/dashboards/shop',
      '/projects/$__project/dashboards/go-sre-fleet',
      '${console}/logs?service=shop',
    ],
  );
  assert.ok(links.every(({ renderVariables }) => renderVariables));
});

test('closed rows of Grafana are closed here, and begin a grid of their own', () => {
  const layouts = at(pairs[0]![2], 'spec', 'layouts') as {
    spec: { display: { title: string; collapse: { open: boolean } }; items: { y: number }[] };
  }[];
  const route = layouts.find(({ spec }) => spec.display.title === 'GET /orders/{id}')!;
  assert.equal(route.spec.display.collapse.open, false);
  for (const { spec } of layouts) assert.equal(spec.items[0]!.y, 0);
});
