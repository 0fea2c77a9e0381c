/** The parts of Perses' format that are written here. Source: https://github.com/perses/spec */

/** What Perses calls a plugin: panels, queries and variables are of this form. */
export interface Plugin {
  readonly kind: string;
  readonly spec: object;
}

export interface PersesLink {
  readonly name: string;
  readonly url: string;
  readonly renderVariables: boolean;
  readonly targetBlank: boolean;
}

export interface PersesPanel {
  readonly kind: 'Panel';
  readonly spec: {
    readonly display: { readonly name: string; readonly description: string };
    readonly plugin: Plugin;
    readonly queries: readonly { readonly kind: string; readonly spec: { readonly plugin: Plugin } }[];
    readonly links: readonly PersesLink[];
  };
}

export interface PersesLayout {
  readonly kind: 'Grid';
  readonly spec: {
    readonly display: { readonly title: string; readonly collapse: { readonly open: boolean } };
    readonly items: readonly {
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly content: { readonly $ref: string };
    }[];
  };
}

export interface PersesDashboard {
  readonly kind: 'Dashboard';
  readonly metadata: { readonly name: string; readonly project: string };
  readonly spec: {
    readonly display: { readonly name: string; readonly description: string };
    readonly duration: string;
    readonly refreshInterval: string;
    readonly datasources: object;
    readonly variables: readonly Plugin[];
    readonly annotations: readonly { readonly display: object; readonly plugin: Plugin }[];
    readonly links: readonly PersesLink[];
    readonly panels: Readonly<Record<string, PersesPanel>>;
    readonly layouts: readonly PersesLayout[];
  };
}
