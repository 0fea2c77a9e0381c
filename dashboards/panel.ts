import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

/** One PromQL query. `legend` is Grafana's legend format, like `{{http_route}}`. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
  /** Show exemplars: points that lead to a trace. */
  readonly exemplars?: boolean;
}

/** A panel as the dashboards write it; sizes in grid units, 24 to a row. */
export interface PanelSpec {
  readonly kind: 'timeseries' | 'stat';
  readonly title: string;
  readonly description: string;
  /** A unit id of Grafana: `s`, `bytes`, `percentunit`, `reqps`, `short`, … */
  readonly unit: string;
  readonly width: number;
  readonly height: number;
  readonly queries: readonly Query[];
  /** From this value on it is red: above, or below where less is worse. */
  readonly limit?: { readonly value: number; readonly worse: 'above' | 'below' };
  readonly min?: number;
  readonly max?: number;
}

/** A titled stretch of panels. */
export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

/** The variable that every query's data source is chosen by. */
export const datasourceVariable = 'datasource';

const datasource = { type: 'prometheus', uid: `\${${datasourceVariable}}` };

/**
 * Lays rows and panels out from the top left, without overlaps, and numbers them. Grafana's own layout is not
 * used: it would move panels on import, and the text would differ from what is shown.
 */
export function layOut(builder: dashboard.DashboardBuilder, rows: readonly RowSpec[]): void {
  let [id, y] = [0, 0];
  for (const row of rows) {
    builder.withRow(new dashboard.RowBuilder(row.title).id(++id).gridPos({ x: 0, y, w: 24, h: 1 }));
    y += 1;
    let [x, height] = [0, 0];
    for (const spec of row.panels) {
      if (x + spec.width > 24) [x, y, height] = [0, y + height, 0];
      builder.withPanel(panel(spec).id(++id).gridPos({ x, y, w: spec.width, h: spec.height }));
      x += spec.width;
      height = Math.max(height, spec.height);
    }
    y += height;
  }
}

function panel(spec: PanelSpec): timeseries.PanelBuilder | stat.PanelBuilder {
  const builder = spec.kind === 'stat' ? statPanel() : timeseriesPanel(spec);
  builder.title(spec.title).description(spec.description).unit(spec.unit).datasource(datasource);
  if (spec.min !== undefined) builder.min(spec.min);
  if (spec.max !== undefined) builder.max(spec.max);
  if (spec.limit) builder.thresholds(thresholds(spec.limit));
  spec.queries.forEach((query, index) => {
    builder.withTarget(target(query, String.fromCharCode(65 + index), spec.kind === 'stat'));
  });
  return builder;
}

function statPanel(): stat.PanelBuilder {
  return new stat.PanelBuilder()
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.Area)
    .textMode(common.BigValueTextMode.ValueAndName)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false));
}

function timeseriesPanel(spec: PanelSpec): timeseries.PanelBuilder {
  const builder = new timeseries.PanelBuilder()
    .lineWidth(1)
    .fillOpacity(5)
    .showPoints(common.VisibilityMode.Never)
    .spanNulls(false)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    );
  if (!spec.limit) return builder;
  const style = new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed);
  return builder.thresholdsStyle(style);
}

function thresholds({ value, worse }: NonNullable<PanelSpec['limit']>): dashboard.ThresholdsConfigBuilder {
  const [low, high] = worse === 'above' ? ['green', 'red'] : ['red', 'green'];
  return new dashboard.ThresholdsConfigBuilder().mode(dashboard.ThresholdsMode.Absolute).steps([
    { value: null, color: low },
    { value, color: high },
  ]);
}

function target(query: Query, refId: string, instant: boolean): prometheus.DataqueryBuilder {
  const builder = new prometheus.DataqueryBuilder()
    .refId(refId)
    .datasource(datasource)
    .expr(query.expr)
    .legendFormat(query.legend)
    .exemplar(query.exemplars ?? false);
  return instant ? builder.instant() : builder.range();
}
