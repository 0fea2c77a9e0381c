/**
 * Rules that a rendered dashboard must keep. The SDK that builds it validates nothing, so the JSON is read as
 * Grafana will read it. Modelled on https://github.com/grafana/dashboard-linter .
 */
import type { SyntaxNodeRef } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import {
  collectorLabel,
  collectorMetric,
  label,
  rule,
  ruleLabel,
  scrapeMetric,
  serviceMetric,
  spanMetric,
  spanMetricLabel,
  suffix,
} from '../slo/index.ts';
import { datasourceVariable } from './panel.ts';

/** One broken rule: the panel (or the dashboard) and what is wrong with it. */
export interface LintProblem {
  readonly panel: string;
  readonly message: string;
}

interface LintedPanel {
  readonly id?: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  /** Of a row: whether it is closed, and the panels inside it then. */
  readonly collapsed?: boolean;
  readonly panels?: readonly LintedPanel[];
  readonly gridPos?: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid?: string };
  readonly fieldConfig?: { readonly defaults?: { readonly unit?: string } };
  readonly targets?: readonly {
    readonly expr?: string;
    readonly legendFormat?: string;
    readonly datasource?: { readonly uid?: string };
  }[];
}

/** The parts of a dashboard's JSON that the rules read. */
export interface LintedDashboard {
  readonly title?: string;
  readonly uid?: string;
  readonly templating?: {
    readonly list?: readonly { readonly type: string; readonly name: string; readonly query?: unknown }[];
  };
  readonly panels?: readonly LintedPanel[];
}

type Report = (message: string) => void;

const maxUidLength = 40;
const gridWidth = 24;
/** Grafana's frontend and API hold ids as 32-bit integers. */
const maxId = 2 ** 31 - 1;

/** Every broken rule of a dashboard; empty when it is sound. */
export function lint(dashboard: LintedDashboard): readonly LintProblem[] {
  const problems: LintProblem[] = [];
  const reporter =
    (panel: string): Report =>
    (message) =>
      problems.push({ panel, message });
  lintDashboard(dashboard, reporter('dashboard'));
  const earlier: LintedPanel[] = [];
  const lintGrid = (panels: readonly LintedPanel[]) => {
    for (const [index, panel] of panels.entries()) {
      const report = reporter(panel.title || `panel ${panel.id ?? index}`);
      lintIdentity(panel, earlier, report);
      lintPlace(panel, panels.slice(0, index), report);
      earlier.push(panel);
      if (panel.type !== 'row') lintPanel(panel, report);
      else if (panel.panels?.length && !panel.collapsed) report('is open, and Grafana drops its panels then');
      lintGrid(panel.panels ?? []); // a closed row has a grid of its own
    }
  };
  lintGrid(dashboard.panels ?? []);
  return problems;
}

function lintIdentity(panel: LintedPanel, earlier: readonly LintedPanel[], report: Report): void {
  if (!Number.isInteger(panel.id) || panel.id! < 1 || panel.id! > maxId) {
    report(`has the id ${panel.id}, which is none from 1 to ${maxId}`);
  }
  for (const other of earlier) {
    if (other.id === panel.id) report(`has the id ${panel.id} of "${other.title}"`);
    if (other.title === panel.title) report('has the title of another panel');
  }
}

function lintDashboard(dashboard: LintedDashboard, report: Report): void {
  if (!dashboard.title) report('has no title');
  if (!dashboard.uid) report('has no uid, so that its address changes with every import');
  else if (dashboard.uid.length > maxUidLength) report(`its uid has more than ${maxUidLength} characters`);
  const variables = dashboard.templating?.list ?? [];
  const source = variables.find((variable) => variable.type === 'datasource');
  if (source?.name !== datasourceVariable || source.query !== 'prometheus') {
    report(`has no data source variable "${datasourceVariable}" for prometheus`);
  }
  for (const { type, query } of variables) {
    const selector = /^label_values\((.*), \w+\)$/.exec(String(query))?.[1];
    if (type === 'query') for (const message of lintExpression(selector ?? '')) report(message);
  }
}

function lintPlace(panel: LintedPanel, earlier: readonly LintedPanel[], report: Report): void {
  const place = panel.gridPos;
  if (!place) {
    report('has no place on the grid');
    return;
  }
  if (place.x < 0 || place.x + place.w > gridWidth)
    report(`does not fit the ${gridWidth} columns of the grid`);
  for (const other of earlier) {
    const there = other.gridPos;
    if (!there || place.x >= there.x + there.w || there.x >= place.x + place.w) continue;
    if (place.y < there.y + there.h && there.y < place.y + place.h) report(`overlaps "${other.title}"`);
  }
}

function lintPanel(panel: LintedPanel, report: Report): void {
  if (!panel.title) report('has no title');
  if (!panel.description) report('has no description');
  if (!panel.fieldConfig?.defaults?.unit) report('has no unit');
  const targets = panel.targets ?? [];
  if (targets.length === 0) report('has no query');
  for (const source of [panel.datasource, ...targets.map((target) => target.datasource)]) {
    if (source?.uid !== `\${${datasourceVariable}}`)
      report(`names a data source, not \${${datasourceVariable}}`);
  }
  for (const target of targets) {
    if (!target.legendFormat) report('has a query without a legend');
    for (const message of lintExpression(target.expr ?? '')) report(message);
  }
}

/** What is wrong with one PromQL expression of a panel, which may hold Grafana's variables. */
export function lintExpression(expr: string): readonly string[] {
  if (expr === '') return ['has a query without an expression'];
  const problems: string[] = [];
  if (/\[\d+[smhdwy]/.test(expr)) problems.push(`fixes a range instead of $__rate_interval: ${expr}`);
  const text = expr.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h');
  const names: string[] = [];
  const walk = (node: SyntaxNodeRef) => {
    const part = text.slice(node.from, node.to);
    if (node.type.isError)
      problems.push(`is no PromQL near "${text.slice(node.from, node.from + 20)}": ${expr}`);
    if (node.name === 'Identifier' && node.node.parent?.name === 'VectorSelector') names.push(part);
    if (node.name === 'LabelName' && !knownLabels.has(part)) {
      problems.push(`label ${part} is not in slo/conventions.ts`);
    }
  };
  parser.parse(text).iterate({ enter: walk });
  for (const name of names)
    if (!isKnownMetric(name)) problems.push(`metric ${name} is not in slo/conventions.ts`);
  if (names.some(isSpanMetric) && !names.every(isSpanMetric)) {
    problems.push(`joins signals of spans with scraped ones: ${expr}`);
  }
  return problems;
}

const knownLabels: ReadonlySet<string> = new Set([
  ...Object.values(label),
  ...Object.values(ruleLabel),
  ...Object.values(spanMetricLabel),
  ...Object.values(collectorLabel),
]);

const knownMetrics: ReadonlySet<string> = new Set(
  [serviceMetric, spanMetric, scrapeMetric, rule, collectorMetric]
    .flatMap((table) => Object.values<string>(table))
    .flatMap((name) => [name, `${name}_total`, ...Object.values(suffix).map((end) => `${name}${end}`)]),
);

const windowed = Object.entries(rule).flatMap(([key, name]) => (key.endsWith('Prefix') ? [name] : []));

function isKnownMetric(name: string): boolean {
  if (knownMetrics.has(name)) return true;
  return windowed.some((prefix) => name.startsWith(prefix) && /^\d+[mhd]$/.test(name.slice(prefix.length)));
}

function isSpanMetric(name: string): boolean {
  return Object.values(spanMetric).some((known) => name.startsWith(known));
}
