import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { label, type Service, serviceMetric, suffix } from '../slo/index.ts';
import { datasourceVariable, layOut } from './panel.ts';
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
export function serviceDashboard(service: Service, options: DashboardOptions): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder(`${service.name}: golden signals and objectives`)
    // Grafana refuses a uid of more than 40 characters.
    .uid(service.name.slice(0, 40))
    .description('Generated from slo.json; change an objective and render again. Copy it to edit it by hand.')
    .tags(['go-sre', service.name])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .withVariable(
      new dashboard.DatasourceVariableBuilder(datasourceVariable).label('Data source').type('prometheus'),
    )
    .withVariable(
      new dashboard.QueryVariableBuilder(routeVariable)
        .label('Route')
        .datasource({ type: 'prometheus', uid: `\${${datasourceVariable}}` })
        .query(`label_values(${select(requestCount, service)}, ${label.route})`)
        .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
        .sort(dashboard.VariableSort.AlphabeticalAsc)
        .multi(true)
        .includeAll(true)
        .allValue('.*')
        .current({ selected: true, text: 'All', value: '$__all' }),
    );
  layOut(builder, [
    goldenSignals(service),
    ...(service.slos.length > 0 ? [objectives(service)] : []),
    saturation(service),
    ...clientNames.filter((name) => options.clients.includes(name)).map((name) => clientRows[name](service)),
    ...routes(service),
  ]);
  return builder.build();
}
