import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planFleetDashboard } from '../../../dashboards/index.ts';
import { lintPerses } from '../../../dashboards/lint/perses.ts';

type Plugin = { kind: string; spec: Record<string, unknown> };

/** The parts of a dashboard of Perses in which faults are planted. */
interface PersesFile {
  kind: string;
  metadata: { name: string; project?: string };
  spec: {
    duration: string;
    variables: Plugin[];
    annotations: { display: { name: string }; plugin: Plugin }[];
    panels: Record<
      string,
      {
        spec: {
          display: { name: string; description?: string };
          plugin: Plugin;
          queries: { spec: { plugin: Plugin } }[];
        };
      }
    >;
    layouts: {
      kind: string;
      spec: { items: { x: number; y: number; width: number; height: number; content: { $ref: string } }[] };
    }[];
  };
}

const panel = (file: PersesFile, id: number) => file.spec.panels[`panel-${id}`]!.spec;
const query = (file: PersesFile) => panel(file, 101).queries[0]!.spec.plugin.spec;

const faults: Record<string, { plant: (file: PersesFile) => void; found: RegExp }> = {
  'another kind': {
    plant: (file) => {
      file.kind = 'PersesDashboard';
    },
    found: /of the kind PersesDashboard/,
  },
  'a name with a blank': {
    plant: (file) => {
      file.metadata.name = 'all services';
    },
    found: /the name "all services", which Perses refuses/,
  },
  'no project': { plant: (file) => delete file.metadata.project, found: /has no project/ },
  'a duration in words': {
    plant: (file) => {
      file.spec.duration = 'a day';
    },
    found: /shows "a day"/,
  },
  'no data source variable': {
    plant: (file) => {
      file.spec.variables.shift();
    },
    found: /no data source variable/,
  },
  'a variable of an unknown metric': {
    plant: (file) => {
      (file.spec.variables[2]!.spec.plugin as Plugin).spec.matchers = ['slo_objective'];
    },
    found: /metric slo_objective/,
  },
  'a query by a variable that is not there': {
    plant: (file) => {
      file.spec.variables.pop();
    },
    found: /uses the variable service, which it has not/,
  },
  'an annotation of an unknown metric': {
    plant: (file) => {
      file.spec.annotations[0]!.plugin.spec.expr = 'ALARMS';
    },
    found: /annotation "Firing alerts" metric ALARMS/,
  },
  'a plugin that is not there': {
    plant: (file) => {
      panel(file, 101).plugin.kind = 'PieChart';
    },
    found: /plugin PieChart/,
  },
  'a key that the plugin does not take': {
    plant: (file) => {
      query(file).expr = 'up';
    },
    found: /key expr, which PrometheusTimeSeriesQuery does not take/,
  },
  'a panel without a unit': {
    plant: (file) => delete panel(file, 101).plugin.spec.format,
    found: /has no unit/,
  },
  'a column without a unit': {
    plant: (file) => {
      delete (panel(file, 105).plugin.spec.columnSettings as { format?: unknown }[])[3]!.format;
    },
    found: /has no unit/,
  },
  'a panel without a description': {
    plant: (file) => delete panel(file, 101).display.description,
    found: /has no description/,
  },
  'two panels of one title': {
    plant: (file) => {
      panel(file, 101).display.name = 'Alerts';
    },
    found: /title of another panel/,
  },
  'a query without a legend': {
    plant: (file) => delete query(file).seriesNameFormat,
    found: /without a legend/,
  },
  'a data source by name': {
    plant: (file) => {
      query(file).datasource = { kind: 'PrometheusDatasource', name: 'prod' };
    },
    found: /names a data source, not \$datasource/,
  },
  'an expression that does not parse': {
    plant: (file) => {
      query(file).query = 'count(slo:objective:ratio';
    },
    found: /is no PromQL/,
  },
  'a layout that shows what is not there': {
    plant: (file) => {
      file.spec.layouts[0]!.spec.items[0]!.content.$ref = '#/spec/panels/lost';
    },
    found: /is not there/,
  },
  'a panel that no layout shows': {
    plant: (file) => {
      file.spec.layouts[0]!.spec.items.pop();
    },
    found: /is shown by no layout/,
  },
  'a panel that is shown twice': {
    plant: (file) => {
      const [first, second] = file.spec.layouts[0]!.spec.items;
      second!.content = first!.content;
    },
    found: /is shown twice/,
  },
  'two panels on one place': {
    plant: (file) => {
      file.spec.layouts[0]!.spec.items[1]!.x = 1;
    },
    found: /overlaps "Services with objectives"/,
  },
  'a panel beyond the right border': {
    plant: (file) => {
      file.spec.layouts[0]!.spec.items[3]!.width = 7;
    },
    found: /does not fit/,
  },
  'a key that Perses refuses': {
    plant: (file) => {
      file.spec.panels['a panel'] = file.spec.panels['panel-101']!;
    },
    found: /has the key "a panel", which Perses refuses/,
  },
};

for (const [name, { plant, found }] of Object.entries(faults)) {
  test(`a planted fault is found: ${name}`, () => {
    const file: PersesFile = JSON.parse(planFleetDashboard().get('fleet.perses.json')!);
    plant(file);
    const problems = lintPerses(file);
    assert.ok(
      problems.some(({ message }) => found.test(message)),
      JSON.stringify(problems),
    );
  });
}
