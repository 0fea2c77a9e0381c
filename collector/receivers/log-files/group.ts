import type { LineFormat } from '../../formats/log-line/unwrap.ts';

/** Log files that are read alike. */
export interface LogFileGroup {
  /** Paths or globs. */
  include: readonly string[];
  /** Attributes of the resource that wrote the lines, service.name among them; values may have `${VARIABLES}`. */
  resource: Record<string, string>;
  /** How the lines are written; `auto` looks at the first line of each file. */
  format: 'auto' | LineFormat;
}

/** What the path of a log says of its writer. Sources: the kubelet's `pkg/kubelet/kuberuntime/helpers.go`, Docker's json-file. */
const PATHS = [
  /\/pods\/(?<namespace>[^/_]+)_(?<pod>[^/_]+)_(?<uid>[^/_]+)\/(?<container>[^/]+)\/[^/]+$/,
  /\/containers\/(?<pod>[^/_]+)_(?<namespace>[^/_]+)_(?<container>[^/]+)-(?<id>[0-9a-f]{64})\.log[^/]*$/,
  /\/containers\/(?<id>[0-9a-f]{64})\/[^/]+$/,
  /\/(?<file>[^/]+?)(?:\.[^/]*)?$/,
];
/** What the values of a resource may name as `${NAME}`. */
export const PATH_VARIABLES = ['namespace', 'pod', 'uid', 'container', 'id', 'file'];
const VARIABLE = /\$\{([^}]*)\}/g;

/** The variables in a resource's value that no path gives. */
export function unknownVariables(value: string): string[] {
  return [...value.matchAll(VARIABLE)]
    .map((match) => match[1] ?? '')
    .filter((name) => !PATH_VARIABLES.includes(name));
}

/** The resource of one file: variables become what its path says; a value that becomes empty is left out. */
export function resourceOfPath(resource: Record<string, string>, path: string): Record<string, string> {
  const said: Record<string, string | undefined> = Object.assign(
    {},
    ...PATHS.map((pattern) => pattern.exec(path)?.groups),
  );
  const filled = Object.entries(resource).map(([key, value]) => [
    key,
    value.replace(VARIABLE, (_, name: string) => said[name] ?? ''),
  ]);
  return Object.fromEntries(filled.filter(([, value]) => value !== ''));
}
