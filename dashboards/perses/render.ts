import { place } from '../layout.ts';
import { type AnnotationSpec, type DashboardSpec, datasourceVariable, type VariableSpec } from '../model.ts';
import { annotationColor, datasource } from './format.ts';
import { link } from './link.ts';
import { panel } from './panel.ts';
import type { PersesDashboard, PersesLayout, Plugin } from './schema.ts';

/** The project that a dashboard lands in, unless the one who applies it names another. */
const project = 'default';

/**
 * The JSON of a dashboard as Perses takes it.
 * Source: https://github.com/perses/spec and the schemas in https://github.com/perses/plugins
 */
export function renderPerses(spec: DashboardSpec): string {
  const rows = spec.rows.map((row) => ({ row, panels: place(row, 0).panels }));
  const panels = rows.flatMap((row) =>
    row.panels.map((each) => [panelKey(each.id), panel(each.spec)] as const),
  );
  const document: PersesDashboard = {
    kind: 'Dashboard',
    metadata: { name: spec.uid, project },
    spec: {
      display: { name: spec.title, description: spec.description },
      duration: spec.shows,
      refreshInterval: '30s',
      datasources: {},
      variables: spec.variables.map(variable),
      annotations: spec.annotations.map(annotation),
      links: spec.links.flatMap(link),
      panels: Object.fromEntries(panels),
      layouts: rows.map(
        ({ row, panels: placed }): PersesLayout => ({
          kind: 'Grid',
          spec: {
            display: { title: row.title, collapse: { open: !row.collapsed } },
            items: placed.map(({ id, spec: { width, height }, x, y }) => ({
              x,
              y,
              width,
              height,
              content: { $ref: `#/spec/panels/${panelKey(id)}` },
            })),
          },
        }),
      ),
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function panelKey(id: number): string {
  return `panel-${id}`;
}

function variable(spec: VariableSpec): Plugin {
  const display = { name: spec.title };
  if (spec.kind === 'text')
    return { kind: 'TextVariable', spec: { name: spec.name, display, value: spec.value } };
  const shared = { name: spec.name, display };
  const one = { ...shared, allowAllValue: false, allowMultiple: false };
  const listVariable = (more: object, plugin: Plugin): Plugin => ({
    kind: 'ListVariable',
    spec: { ...more, plugin },
  });
  if (spec.kind === 'datasource')
    return listVariable(
      { ...one, name: datasourceVariable },
      { kind: 'DatasourceVariable', spec: { datasourcePluginKind: 'PrometheusDatasource' } },
    );
  if (spec.kind === 'list')
    return listVariable(
      { ...one, ...(spec.values[0] === undefined ? {} : { defaultValue: spec.values[0] }) },
      { kind: 'StaticListVariable', spec: { values: [...spec.values] } },
    );
  return listVariable(
    {
      ...shared,
      allowAllValue: true,
      allowMultiple: true,
      customAllValue: '.*',
      defaultValue: '$__all',
      sort: 'alphabetical-asc',
    },
    {
      kind: 'PrometheusLabelValuesVariable',
      spec: { datasource, labelName: spec.label, matchers: [spec.selector] },
    },
  );
}

function annotation({ name, expr, color }: AnnotationSpec) {
  return {
    display: { name, color: annotationColor(color) },
    plugin: { kind: 'PrometheusPromQLAnnotation', spec: { datasource, expr } },
  };
}
