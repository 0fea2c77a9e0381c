/**
 * A dashboard as data, for every tool that shows it: grafana/ and perses/ render it. Rows and panels say what is shown, never how
 * a tool spells it.
 */

/** One PromQL query. `legend` names its series and may hold labels, like `{{http_route}}`. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
  /** Show exemplars: points that lead to a trace. */
  readonly exemplars?: boolean;
  /** Drawn with dashes: a line to compare with, not a measurement. */
  readonly dashed?: boolean;
}

/** Shown in place of a value, for values that stand for a word. */
export interface ValueText {
  readonly value: number;
  readonly text: string;
  readonly color?: Color;
}

export type Color = 'green' | 'orange' | 'red' | 'grey';

/** From this value on it is red: above, or below where less is worse. */
export interface Limit {
  readonly value: number;
  readonly worse: 'above' | 'below';
}

/** How values are shown. `unit` is a unit id of Grafana: `s`, `bytes`, `percentunit`, `reqps`, `short`, … */
export interface Format {
  readonly unit: Unit;
  readonly decimals?: number;
  readonly limit?: Limit;
  readonly texts?: readonly ValueText[];
}

export type Unit = 'bytes' | 'cps' | 'm' | 'ops' | 'percentunit' | 'reqps' | 's' | 'short';

/** Size in grid units, 24 to a row. */
interface PanelFrame {
  readonly title: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly links?: readonly Link[];
}

/** Lines over time, or the last values as figures. */
export interface ChartSpec extends PanelFrame, Format {
  readonly kind: 'timeseries' | 'stat';
  readonly queries: readonly Query[];
  readonly min?: number;
  readonly max?: number;
  /** Shown where nothing was measured. */
  readonly nothing?: string;
}

/** The newest values as a table; rows of several queries are joined by their labels, which all of them must share. */
export interface TableSpec extends PanelFrame {
  readonly kind: 'table';
  readonly queries: readonly Query[];
  readonly columns: readonly Column[];
}

/** A label of the rows, or the values of the query of that number, from 0. */
export type Column = {
  readonly header: string;
  readonly links?: readonly Link[];
} & ({ readonly label: string } | ({ readonly query: number } & Format));

/** Markdown. */
interface TextSpec extends PanelFrame {
  readonly kind: 'text';
  readonly markdown: string;
}

export type PanelSpec = ChartSpec | TableSpec | TextSpec;

/** A titled stretch of panels. */
export interface RowSpec {
  /**
   * The row's id in the dashboard; its panels have the ids that follow. It is the row's own and no counter, so that
   * links to a panel survive when another row comes or goes.
   */
  readonly id: number;
  readonly title: string;
  readonly panels: readonly PanelSpec[];
  /** Only its title is shown until it is opened, and its queries wait for that too. */
  readonly collapsed?: boolean;
}

/**
 * Where a link leads: to a dashboard by its uid, or to a view of the collector's console, with its query parameters. A parameter
 * is a text, or the label of the series or of the table's row that was clicked.
 */
export type Link = { readonly title: string } & (
  | {
      readonly dashboard: string | { readonly label: string; readonly end: string };
      /** Variables of that dashboard, by the labels whose values they get. */
      readonly choosing?: Readonly<Record<string, string>>;
    }
  | { readonly dashboardsTagged: { readonly label: string } }
  | {
      readonly console: string;
      readonly query: Readonly<Record<string, string | { readonly label: string }>>;
    }
);

/** What the reader of a dashboard chooses. */
export type VariableSpec = { readonly name: string; readonly title: string } & (
  | { readonly kind: 'datasource' }
  /** Values of a label of some series; all of them until one is chosen. */
  | { readonly kind: 'labelValues'; readonly selector: string; readonly label: string }
  /** One of these, the first until another is chosen. */
  | { readonly kind: 'list'; readonly values: readonly string[] }
  | { readonly kind: 'text'; readonly value: string }
);

/** Marks moments in every chart: where the expression has a series. */
export interface AnnotationSpec {
  readonly name: string;
  readonly expr: string;
  readonly color: Color;
  /** Title and text of a mark, which may hold labels. */
  readonly title: string;
  readonly text: string;
}

export interface DashboardSpec {
  /** By which other pages find it: at most 40 characters. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** How much is shown at first, up to now: `1h`, `30d`. */
  readonly shows: string;
  readonly variables: readonly VariableSpec[];
  readonly annotations: readonly AnnotationSpec[];
  readonly links: readonly Link[];
  readonly rows: readonly RowSpec[];
}

/** The variable that every query's data source is chosen by. */
export const datasourceVariable = 'datasource';

/** The variable that holds the base URL of the collector's console. */
export const consoleVariable = 'console';
