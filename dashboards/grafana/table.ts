import * as common from '@grafana/grafana-foundation-sdk/common';
import type * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import type * as table from '@grafana/grafana-foundation-sdk/table';
import type { Column, TableSpec } from '../model.ts';
import { datasource, mappings, thresholds } from './field.ts';
import { cellLink } from './link.ts';

/** A table of the newest values: one row for each set of labels, its columns in the order of the spec. */
export function tablePanel(builder: table.PanelBuilder, spec: TableSpec): table.PanelBuilder {
  builder.datasource(datasource).cellHeight(common.TableCellHeight.Sm);
  spec.queries.forEach(({ expr, legend }, index) => {
    builder.withTarget(
      new prometheus.DataqueryBuilder()
        .refId(refId(index))
        .datasource(datasource)
        .expr(expr)
        .legendFormat(legend)
        .format(prometheus.PromQueryFormat.Table)
        .instant(),
    );
  });
  builder.withTransformation({ id: 'merge', options: {} }).withTransformation(organize(spec));
  for (const column of spec.columns) {
    const properties = propertiesOf(column);
    if (properties.length > 0) builder.overrideByName(column.header, properties);
  }
  return builder;
}

function refId(index: number): string {
  return String.fromCharCode(65 + index);
}

/** What Grafana calls a column before it is renamed. */
function fieldOf(column: Column, { queries }: TableSpec): string {
  if ('label' in column) return column.label;
  return queries.length === 1 ? 'Value' : `Value #${refId(column.query)}`;
}

function organize(spec: TableSpec): dashboard.DataTransformerConfig {
  const named = spec.columns.map((column) => [fieldOf(column, spec), column.header] as const);
  return {
    id: 'organize',
    options: {
      excludeByName: { Time: true },
      indexByName: Object.fromEntries(named.map(([field], index) => [field, index])),
      renameByName: Object.fromEntries(named),
    },
  };
}

function propertiesOf(column: Column): dashboard.DynamicConfigValue[] {
  const links = column.links ? [{ id: 'links', value: column.links.map(cellLink) }] : [];
  if ('label' in column) return links;
  return [
    { id: 'unit', value: column.unit },
    ...(column.decimals === undefined ? [] : [{ id: 'decimals', value: column.decimals }]),
    ...(column.texts ? [{ id: 'mappings', value: mappings(column) }] : []),
    ...(column.limit
      ? [
          { id: 'thresholds', value: thresholds(column.limit) },
          { id: 'custom.cellOptions', value: { type: 'color-text' } },
        ]
      : []),
    ...links,
  ];
}
