import type { PackageFacts } from './facts.ts';

/** The packages that these link, themselves included, in the order of their import paths. */
export function closure(
  roots: readonly string[],
  packages: ReadonlyMap<string, PackageFacts>,
): PackageFacts[] {
  const seen = new Set<string>();
  const left = [...roots];
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    left.push(...(packages.get(path)?.imports ?? []));
  }
  return [...seen].sort(byText).flatMap((path) => packages.get(path) ?? []);
}

/** Joins what several platforms' listings say of a package: the files and imports of all. */
export function joinPackages(listings: readonly (readonly PackageFacts[])[]): Map<string, PackageFacts> {
  const joined = new Map<string, PackageFacts>();
  for (const one of listings.flat()) {
    const before = joined.get(one.importPath);
    joined.set(one.importPath, before === undefined ? one : joinTwo(before, one));
  }
  return joined;
}

function joinTwo(a: PackageFacts, b: PackageFacts): PackageFacts {
  return {
    ...a,
    imports: union(a.imports, b.imports),
    files: union(a.files, b.files),
    signals: union(a.signals, b.signals),
    cgo: a.cgo ?? b.cgo,
  };
}

function union<T>(a: readonly T[], b: readonly T[]): T[] {
  return [...new Set([...a, ...b])];
}

/** Orders texts by their UTF-16 units: the same on every machine, whatever its language. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The items by their key, in the order of their first; Node 20 has no Map.groupBy. */
export function groupedBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
