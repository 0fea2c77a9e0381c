import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as text from '@grafana/grafana-foundation-sdk/text';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { exemplarLabel } from '../../slo/index.ts';
import type { PlacedPanel } from '../layout.ts';
import { type ChartSpec, consoleVariable, type PanelSpec, type Query } from '../model.ts';
import { datasource, mappings, thresholds } from './field.ts';
import { dataLink } from './link.ts';
import { tablePanel } from './table.ts';

type Builder = timeseries.PanelBuilder | stat.PanelBuilder | table.PanelBuilder | text.PanelBuilder;

/** A panel at its place. */
export function panel({ id, spec, x, y }: PlacedPanel): Builder {
  return build(spec).id(id).gridPos({ x, y, w: spec.width, h: spec.height });
}

function build(spec: PanelSpec): Builder {
  if (spec.kind === 'text')
    return titled(new text.PanelBuilder(), spec).mode(text.TextMode.Markdown).content(spec.markdown);
  if (spec.kind === 'table') return tablePanel(titled(new table.PanelBuilder(), spec), spec);
  return chart(spec);
}

function titled<B extends Builder>(builder: B, { title, description }: PanelSpec): B {
  builder.title(title).description(description);
  return builder;
}

function chart(spec: ChartSpec): timeseries.PanelBuilder | stat.PanelBuilder {
  const builder = spec.kind === 'stat' ? statPanel(spec) : timeseriesPanel(spec);
  titled(builder, spec).unit(spec.unit).datasource(datasource);
  if (spec.decimals !== undefined) builder.decimals(spec.decimals);
  if (spec.min !== undefined) builder.min(spec.min);
  if (spec.max !== undefined) builder.max(spec.max);
  if (spec.texts) builder.mappings(mappings(spec));
  if (spec.nothing) builder.noValue(spec.nothing);
  if (spec.links) builder.dataLinks(spec.links.map(dataLink));
  if (spec.limit) {
    const { mode, steps } = thresholds(spec.limit);
    builder.thresholds(new dashboard.ThresholdsConfigBuilder().mode(mode).steps(steps));
  }
  spec.queries.forEach((query, index) => {
    const refId = String.fromCharCode(65 + index);
    builder.withTarget(target(query, refId, spec.kind === 'stat'));
    if (query.dashed) builder.overrideByQuery(refId, dashes);
  });
  if (spec.queries.some(({ exemplars }) => exemplars))
    builder.overrideByName(exemplarLabel.traceId, traceLink);
  return builder;
}

const dashes = [
  { id: 'custom.lineStyle', value: { fill: 'dash', dash: [10, 10] } },
  { id: 'custom.fillOpacity', value: 0 },
];

/** An exemplar's trace in the console, also where the data source does not know it. */
const traceLink = [
  {
    id: 'links',
    value: [
      {
        title: 'Open the trace in the console',
        url: `\${${consoleVariable}}/traces/\${__value.raw}`,
        targetBlank: true,
      },
    ],
  },
];

function statPanel(spec: ChartSpec): stat.PanelBuilder {
  return new stat.PanelBuilder()
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(spec.texts ? common.BigValueGraphMode.None : common.BigValueGraphMode.Area)
    .textMode(common.BigValueTextMode.ValueAndName)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false));
}

function timeseriesPanel(spec: ChartSpec): timeseries.PanelBuilder {
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

function target(query: Query, refId: string, instant: boolean): prometheus.DataqueryBuilder {
  const builder = new prometheus.DataqueryBuilder()
    .refId(refId)
    .datasource(datasource)
    .expr(query.expr)
    .legendFormat(query.legend)
    .exemplar(query.exemplars ?? false);
  return instant ? builder.instant() : builder.range();
}
