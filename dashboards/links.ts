import { dashboardUid, defaultPort, type Service } from '../slo/index.ts';
import { consoleVariable, datasourceVariable, type Link, type VariableSpec } from './model.ts';

/** The variables that every dashboard has which leads to the console. */
export const sharedVariables: readonly VariableSpec[] = [
  { kind: 'datasource', name: datasourceVariable, title: 'Data source' },
  {
    kind: 'text',
    name: consoleVariable,
    title: 'Console',
    value: `http://localhost:${defaultPort.collectorHttp}`,
  },
];

export const fleetLink: Link = { title: 'All services', dashboard: dashboardUid.fleet };

export function serviceLink(service: Service): Link {
  return { title: `${service.name}: golden signals`, dashboard: dashboardUid.service(service.name) };
}

export function objectivesLink(service: Service): Link {
  return { title: `${service.name}: objectives`, dashboard: dashboardUid.objectives(service.name) };
}

/** The service's log records in the console. */
export function logsLink(service: Service): Link {
  return { title: 'Logs', console: '/logs', query: { service: service.name } };
}

/** The service's slowest traces in the console, of one route where a label or a text names it. */
export function tracesLink(service: Service, route?: string | { readonly label: string }): Link {
  const query = { service: service.name, order: 'slowest', ...(route === undefined ? {} : { route }) };
  return {
    title: route === undefined ? 'Traces' : 'Slowest traces of this route',
    console: '/traces',
    query,
  };
}
