// A dashboard of Grafana as the tests read it, and change it to plant faults.

/** The parts of a panel that the tests look at. */
export interface Panel {
  id: number;
  collapsed?: boolean;
  panels?: Panel[];
  type: string;
  title: string;
  description: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource: { uid: string };
  fieldConfig: {
    defaults: {
      unit?: string;
      noValue?: string;
      links?: { url: string }[];
      mappings?: { options: Record<string, { text: string }> }[];
    };
    overrides: { matcher: { options: string }; properties: { id: string; value: unknown }[] }[];
  };
  targets: { expr: string; legendFormat: string; exemplar: boolean; datasource: { uid: string } }[];
}

export interface GrafanaJson {
  uid: string;
  title: string;
  time: { from: string };
  links: { title: string; url: string }[];
  templating: { list: { type: string; name: string; query: string }[] };
  annotations: { list: { name: string; expr: string }[] };
  panels: Panel[];
}

/** All panels, rows and those in closed rows among them. */
export function everyPanel(dashboard: GrafanaJson): Panel[] {
  return dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

/** The panels that draw something. */
export function charts(dashboard: GrafanaJson): Panel[] {
  return everyPanel(dashboard).filter((panel) => panel.type !== 'row');
}

/** The titles of all rows, from top to bottom. */
export function rowTitles(dashboard: GrafanaJson): string[] {
  return dashboard.panels.filter((panel) => panel.type === 'row').map((panel) => panel.title);
}

/** Rows, panels with their units, and their queries, as lines to be read and compared. */
export function panelLines(dashboard: GrafanaJson): string {
  const lines = everyPanel(dashboard).flatMap((panel) =>
    panel.type === 'row'
      ? [`\n# ${panel.title}${panel.collapsed ? ' (closed)' : ''}`]
      : [
          `${panel.title} (${panel.fieldConfig?.defaults.unit ?? panel.type})`,
          ...(panel.targets ?? []).map(
            ({ legendFormat, expr }) => `    ${legendFormat}: ${expr.replaceAll('\n', ' ')}`,
          ),
        ],
  );
  return `${lines.join('\n').trim()}\n`;
}
