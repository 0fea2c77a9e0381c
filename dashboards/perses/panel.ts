import type { ChartSpec, Column, PanelSpec, Query, TableSpec } from '../model.ts';
import { cellSettings, datasource, format, mappings, thresholds } from './format.ts';
import { cellLink, link } from './link.ts';
import type { PersesPanel, Plugin } from './schema.ts';

/** A panel without its place, which stands in the layout. */
export function panel(spec: PanelSpec): PersesPanel {
  return {
    kind: 'Panel',
    spec: {
      display: { name: spec.title, description: spec.description },
      plugin: plugin(spec),
      queries: spec.kind === 'text' ? [] : spec.queries.map(query),
      links: (spec.links ?? []).flatMap(link),
    },
  };
}

function query({ expr, legend }: Query) {
  return {
    kind: 'TimeSeriesQuery',
    spec: {
      plugin: {
        kind: 'PrometheusTimeSeriesQuery',
        spec: { datasource, query: expr, seriesNameFormat: legend },
      },
    },
  };
}

function plugin(spec: PanelSpec): Plugin {
  switch (spec.kind) {
    case 'text':
      return { kind: 'Markdown', spec: { text: spec.markdown } };
    case 'table':
      return { kind: 'Table', spec: tableSpec(spec) };
    case 'stat':
      return { kind: 'StatChart', spec: statSpec(spec) };
    case 'timeseries':
      return { kind: 'TimeSeriesChart', spec: timeseriesSpec(spec) };
  }
}

function statSpec(spec: ChartSpec): object {
  const texts = mappings(spec.texts ?? [], spec.nothing);
  return {
    calculation: 'last-number',
    format: format(spec),
    legendMode: 'on',
    ...(spec.limit ? { thresholds: thresholds(spec.limit) } : {}),
    ...(spec.texts ? {} : { sparkline: {} }),
    ...(texts.length > 0 ? { mappings: texts } : {}),
  };
}

function timeseriesSpec({ queries, limit, min, max, ...spec }: ChartSpec): object {
  const dashed = queries.flatMap(({ dashed: is }, queryIndex) =>
    is ? [{ queryIndex, lineStyle: 'dashed', areaOpacity: 0 }] : [],
  );
  return {
    legend: { position: 'bottom', mode: 'list' },
    yAxis: {
      format: format(spec),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    },
    visual: { display: 'line', lineWidth: 1, areaOpacity: 0.05, connectNulls: false },
    ...(limit ? { thresholds: thresholds(limit) } : {}),
    ...(dashed.length > 0 ? { querySettings: dashed } : {}),
  };
}

function tableSpec({ columns, queries }: TableSpec): object {
  return {
    density: 'compact',
    columnSettings: [
      { name: 'timestamp', hide: true },
      ...columns.map((column) => columnSettings(column, queries.length)),
    ],
    transforms: [{ kind: 'MergeSeries', spec: {} }],
  };
}

function columnSettings(column: Column, queries: number): object {
  const dataLink = cellLink(column.links ?? []);
  const shared = { header: column.header, enableSorting: true, ...(dataLink ? { dataLink } : {}) };
  if ('label' in column) return { name: column.label, ...shared };
  const cells = cellSettings(column);
  return {
    name: queries === 1 ? 'value' : `value #${column.query + 1}`,
    ...shared,
    format: format(column),
    ...(cells.length > 0 ? { cellSettings: cells } : {}),
  };
}
