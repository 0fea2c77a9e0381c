import { dashboardUid, rule, ruleLabel } from '../slo/index.ts';
import { alertMarks } from './annotations.ts';
import { fleetRows, ofServices, serviceVariable } from './fleet/rows.ts';
import { renderGrafana } from './grafana/render.ts';
import { sharedVariables } from './links.ts';
import type { DashboardSpec } from './model.ts';
import { renderPerses } from './perses/render.ts';

/** All services of a Prometheus by their recorded series; it is the same one everywhere. */
const fleetDashboard: DashboardSpec = {
  uid: dashboardUid.fleet,
  title: 'All services: objectives',
  description:
    'Error budgets and alerts of every service whose rules this Prometheus evaluates. Generated; copy it to edit it by hand.',
  tags: ['go-sre', 'slo'],
  shows: '24h',
  variables: [
    ...sharedVariables,
    {
      kind: 'labelValues',
      name: serviceVariable,
      title: 'Service',
      selector: rule.objective,
      label: ruleLabel.service,
    },
  ],
  annotations: [alertMarks(ofServices)],
  links: [{ title: 'Incidents', console: '/incidents', query: {} }],
  rows: fleetRows(),
};

/** The dashboard files: name -> text. They stand in dashboards/fleet/ as they are; `npm run golden` renews them. */
export function planFleetDashboard(): Map<string, string> {
  return new Map([
    ['fleet.json', renderGrafana(fleetDashboard)],
    ['fleet.perses.json', renderPerses(fleetDashboard)],
  ]);
}
