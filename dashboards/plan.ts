import type { Service } from '../slo/index.ts';
import { renderGrafana } from './grafana/render.ts';
import { objectivesDashboard } from './objectives-dashboard.ts';
import { renderPerses } from './perses/render.ts';
import { type DashboardOptions, serviceDashboard } from './service-dashboard.ts';

/**
 * The dashboard files of a service, for Grafana and for Perses: path relative to ops/ -> text. The service's own, and that of its
 * objectives where it has some. Pure and deterministic: the same objectives give the same bytes.
 */
export function planDashboards(service: Service, options: DashboardOptions): Map<string, string> {
  const specs = [
    [service.name, serviceDashboard(service, options)] as const,
    ...(service.slos.length > 0 ? [[`${service.name}-slo`, objectivesDashboard(service)] as const] : []),
  ];
  return new Map([
    ...specs.map(([name, spec]) => [`grafana/${name}.json`, renderGrafana(spec)] as const),
    ...specs.map(([name, spec]) => [`perses/${name}.json`, renderPerses(spec)] as const),
  ]);
}
