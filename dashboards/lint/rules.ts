/** Rules that every dashboard must keep, whichever tool shows it. */
import { isKnownLabel, lintExpression } from './expression.ts';

/** One broken rule: the panel (or the dashboard) and what is wrong with it. */
export interface LintProblem {
  readonly panel: string;
  readonly message: string;
}

export type Report = (message: string) => void;

/** What a dashboard's labels may be beside those of slo/conventions.ts. */
export interface LintOptions {
  /** Labels that objectives have budgets by. */
  readonly by?: readonly string[];
}

/** What a panel has in Grafana and in Perses. */
export interface ReadPanel {
  readonly title: string;
  readonly description: string;
  /** Text has neither unit nor query. */
  readonly kind: 'text' | 'values';
  /** One for each column of values; undefined where one is missing. */
  readonly units: readonly (string | undefined)[];
  /** Data sources of the panel and of its queries, as they are written. */
  readonly datasources: readonly (string | undefined)[];
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
}

/** Where a panel stands among the others of its grid. */
export interface Place {
  readonly title: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const gridWidth = 24;

/** A panel's own rules. `datasource` is how the tool writes the variable of the data source. */
export function lintPanel(panel: ReadPanel, datasource: string, options: LintOptions, report: Report): void {
  if (!panel.title) report('has no title');
  if (!panel.description) report('has no description');
  if (panel.kind === 'text') return;
  if (panel.units.length === 0 || panel.units.some((unit) => !unit)) report('has no unit');
  if (panel.queries.length === 0) report('has no query');
  for (const source of panel.datasources)
    if (source !== datasource) report(`names a data source, not ${datasource}`);
  const by = new Set(options.by);
  for (const { expr, legend } of panel.queries) {
    if (!legend) report('has a query without a legend');
    for (const [, name = ''] of legend.matchAll(/\{\{(\w+)\}\}/g))
      if (!isKnownLabel(name) && !by.has(name))
        report(`label ${name} of a legend is not in slo/conventions.ts`);
    for (const message of lintExpression(expr, by)) report(message);
  }
}

/** Variables of the dashboard that its texts use, in queries and in links; the tools' own begin with two underscores. */
export function lintVariables(dashboard: unknown, names: readonly string[], report: Report): void {
  const used = JSON.stringify(dashboard).matchAll(/\$(?:\{(\w+)|(?!ref")(\w+))/g);
  for (const name of new Set(Array.from(used, ([, braced, plain]) => braced ?? plain ?? '')))
    if (!name.startsWith('__') && !names.includes(name))
      report(`uses the variable ${name}, which it has not`);
}

/** A panel's place, against those before it in the same grid. */
export function lintPlace(place: Place, earlier: readonly Place[], report: Report): void {
  if (place.x < 0 || place.x + place.width > gridWidth)
    report(`does not fit the ${gridWidth} columns of the grid`);
  for (const there of earlier) {
    if (place.x >= there.x + there.width || there.x >= place.x + place.width) continue;
    if (place.y < there.y + there.height && there.y < place.y + place.height)
      report(`overlaps "${there.title}"`);
  }
}
