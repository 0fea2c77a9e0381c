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
  /**
   * The row's id in the dashboard; its panels have the ids that follow. It is the row's own and no counter, so that
   * links to a panel survive when another row comes or goes.
   */
  readonly id: number;
  readonly title: string;
  readonly panels: readonly PanelSpec[];
  /** Only its title is shown until it is opened, and its queries wait for that too. */
  readonly collapsed?: boolean;
}

/** The variable that every query's data source is chosen by. */
export const datasourceVariable = 'datasource';

const datasource = { type: 'prometheus', uid: `\${${datasourceVariable}}` };

/**
 * Lays rows and panels out from the top left, without overlaps. Grafana's own layout is not used: it would move
 * panels on import, and the text would differ from what is shown.
 */
export function layOut(builder: dashboard.DashboardBuilder, rows: readonly RowSpec[]): void {
  let y = 0;
  for (const row of rows) {
    const title = new dashboard.RowBuilder(row.title).id(row.id).gridPos({ x: 0, y, w: 24, h: 1 });
    y += 1;
    // Grafana moves the panels of a collapsed row below it when it is opened: they count from the top.
    const { panels, bottom } = placed(row, row.collapsed ? 1 : y);
    if (row.collapsed) for (const each of panels) title.withPanel(each);
    builder.withRow(title);
    if (row.collapsed) continue;
    for (const each of panels) builder.withPanel(each);
    y = bottom;
  }
}

/** The panels of a row from left to right, the first at `top`; `bottom` is the first free line below them. */
function placed(row: RowSpec, top: number) {
  let [x, y, height] = [0, top, 0];
  const panels = row.panels.map((spec, index) => {
    if (x + spec.width > 24) [x, y, height] = [0, y + height, 0];
    const built = panel(spec)
      .id(row.id + 1 + index)
      .gridPos({ x, y, w: spec.width, h: spec.height });
    x += spec.width;
    height = Math.max(height, spec.height);
    return built;
  });
  return { panels, bottom: y + height };
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
