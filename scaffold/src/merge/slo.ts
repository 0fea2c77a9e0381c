import { isDeepStrictEqual } from 'node:util';
import { goJson } from '../go/json.ts';
import type { MergedText, Versions } from './text.ts';

/** slo.json as plain data: the keys before the objectives, and each objective under its id, in order. */
type Document = { head: Fields; slos: Map<string, Fields> };

type Fields = Record<string, unknown>;

/** Sentences by the id of the objective they are about, undefined for the service. */
type Undecided = Map<string | undefined, string[]>;

/** What came out, and what could not be decided: sentences that name the objective. */
type MergedSlo = MergedText & { undecided: readonly string[] };

/**
 * Merges slo.json by objective and key. Where both sides changed the same value in different ways the user's stays
 * and a sentence says so: markers in the file would stop everything that is rendered from it, and the file follows
 * from the table of routes, which is merged line by line.
 * @returns undefined when a version is not JSON of that form
 */
export function mergeSlo({ base, ours, theirs }: Versions): MergedSlo | undefined {
  const [o, a, b] = [
    base === undefined ? { head: {}, slos: new Map() } : parse(base),
    parse(ours),
    parse(theirs),
  ];
  if (o === undefined || a === undefined || b === undefined) return undefined;
  const undecided: Undecided = new Map();
  const head = mergeFields(o.head, a.head, b.head, undecided);
  const slos = new Map<string, Fields>();
  for (const id of mergedOrder(o, a, b)) {
    const [old, own, their] = [o.slos.get(id), a.slos.get(id), b.slos.get(id)];
    if (own === undefined) slos.set(id, their!);
    else if (their === undefined) slos.set(id, own);
    else slos.set(id, mergeFields(old ?? {}, own, their, undecided, id));
  }
  const text = render({ head, slos });
  return { text, undecided: [...undecided.values()].flat(), conflicts: linesOf(text, [...undecided.keys()]) };
}

/** The ids that stay: the user's order, each new one of the template behind the one it follows there. */
function mergedOrder(o: Document, a: Document, b: Document): string[] {
  const droppedByTemplate = (id: string) =>
    !b.slos.has(id) && o.slos.has(id) && isDeepStrictEqual(a.slos.get(id), o.slos.get(id));
  const order = [...a.slos.keys()].filter((id) => !droppedByTemplate(id));
  let before = 0;
  for (const id of b.slos.keys()) {
    const at = order.indexOf(id);
    if (at >= 0) before = at + 1;
    else if (!o.slos.has(id)) {
      order.splice(before, 0, id);
      before += 1;
    }
  }
  return order;
}

function mergeFields(o: Fields, a: Fields, b: Fields, undecided: Undecided, id?: string): Fields {
  const merged: Fields = {};
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [old, own, their] = [o[key], a[key], b[key]];
    const changedByBoth =
      ![old, their].some((other) => isDeepStrictEqual(own, other)) && !isDeepStrictEqual(old, their);
    if (changedByBoth) {
      const [yours, theirs] = [own, their].map((value) => JSON.stringify(value) ?? 'nothing');
      const sentence = `${key} of ${id ?? 'the service'}: ${yours} is yours and stays, the template has ${theirs}`;
      undecided.set(id, [...(undecided.get(id) ?? []), sentence]);
    }
    const value = isDeepStrictEqual(own, old) ? their : own;
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}

/** The lines, from 1, of the objectives with these ids; the first one for the service. */
function linesOf(text: string, ids: readonly (string | undefined)[]): number[] {
  const lines = text.split('\n');
  return ids.map((id) =>
    id === undefined ? 1 : lines.findIndex((line) => line.includes(`"id":${goJson(id)}`)) + 1,
  );
}

function parse(text: string): Document | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isFields(value)) return undefined;
  const { slos, ...head } = value;
  if (!Array.isArray(slos) || !slos.every(isFields)) return undefined;
  const byId = new Map(slos.map((slo) => [String(slo.id), slo]));
  return byId.size === slos.length ? { head, slos: byId } : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As `NAME slo` of the emitted service prints it: one objective a line, so that a change is a one-line diff. */
function render({ head, slos }: Document): string {
  const lines = [...slos.values()].map((slo) => `    ${goJson(slo)}`);
  const keys = Object.entries(head).map(([key, value]) => `  ${goJson(key)}: ${goJson(value)},\n`);
  return `{\n${keys.join('')}  "slos": [\n${lines.join(',\n')}\n  ]\n}\n`;
}
