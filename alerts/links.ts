import { dashboardUid, type Service } from '../slo/index.ts';

/** Where Grafana shows the objectives of a service, below its base URL. */
export function dashboardPath(service: Service): string {
  return `/d/${dashboardUid.objectives(service.name)}`;
}
