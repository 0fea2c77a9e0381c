/** Rules that rendered dashboards must keep. What builds them validates nothing, so their JSON is read as the tools will read it. */
import { type GrafanaDashboard, lintGrafana } from './lint/grafana.ts';
import { lintPerses, type PersesJson } from './lint/perses.ts';
import type { LintOptions, LintProblem } from './lint/rules.ts';

/**
 * Every broken rule of a dashboard for Grafana or for Perses; empty when it is sound.
 * @param text the JSON of the dashboard
 * @throws SyntaxError when it is no JSON
 */
export function lint(text: string, options?: LintOptions): readonly LintProblem[] {
  const dashboard: GrafanaDashboard | PersesJson = JSON.parse(text);
  // A dashboard of Grafana has its title and panels at the top, one of Perses has them in its spec.
  if ('spec' in dashboard || 'kind' in dashboard) return lintPerses(dashboard, options);
  return lintGrafana(dashboard as GrafanaDashboard, options);
}
