/**
 * Reads a dashboard as Perses will: it refuses unknown plugins and keys it does not know, and panels that no layout shows are lost.
 * Source: https://github.com/perses/spec and the schemas in https://github.com/perses/plugins
 */
import { datasourceVariable } from '../model.ts';
import { lintExpression } from './expression.ts';
import {
  type LintOptions,
  type LintProblem,
  lintPanel,
  lintPlace,
  lintVariables,
  type Place,
  type ReadPanel,
  type Report,
} from './rules.ts';

interface PluginJson {
  readonly kind?: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}

interface PanelJson {
  readonly spec?: {
    readonly display?: { readonly name?: string; readonly description?: string };
    readonly plugin?: PluginJson;
    readonly queries?: readonly {
      readonly kind?: string;
      readonly spec?: { readonly plugin?: PluginJson };
    }[];
  };
}

interface LayoutJson {
  readonly kind?: string;
  readonly spec?: {
    readonly items?: readonly {
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly content?: { readonly $ref?: string };
    }[];
  };
}

/** The parts of a dashboard's JSON that the rules read. */
export interface PersesJson {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly project?: string };
  readonly spec?: {
    readonly display?: { readonly name?: string };
    readonly duration?: string;
    readonly variables?: readonly PluginJson[];
    readonly annotations?: readonly {
      readonly display?: { readonly name?: string };
      readonly plugin?: PluginJson;
    }[];
    readonly panels?: Readonly<Record<string, PanelJson>>;
    readonly layouts?: readonly LayoutJson[];
  };
}

/** The keys that the plugins in use take; others make Perses refuse the dashboard. */
const pluginKeys: Readonly<Record<string, readonly string[]>> = {
  TimeSeriesChart: ['legend', 'tooltip', 'yAxis', 'thresholds', 'visual', 'querySettings'],
  StatChart: [
    ...['calculation', 'metricLabel', 'format', 'thresholds', 'sparkline', 'valueFontSize', 'colorMode'],
    ...['legendMode', 'mappings'],
  ],
  Table: [
    ...['density', 'defaultColumnWidth', 'defaultColumnHeight', 'defaultColumnHidden', 'pagination'],
    ...['enableFiltering', 'columnSettings', 'cellSettings', 'transforms'],
  ],
  Markdown: ['text'],
  PrometheusTimeSeriesQuery: ['datasource', 'query', 'seriesNameFormat', 'minStep', 'resolution', 'instant'],
  PrometheusPromQLAnnotation: ['datasource', 'expr'],
  PrometheusLabelValuesVariable: ['datasource', 'labelName', 'matchers'],
  StaticListVariable: ['values'],
  DatasourceVariable: ['datasourcePluginKind'],
};

const name = /^[a-zA-Z0-9_.-]{1,75}$/;
const datasource = `$${datasourceVariable}`;

/** Every broken rule of a dashboard; empty when it is sound. */
export function lintPerses(dashboard: PersesJson, options: LintOptions = {}): readonly LintProblem[] {
  const problems: LintProblem[] = [];
  const reporter =
    (panel: string): Report =>
    (message) =>
      problems.push({ panel, message });
  lintDashboard(dashboard, options, reporter('dashboard'));
  const panels = new Map(Object.entries(dashboard.spec?.panels ?? {}));
  const titles = new Set<string>();
  for (const [key, panel] of panels) {
    const read = readPanel(panel);
    const report = reporter(read.title || key);
    if (!name.test(key)) report(`has the key "${key}", which Perses refuses`);
    if (titles.has(read.title)) report('has the title of another panel');
    titles.add(read.title);
    for (const plugin of [panel.spec?.plugin, ...queriesOf(panel)]) lintPlugin(plugin, report);
    lintPanel(read, datasource, options, report);
  }
  lintLayouts(dashboard.spec?.layouts ?? [], panels, reporter);
  return problems;
}

function lintDashboard({ kind, metadata, spec }: PersesJson, options: LintOptions, report: Report): void {
  if (kind !== 'Dashboard') report(`is of the kind ${kind}, not Dashboard`);
  if (!name.test(metadata?.name ?? '')) report(`has the name "${metadata?.name}", which Perses refuses`);
  if (!metadata?.project) report('has no project');
  if (!spec?.display?.name) report('has no title');
  if (!/^\d+[mhdw]$/.test(spec?.duration ?? '')) report(`shows "${spec?.duration}", which is no duration`);
  const by = new Set(options.by);
  const variables = spec?.variables ?? [];
  if (variables[0]?.spec?.name !== datasourceVariable)
    report(`has no data source variable "${datasourceVariable}" before all others`);
  lintVariables(
    spec,
    variables.map((variable) => String(variable.spec?.name)),
    report,
  );
  for (const variable of variables) {
    if (variable.kind === 'TextVariable') continue;
    const plugin = variable.spec?.plugin as PluginJson | undefined;
    lintPlugin(plugin, report);
    for (const matcher of asList(plugin?.spec?.matchers))
      for (const message of lintExpression(String(matcher), by)) report(message);
  }
  for (const { display, plugin } of spec?.annotations ?? []) {
    lintPlugin(plugin, report);
    for (const message of lintExpression(String(plugin?.spec?.expr ?? ''), by))
      report(`annotation "${display?.name}" ${message}`);
  }
}

function lintPlugin(plugin: PluginJson | undefined, report: Report): void {
  const keys = pluginKeys[plugin?.kind ?? ''];
  if (!keys) report(`has the plugin ${plugin?.kind}, which is none that is in use`);
  else
    for (const key of Object.keys(plugin?.spec ?? {}))
      if (!keys.includes(key)) report(`has the key ${key}, which ${plugin?.kind} does not take`);
}

function lintLayouts(
  layouts: readonly LayoutJson[],
  panels: ReadonlyMap<string, PanelJson>,
  reporter: (panel: string) => Report,
): void {
  const shown = new Set<string>();
  for (const { kind, spec } of layouts) {
    if (kind !== 'Grid') reporter('dashboard')(`has a layout of the kind ${kind}, not Grid`);
    const earlier: Place[] = [];
    for (const { content, ...at } of spec?.items ?? []) {
      const key = /^#\/spec\/panels\/(.*)$/.exec(content?.$ref ?? '')?.[1] ?? '';
      const title = panels.get(key)?.spec?.display?.name ?? key;
      const report = reporter(title);
      if (!panels.has(key)) report(`is shown by ${content?.$ref}, and is not there`);
      if (shown.has(key)) report('is shown twice');
      shown.add(key);
      lintPlace({ title, ...at }, earlier, report);
      earlier.push({ title, ...at });
    }
  }
  for (const key of panels.keys()) if (!shown.has(key)) reporter(key)('is shown by no layout');
}

function queriesOf(panel: PanelJson): readonly (PluginJson | undefined)[] {
  return (panel.spec?.queries ?? []).map((query) => query.spec?.plugin);
}

function readPanel(panel: PanelJson): ReadPanel {
  const { display, plugin } = panel.spec ?? {};
  const queries = queriesOf(panel).map((query) => query?.spec ?? {});
  return {
    title: display?.name ?? '',
    description: display?.description ?? '',
    kind: plugin?.kind === 'Markdown' ? 'text' : 'values',
    units: unitsOf(plugin?.spec ?? {}, queries.length),
    datasources: queries.map(({ datasource: source }) => (typeof source === 'string' ? source : undefined)),
    queries: queries.map(({ query, seriesNameFormat }) => ({
      expr: String(query ?? ''),
      legend: String(seriesNameFormat ?? ''),
    })),
  };
}

/** A figure has its unit at the top, a chart at its axis, a table at each column of values. */
function unitsOf(spec: Readonly<Record<string, unknown>>, queries: number): readonly (string | undefined)[] {
  if (spec.columnSettings === undefined) return [unitOf(spec) ?? unitOf(spec.yAxis)];
  const columns = asList(spec.columnSettings).filter((column) =>
    String((column as { name?: unknown }).name).startsWith('value'),
  );
  return Array.from({ length: queries }, (_, index) => unitOf(columns[index]));
}

function unitOf(part: unknown): string | undefined {
  return (part as { format?: { unit?: string } } | undefined)?.format?.unit;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
