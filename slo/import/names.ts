import { pattern } from '../spec/keys.ts';
import { type Fields, maxTextLength, notA, readOptional, show } from '../spec/problems.ts';
import { below, mapAt, type Place, reportIn, type SpecDefaults, type Tell } from './draft.ts';

/** Stands where a foreign file names nobody; the warning says so. */
const placeholder = { owner: 'unknown', runbook: 'docs/runbook.md' } as const;
/** Keys under which other formats, and their users, keep what ours has keys for. */
const ownerLabels: readonly string[] = ['owner', 'team'];
const runbookKeys: readonly string[] = ['runbook', 'runbook_url', 'runbookUrl', 'runbookURL'];
/** The longest name of a service; its pattern says the same. */
const maxServiceLength = 63;

/** Lower-case letters, digits and "-" of a name: "Orders API (v2)" -> "orders-api-v2". */
export function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/** A service's name as ours may be, with a warning where that is another; as it is where nothing can be made of it. */
export function serviceName(name: string, place: Place, tell: Tell): string {
  return legal(name, slug(name).slice(0, maxServiceLength), pattern.service, place, tell);
}

/** The id of an objective, likewise. */
export function sloId(name: string, place: Place, tell: Tell): string {
  return legal(name, slug(name), pattern.id, place, tell);
}

function legal(name: string, made: string, allowed: string, place: Place, tell: Tell): string {
  const is = new RegExp(allowed);
  if (is.test(name) || !is.test(made)) return name;
  tell.warn(place, `${show(name)} becomes ${show(made)}: names are lower-case letters, digits and "-"`);
  return made;
}

/** A foreign text of any length as a description of ours; a longer one is cut, with a warning. */
export function descriptionOf(value: unknown, place: Place, tell: Tell): Fields {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'string') tell.problem(place, notA(value, 'a text'));
  const plain = typeof value === 'string' ? value.trim() : '';
  if (plain === '') return {};
  if (plain.length <= maxTextLength) return { description: plain };
  tell.warn(place, `has ${plain.length} characters; the first ${maxTextLength} are kept`);
  return { description: `${plain.slice(0, maxTextLength - 1)}…` };
}

/** The owner that labels name, and a warning for the other labels: alerts and series have our own. */
export function ownerIn(labels: unknown, place: Place, tell: Tell): string | undefined {
  return pick(
    labels,
    ownerLabels,
    place,
    tell,
    'is not carried over: series and alerts have labels of their own',
  );
}

/** The runbook that annotations name, and a warning for the other annotations. */
export function runbookIn(annotations: unknown, place: Place, tell: Tell): string | undefined {
  return pick(
    annotations,
    runbookKeys,
    place,
    tell,
    'is not carried over: alerts have annotations of their own',
  );
}

/** A warning for each key of a mapping that has no counterpart. */
export function dropped(map: unknown, place: Place, tell: Tell, why: string): void {
  pick(map, [], place, tell, `is not carried over: ${why}`);
}

function pick(
  map: unknown,
  wanted: readonly string[],
  place: Place,
  tell: Tell,
  warning: string,
): string | undefined {
  const fields = mapAt(map, place, tell);
  if (fields === undefined) return undefined;
  const nameOf = (key: string) => key.slice(key.lastIndexOf('/') + 1);
  const found = wanted.flatMap((name) => Object.keys(fields).filter((key) => nameOf(key) === name))[0];
  for (const key of Object.keys(fields)) if (key !== found) tell.warn(below(place, key), warning);
  if (found === undefined) return undefined;
  return readOptional(fields, found, place.path, reportIn(place.document, tell));
}

/** Owner and runbook as our format needs them: what was found, the defaults, or a placeholder and a warning. */
export function answerable(
  found: Pick<SpecDefaults, 'owner' | 'runbook'>,
  defaults: SpecDefaults,
  place: Place,
  tell: Tell,
): { readonly owner: string; readonly runbook: string } {
  const owner = found.owner ?? defaults.owner;
  const runbook = found.runbook ?? defaults.runbook;
  if (owner === undefined)
    tell.warn(
      place,
      `names no owner: "${placeholder.owner}" stands in; name one by a label "owner" or "team"`,
    );
  if (runbook === undefined)
    tell.warn(
      place,
      `names no runbook: "${placeholder.runbook}" stands in; name one by an annotation "runbook"`,
    );
  return { owner: owner ?? placeholder.owner, runbook: runbook ?? placeholder.runbook };
}

/** The text that all objectives have which have one under `key`; undefined where they differ. */
export function agreed(slos: readonly Fields[], key: string): Fields {
  const texts = [...new Set(slos.flatMap((slo) => (typeof slo[key] === 'string' ? [slo[key]] : [])))];
  return texts.length === 1 ? { [key]: texts[0] } : {};
}

/** A percentage as a ratio, without the noise of binary division. */
export function ratioOf(percent: number): number {
  return Number((percent / 100).toPrecision(12));
}
