// What the panels of the emitted dashboards ask, with their variables filled in.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dashboardQueries } from '../../helpers/dashboard-queries.ts';

export interface PanelQuery {
  readonly dashboard: string;
  readonly panel: string;
  readonly expr: string;
}

/** Every expression of every panel of the Grafana and Perses dashboards in `folders`; `variables` are the dashboards' own. */
export function panelQueries(
  folders: readonly string[],
  variables: Readonly<Record<string, string>>,
): readonly PanelQuery[] {
  return folders.flatMap((cwd) =>
    globSync('*.json', { cwd })
      .sort()
      .flatMap((file) =>
        dashboardQueries(readFileSync(join(cwd, file), 'utf8'), variables).map((query) => ({
          dashboard: file,
          ...query,
        })),
      ),
  );
}
