/** Values of the spec as texts, and which of them differ. */
import { routeText, type Service, type Slo, windowText } from './slo.ts';

/** A key of the spec with its value before and after, as text; undefined where it is absent. */
export interface KeyChange {
  readonly key: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

type Texts = Readonly<Record<string, string | undefined>>;

/** The keys whose values differ. */
export function keyChanges(before: Texts, after: Texts): readonly KeyChange[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys
    .filter((key) => before[key] !== after[key])
    .map((key) => ({ key, before: before[key], after: after[key] }));
}

/** A service by the keys of the spec, without its objectives. */
export function serviceKeysOf({ owner, runbook, job, grafana, routing }: Service): Texts {
  return { owner, runbook, job, grafana, routing: routing && JSON.stringify(routing) };
}

/** An objective by the keys of the spec. */
export function sloKeysOf({ sli, routes, by, objective, alerts, description, owner, runbook }: Slo): Texts {
  const { kind, ...rest } = sli;
  const { events, ...own } = { events: {}, ...rest };
  const list = (texts: readonly string[]) => (texts.length === 0 ? undefined : texts.join(', '));
  const counted = Object.entries({ ...own, ...events }).map(([key, value]) => [key, text(value)]);
  return {
    kind,
    routes: list(routes.map(routeText)),
    by: list(by),
    objective: String(objective.ratio),
    window: windowText(objective.window),
    ...Object.fromEntries(counted),
    alerts,
    ...{ description, owner, runbook },
  };
}

function text(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value !== 'object' || value === null) return String(value);
  return 'counter' in value
    ? String(value.counter)
    : 'text' in value
      ? String(value.text)
      : JSON.stringify(value);
}
