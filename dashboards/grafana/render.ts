import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import { place } from '../layout.ts';
import { type AnnotationSpec, type DashboardSpec, datasourceVariable, type VariableSpec } from '../model.ts';
import { color, datasource } from './field.ts';
import { dashboardLink } from './link.ts';
import { panel } from './panel.ts';

/** The JSON of a dashboard as Grafana imports it, in its schema 42. */
export function renderGrafana(spec: DashboardSpec): string {
  const builder = new dashboard.DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.description)
    .tags([...spec.tags])
    .time({ from: `now-${spec.shows}`, to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .tooltip(dashboard.DashboardCursorSync.Crosshair);
  if (spec.links.length > 0) builder.links(spec.links.map(dashboardLink));
  for (const each of spec.variables) builder.withVariable(variable(each));
  for (const each of spec.annotations) builder.annotation(annotation(each));
  layOut(builder, spec);
  return `${JSON.stringify(builder.build(), null, 2)}\n`;
}

function layOut(builder: dashboard.DashboardBuilder, { rows }: DashboardSpec): void {
  let y = 0;
  for (const row of rows) {
    const title = new dashboard.RowBuilder(row.title).id(row.id).gridPos({ x: 0, y, w: 24, h: 1 });
    y += 1;
    // Grafana moves the panels of a collapsed row below it when it is opened: they count from the top.
    const { panels, bottom } = place(row, row.collapsed ? 1 : y);
    const built = panels.map(panel);
    if (row.collapsed) for (const each of built) title.withPanel(each);
    builder.withRow(title);
    if (row.collapsed) continue;
    for (const each of built) builder.withPanel(each);
    y = bottom;
  }
}

function variable(spec: VariableSpec) {
  switch (spec.kind) {
    case 'datasource':
      return new dashboard.DatasourceVariableBuilder(datasourceVariable).label(spec.title).type('prometheus');
    case 'labelValues':
      return new dashboard.QueryVariableBuilder(spec.name)
        .label(spec.title)
        .datasource(datasource)
        .query(`label_values(${spec.selector}, ${spec.label})`)
        .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
        .sort(dashboard.VariableSort.AlphabeticalAsc)
        .multi(true)
        .includeAll(true)
        .allValue('.*')
        .current({ selected: true, text: 'All', value: '$__all' });
    case 'list':
      return list(spec.name, spec.title, spec.values);
    case 'text':
      return new dashboard.TextBoxVariableBuilder(spec.name)
        .label(spec.title)
        .defaultValue(spec.value)
        .current({ selected: true, text: spec.value, value: spec.value });
  }
}

function list(name: string, title: string, values: readonly string[]): dashboard.CustomVariableBuilder {
  const [first = ''] = values;
  return new dashboard.CustomVariableBuilder(name)
    .label(title)
    .values(values.join(','))
    .options(values.map((value) => ({ selected: value === first, text: value, value })))
    .current({ selected: true, text: first, value: first });
}

/** At most one mark in five minutes, so that a month stays below the points that Prometheus answers. */
function annotation(spec: AnnotationSpec): dashboard.AnnotationQueryBuilder {
  const target = new prometheus.DataqueryBuilder().refId('A').datasource(datasource).expr(spec.expr).range();
  return new dashboard.AnnotationQueryBuilder()
    .name(spec.name)
    .datasource(datasource)
    .enable(true)
    .iconColor(color(spec.color))
    .expr(spec.expr)
    .step('5m')
    .target(target)
    .titleFormat(spec.title)
    .textFormat(spec.text);
}
