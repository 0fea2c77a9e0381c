import { dashboardUid, quote, ruleLabel, type Service } from '../slo/index.ts';
import { alertMarks, deployMarks } from './annotations.ts';
import { fleetLink, logsLink, serviceLink, sharedVariables } from './links.ts';
import type { DashboardSpec } from './model.ts';
import { about } from './objectives/about.ts';
import { budget } from './objectives/budget.ts';
import { burn } from './objectives/burn.ts';
import { chosen, sloVariable } from './objectives/chosen.ts';
import { events } from './objectives/events.ts';
import { promise } from './objectives/promise.ts';

/** The longest month, so that all of it is shown at its end. */
const monthDays = 31;

/** The dashboard of a service's objectives, one at a time. Plain data, no I/O. */
export function objectivesDashboard(service: Service): DashboardSpec {
  const shown = chosen(service);
  const one = [`${ruleLabel.service}=${quote(service.name)}`, `${ruleLabel.slo}="$${sloVariable}"`];
  return {
    uid: dashboardUid.objectives(service.name),
    title: `${service.name}: objectives`,
    description: `Objectives of ${service.name}, which ${service.owner} answers for. Generated from slo.json; change an objective and render again.`,
    tags: ['go-sre', service.name, 'slo'],
    shows: `${longestDays(service)}d`,
    variables: [
      ...sharedVariables,
      { kind: 'list', name: sloVariable, title: 'Objective', values: service.slos.map(({ id }) => id) },
    ],
    annotations: [alertMarks(...one), deployMarks(service)],
    links: [serviceLink(service), fleetLink, logsLink(service)],
    rows: [promise(shown), budget(shown), burn(shown), events(shown), about(service)],
  };
}

function longestDays({ slos }: Service): number {
  const days = slos.map(({ objective: { window } }) => (window.kind === 'month' ? monthDays : window.days));
  return Math.max(...days);
}
