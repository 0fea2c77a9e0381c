/**
 * Reads a dashboard as Grafana will, which takes what it does not know without a word.
 * Modelled on https://github.com/grafana/dashboard-linter .
 */
import { datasourceVariable } from '../model.ts';
import { lintExpression } from './expression.ts';
import {
  type LintOptions,
  type LintProblem,
  lintPanel,
  lintPlace,
  lintVariables,
  type ReadPanel,
  type Report,
} from './rules.ts';

interface GrafanaField {
  readonly unit?: string;
}

interface GrafanaPanel {
  readonly id?: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  /** Of a row: whether it is closed, and the panels inside it then. */
  readonly collapsed?: boolean;
  readonly panels?: readonly GrafanaPanel[];
  readonly gridPos?: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid?: string };
  readonly fieldConfig?: {
    readonly defaults?: GrafanaField;
    readonly overrides?: readonly {
      readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
    }[];
  };
  readonly targets?: readonly {
    readonly expr?: string;
    readonly legendFormat?: string;
    readonly datasource?: { readonly uid?: string };
  }[];
}

/** The parts of a dashboard's JSON that the rules read. */
export interface GrafanaDashboard {
  readonly title?: string;
  readonly uid?: string;
  readonly templating?: {
    readonly list?: readonly { readonly type: string; readonly name: string; readonly query?: unknown }[];
  };
  readonly annotations?: { readonly list?: readonly { readonly name: string; readonly expr?: string }[] };
  readonly panels?: readonly GrafanaPanel[];
}

const maxUidLength = 40;
/** Grafana's frontend and API hold ids as 32-bit integers. */
const maxId = 2 ** 31 - 1;
const datasource = `\${${datasourceVariable}}`;

/** Every broken rule of a dashboard; empty when it is sound. */
export function lintGrafana(dashboard: GrafanaDashboard, options: LintOptions = {}): readonly LintProblem[] {
  const problems: LintProblem[] = [];
  const reporter =
    (panel: string): Report =>
    (message) =>
      problems.push({ panel, message });
  lintDashboard(dashboard, options, reporter('dashboard'));
  const earlier: GrafanaPanel[] = [];
  const lintGrid = (panels: readonly GrafanaPanel[]) => {
    for (const [index, panel] of panels.entries()) {
      const report = reporter(panel.title || `panel ${panel.id ?? index}`);
      lintIdentity(panel, earlier, report);
      lintPosition(panel, panels.slice(0, index), report);
      earlier.push(panel);
      if (panel.type !== 'row') lintPanel(read(panel), datasource, options, report);
      else if (panel.panels?.length && !panel.collapsed) report('is open, and Grafana drops its panels then');
      lintGrid(panel.panels ?? []); // a closed row has a grid of its own
    }
  };
  lintGrid(dashboard.panels ?? []);
  return problems;
}

function lintIdentity(panel: GrafanaPanel, earlier: readonly GrafanaPanel[], report: Report): void {
  if (!Number.isInteger(panel.id) || panel.id! < 1 || panel.id! > maxId) {
    report(`has the id ${panel.id}, which is none from 1 to ${maxId}`);
  }
  for (const other of earlier) {
    if (other.id === panel.id) report(`has the id ${panel.id} of "${other.title}"`);
    if (other.title === panel.title) report('has the title of another panel');
  }
}

function lintDashboard(dashboard: GrafanaDashboard, options: LintOptions, report: Report): void {
  if (!dashboard.title) report('has no title');
  if (!dashboard.uid) report('has no uid, so that its address changes with every import');
  else if (dashboard.uid.length > maxUidLength) report(`its uid has more than ${maxUidLength} characters`);
  const variables = dashboard.templating?.list ?? [];
  const source = variables.find((variable) => variable.type === 'datasource');
  if (source?.name !== datasourceVariable || source?.query !== 'prometheus') {
    report(`has no data source variable "${datasourceVariable}" for prometheus`);
  }
  lintVariables(
    dashboard,
    variables.map(({ name }) => name),
    report,
  );
  const by = new Set(options.by);
  for (const { type, query } of variables) {
    const selector = /^label_values\((.*), \w+\)$/.exec(String(query))?.[1];
    if (type === 'query') for (const message of lintExpression(selector ?? '', by)) report(message);
  }
  for (const { name, expr = '' } of dashboard.annotations?.list ?? [])
    for (const message of lintExpression(expr, by)) report(`annotation "${name}" ${message}`);
}

function lintPosition(panel: GrafanaPanel, earlier: readonly GrafanaPanel[], report: Report): void {
  const place = placeOf(panel);
  if (!place) report('has no place on the grid');
  else
    lintPlace(
      place,
      earlier.flatMap((other) => placeOf(other) ?? []),
      report,
    );
}

function placeOf({ gridPos: at, title = '' }: GrafanaPanel) {
  return at && { title, x: at.x, y: at.y, width: at.w, height: at.h };
}

function read(panel: GrafanaPanel): ReadPanel {
  const targets = panel.targets ?? [];
  return {
    title: panel.title ?? '',
    description: panel.description ?? '',
    kind: panel.type === 'text' ? 'text' : 'values',
    units: unitsOf(panel),
    datasources: [panel.datasource, ...targets.map((target) => target.datasource)].map(
      (source) => source?.uid,
    ),
    queries: targets.map(({ expr = '', legendFormat = '' }) => ({ expr, legend: legendFormat })),
  };
}

/** A table has a unit for each column of values, as overrides; there are as many as queries. */
function unitsOf({ type, fieldConfig, targets = [] }: GrafanaPanel): readonly (string | undefined)[] {
  if (type !== 'table') return [fieldConfig?.defaults?.unit];
  const properties = (fieldConfig?.overrides ?? []).flatMap((override) => override.properties);
  const units = properties.filter(({ id }) => id === 'unit').map(({ value }) => String(value));
  return targets.map((_, index) => units[index]);
}
