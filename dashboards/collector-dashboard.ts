import { collectorJob, label } from '../slo/index.ts';
import { collectorRows, instanceVariable, ofCollector } from './collector/rows.ts';
import { renderGrafana } from './grafana/render.ts';
import { type DashboardSpec, datasourceVariable } from './model.ts';
import { renderPerses } from './perses/render.ts';

/** The dashboard of the collector itself; every collector has the same one. */
const collectorDashboard: DashboardSpec = {
  uid: collectorJob,
  title: 'go-sre collector',
  description: 'What the collector takes in, loses and keeps. Generated; copy it to edit it by hand.',
  tags: ['go-sre', 'collector'],
  shows: '1h',
  variables: [
    { kind: 'datasource', name: datasourceVariable, title: 'Data source' },
    {
      kind: 'labelValues',
      name: instanceVariable,
      title: 'Collector',
      selector: ofCollector('up'),
      label: label.instance,
    },
  ],
  annotations: [],
  links: [],
  rows: collectorRows(),
};

/** The dashboard files: name -> text. They stand in dashboards/collector/ as they are; `npm run golden` renews them. */
export function planCollectorDashboard(): Map<string, string> {
  return new Map([
    ['collector.json', renderGrafana(collectorDashboard)],
    ['collector.perses.json', renderPerses(collectorDashboard)],
  ]);
}
