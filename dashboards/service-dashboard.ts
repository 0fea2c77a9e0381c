import { dashboardUid, label, quote, ruleLabel, type Service, serviceMetric, suffix } from '../slo/index.ts';
import { alertMarks, deployMarks } from './annotations.ts';
import { fleetLink, logsLink, objectivesLink, sharedVariables, tracesLink } from './links.ts';
import type { DashboardSpec } from './model.ts';
import { routeVariable, select } from './queries.ts';
import { goldenSignals } from './rows/golden-signals.ts';
import { httpClient } from './rows/http-client.ts';
import { objectives } from './rows/objectives.ts';
import { postgres } from './rows/postgres.ts';
import { redis } from './rows/redis.ts';
import { routes } from './rows/routes.ts';
import { saturation } from './rows/saturation.ts';

const requestCount = `${serviceMetric.requestDuration}${suffix.count}`;

/** The row of each client that a service may have, by the name of the option that gives it. */
const clientRows = { redis, postgres, 'http-client': httpClient } as const;

type ClientName = keyof typeof clientRows;

/** The clients that have a row, in its order. */
export const clientNames = Object.keys(clientRows) as ClientName[];

/** What the dashboard shows beside the golden signals. */
export interface DashboardOptions {
  /** The clients that the service has. */
  readonly clients: readonly ClientName[];
}

/** The dashboard of one service: golden signals, objectives, runtime, clients, routes. Plain data, no I/O. */
export function serviceDashboard(service: Service, options: DashboardOptions): DashboardSpec {
  const some = service.slos.length > 0;
  return {
    uid: dashboardUid.service(service.name),
    title: `${service.name}: golden signals and objectives`,
    description: 'Generated from slo.json; change an objective and render again. Copy it to edit it by hand.',
    tags: ['go-sre', service.name],
    shows: '1h',
    variables: [
      ...sharedVariables,
      {
        kind: 'labelValues',
        name: routeVariable,
        title: 'Route',
        selector: select(requestCount, service),
        label: label.route,
      },
    ],
    annotations: [
      ...(some ? [alertMarks(`${ruleLabel.service}=${quote(service.name)}`)] : []),
      deployMarks(service),
    ],
    links: [...(some ? [objectivesLink(service)] : []), fleetLink, logsLink(service), tracesLink(service)],
    rows: [
      goldenSignals(service),
      ...(some ? [objectives(service)] : []),
      saturation(service),
      ...clientNames
        .filter((name) => options.clients.includes(name))
        .map((name) => clientRows[name](service)),
      ...routes(service),
    ],
  };
}
