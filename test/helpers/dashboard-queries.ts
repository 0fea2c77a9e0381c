// What a rendered dashboard asks Prometheus, as it would ask it: with its variables filled in.

/** One query of a panel, or of an annotation. */
export interface DashboardQuery {
  panel: string;
  expr: string;
}

/** A panel of Grafana's JSON, or one of Perses. */
interface AnyPanel {
  title?: string;
  panels?: AnyPanel[];
  targets?: { expr: string }[];
  spec?: { display: { name: string }; queries: { spec: { plugin: { spec: { query: string } } } }[] };
}

interface AnyDashboard {
  panels?: AnyPanel[];
  annotations?: { list?: { name: string; expr: string }[] };
  spec?: {
    panels: Record<string, AnyPanel>;
    annotations: { display: { name: string }; plugin: { spec: { expr: string } } }[];
  };
}

/**
 * Every query of a dashboard in Grafana's or in Perses' JSON.
 * @param values of its variables by name; those that are missing match everything
 */
export function dashboardQueries(
  text: string,
  values: Readonly<Record<string, string>> = {},
): DashboardQuery[] {
  const { panels = [], spec } = JSON.parse(text) as AnyDashboard;
  const all = spec ? Object.values(spec.panels) : panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  return all.flatMap((panel) =>
    expressionsOf(panel).map((expr) => ({
      panel: panel.title ?? panel.spec?.display.name ?? '',
      expr: substitute(expr, values),
    })),
  );
}

/** The queries of a dashboard's annotations, whose series are there at some moments only. */
export function annotationQueries(
  text: string,
  values: Readonly<Record<string, string>> = {},
): DashboardQuery[] {
  const { annotations, spec } = JSON.parse(text) as AnyDashboard;
  const all = spec
    ? spec.annotations.map(({ display, plugin }) => ({ name: display.name, expr: plugin.spec.expr }))
    : (annotations?.list ?? []);
  return all.map(({ name, expr }) => ({ panel: name, expr: substitute(expr, values) }));
}

function expressionsOf({ targets = [], spec }: AnyPanel): string[] {
  return spec ? spec.queries.map((query) => query.spec.plugin.spec.query) : targets.map(({ expr }) => expr);
}

/** The built-in variables first: `$__from` is no `$_` with something behind it. */
function substitute(expr: string, values: Readonly<Record<string, string>>): string {
  const builtIn: Readonly<Record<string, string>> = { __rate_interval: '5m', __range: '1h', __from: '0' };
  return expr.replace(/\$\{(\w+)(?::\w+)?\}|\$(\w+)/g, (_, braced?: string, plain?: string) => {
    const name = (braced ?? plain)!;
    return builtIn[name] ?? values[name] ?? '.*';
  });
}
