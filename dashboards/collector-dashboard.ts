import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { collectorJob, label } from '../slo/index.ts';
import { collectorRows, instanceVariable, ofCollector } from './collector/rows.ts';
import { datasourceVariable, layOut } from './panel.ts';

/** The dashboard of the collector itself; every collector has the same one. Plain data, no I/O. */
function collectorDashboard(): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder('go-sre collector')
    .uid(collectorJob)
    .description('What the collector takes in, loses and keeps. Generated; copy it to edit it by hand.')
    .tags(['go-sre', 'collector'])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .withVariable(
      new dashboard.DatasourceVariableBuilder(datasourceVariable).label('Data source').type('prometheus'),
    )
    .withVariable(
      new dashboard.QueryVariableBuilder(instanceVariable)
        .label('Collector')
        .datasource({ type: 'prometheus', uid: `\${${datasourceVariable}}` })
        .query(`label_values(${ofCollector('up')}, ${label.instance})`)
        .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
        .sort(dashboard.VariableSort.AlphabeticalAsc)
        .multi(true)
        .includeAll(true)
        .allValue('.*')
        .current({ selected: true, text: 'All', value: '$__all' }),
    );
  layOut(builder, collectorRows());
  return builder.build();
}

/** The dashboard file: name -> text. It stands in dashboards/collector/ as it is; `npm run golden` renews it. */
export function planCollectorDashboard(): Map<string, string> {
  return new Map([['collector.json', `${JSON.stringify(collectorDashboard(), null, 2)}\n`]]);
}
