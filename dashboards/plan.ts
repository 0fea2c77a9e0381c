import type { Service } from '../slo/index.ts';
import { type DashboardOptions, serviceDashboard } from './service-dashboard.ts';

/**
 * The dashboard files of a service: path relative to ops/ -> text. Pure and deterministic: the same objectives
 * give the same bytes.
 */
export function planDashboards(service: Service, options: DashboardOptions): Map<string, string> {
  const text = `${JSON.stringify(serviceDashboard(service, options), null, 2)}\n`;
  return new Map([[`grafana/${service.name}.json`, text]]);
}
