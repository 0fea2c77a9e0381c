/** Sloth's indicators -> what an objective of ours counts. Source: https://sloth.dev/specs/default/ */
import { windowPlaceholder } from '../spec/expression.ts';
import { type Fields, notA, show } from '../spec/problems.ts';
import { below, objectAt, type Place, type SpecDefaults, type Tell } from './draft.ts';
import { groupOf } from './queries.ts';

/** The names that the two forms spell differently. */
export const forms = {
  file: {
    error: 'error_query',
    total: 'total_query',
    ratio: 'error_ratio_query',
    page: 'page_alert',
    ticket: 'ticket_alert',
    plugins: 'slo_plugins',
  },
  resource: {
    error: 'errorQuery',
    total: 'totalQuery',
    ratio: 'errorRatioQuery',
    page: 'pageAlert',
    ticket: 'ticketAlert',
    plugins: 'sloPlugins',
  },
} as const;
type Form = (typeof forms)[keyof typeof forms];

/** What the reading of one document is told. */
export interface Reading {
  readonly form: Form;
  readonly tell: Tell;
  readonly defaults: SpecDefaults;
}

interface ReadSli {
  readonly spec: Fields;
  readonly places: Readonly<Record<string, Place>>;
}

/** The indicator in our keys; undefined, and told, where it is none. */
export function readSli(value: unknown, place: Place, { form, tell }: Reading): ReadSli | undefined {
  const fields = objectAt(value, place, ['events', 'raw', 'plugin'], tell);
  if (!fields) return undefined;
  const given = ['events', 'raw', 'plugin'].filter((key) => fields[key] !== undefined);
  const [kind] = given;
  if (given.length !== 1 || kind === 'plugin') {
    const what =
      given.length === 1 ? 'is code that only Sloth runs' : `has ${given.join(' and ') || 'no indicator'}`;
    const where = kind === 'plugin' ? below(place, 'plugin') : place;
    tell.problem(where, `${what}; write either events (${form.error}, ${form.total}) or raw (${form.ratio})`);
    return undefined;
  }
  const names = kind === 'raw' ? { badRatio: form.ratio } : { bad: form.error, total: form.total };
  const at = below(place, kind!);
  const queries = objectAt(fields[kind!], at, Object.values(names), tell);
  if (!queries) return undefined;
  const places = Object.fromEntries(Object.entries(names).map(([ours, theirs]) => [ours, below(at, theirs)]));
  const read = Object.entries(names).map(([ours, theirs]) => [
    ours,
    readQuery(queries[theirs], places[ours]!, tell),
  ]);
  if (read.some(([, query]) => query === undefined)) return undefined;
  const spec: Readonly<Record<string, string>> = Object.fromEntries(read);
  return { spec: { ...spec, ...groupOf(Object.values(spec), at, tell) }, places };
}

/** The query with our placeholder in place of Sloth's. */
function readQuery(value: unknown, place: Place, tell: Tell): string | undefined {
  if (typeof value !== 'string' || value.trim() === '') {
    tell.problem(place, notA(value, 'a PromQL query with [{{.window}}] as its range'));
    return undefined;
  }
  const query = value.replace(/\{\{-?\s*\.window\s*-?\}\}/g, windowPlaceholder).trim();
  const [other] = /\{\{[^}]*\}\}/.exec(query) ?? [];
  if (other === undefined) return query;
  tell.problem(
    place,
    `has ${show(other)}, which is not filled in; only {{.window}} is, write the value itself`,
  );
  return undefined;
}
