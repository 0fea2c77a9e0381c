import type { Conflict } from './lines.ts';

/** One line of a table in Go whose entries begin with a text that names them: `{"GET /orders", …},`. */
const entry = /^\s*\{("(?:\\.|[^"\\])*"),.*\},\s*(?:\/\/.*)?$/;

/**
 * Settles a conflict of table lines, entry by entry: neighbours in a table have nothing to do with each other, but
 * for a merge by lines a route added beside one that the template changed is a conflict. The user's order holds, and
 * what is new in the template follows.
 * @returns undefined when a line is no entry, or when both sides changed the same entry in different ways
 */
export function mergeEntries({ ours, base, theirs }: Conflict): string[] | undefined {
  const [a, o, b] = [ours, base, theirs].map(byName);
  if (a === undefined || o === undefined || b === undefined) return undefined;
  const merged: string[] = [];
  for (const name of new Set([...a.keys(), ...b.keys(), ...o.keys()])) {
    const [own, old, their] = [a.get(name), o.get(name), b.get(name)];
    if (own !== old && their !== old && own !== their) return undefined;
    const line = own === old ? their : own;
    if (line !== undefined) merged.push(line);
  }
  return merged;
}

function byName(lines: readonly string[]): Map<string, string> | undefined {
  const entries = new Map<string, string>();
  for (const line of lines) {
    const name = entry.exec(line)?.[1];
    if (name === undefined || entries.has(name)) return undefined;
    entries.set(name, line);
  }
  return entries;
}
