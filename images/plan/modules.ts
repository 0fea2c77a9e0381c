import { byText } from './closure.ts';
import type { ModuleVersion } from './facts.ts';

/** A package of `go list -test -deps ./...`, as far as the subgraphs need it. */
export type TestedPackage = {
  importPath: string;
  module: ModuleVersion | undefined;
  imports: readonly string[];
  /** Named by the pattern, and no test variant. */
  root: boolean;
};

/** What is known of the modules: each side by itself, so that they can be compared. */
export type ModuleFacts = {
  /** Paths of the main modules. */
  mains: readonly string[];
  /** Lines of `go mod graph`; undefined where it failed, and why. */
  graph: readonly (readonly [ModuleVersion, ModuleVersion])[] | undefined;
  graphProblem: string | undefined;
  /** Packages of the whole module with its tests; undefined where they could not be listed, and why. */
  tested: ReadonlyMap<string, TestedPackage> | undefined;
  testedProblem: string | undefined;
  /** What the programs link: import path, module, and imports. */
  linked: ReadonlyMap<string, TestedPackage>;
  roots: readonly string[];
};

/**
 * runtime: linked into a program. core: built by `go build ./...` and not linked. test: only tests reach it. graph: some
 * module requires it and no package of it is used.
 */
export type Subgraph = 'runtime' | 'core' | 'test' | 'graph';

type ModuleVerdict = ModuleVersion & {
  subgraph: Subgraph;
  /** Which package, or which module, brings it. */
  why: string;
  /** Paths of the modules that it requires. */
  requires: readonly string[];
};

export type ModuleReport = {
  /** Each after everything it requires; where modules require each other, by their paths. */
  modules: readonly ModuleVerdict[];
  disagreements: readonly string[];
};

/** Puts every module into its subgraph and compares what `go list` and `go mod graph` say of it. */
export function reportModules(facts: ModuleFacts, compare: (a: string, b: string) => number): ModuleReport {
  const listed = listedModules(facts);
  const selected = selectedVersions(facts, compare);
  const requires = requirements(facts, selected, listed);
  const all = new Set([...listed.keys(), ...selected.keys()]);
  const modules = ordered([...all].sort(byText), requires).map((path): ModuleVerdict => {
    const found = listed.get(path);
    const needs = [...(requires.get(path) ?? [])].sort(byText);
    if (found !== undefined)
      return { path, version: found.version, subgraph: found.subgraph, why: found.why, requires: needs };
    const by = [...requires]
      .filter(([, of]) => of.has(path))
      .map(([from]) => from)
      .sort(byText)[0];
    const why =
      by === undefined
        ? 'required, and no package of it is used'
        : `required by ${by}, and no package of it is used`;
    return { path, version: selected.get(path), subgraph: 'graph', why, requires: needs };
  });
  return { modules, disagreements: disagreementsOf(facts, listed, selected) };
}

type Listed = { version: string | undefined; subgraph: Subgraph; why: string };

function listedModules(facts: ModuleFacts): Map<string, Listed> {
  const found = new Map<string, Listed>();
  const add = (packages: ReadonlyMap<string, TestedPackage>, reached: Reached, subgraph: Subgraph) => {
    for (const [path, by] of reached) {
      const module = packages.get(path)?.module;
      if (module === undefined || found.has(module.path)) continue;
      found.set(module.path, { version: module.version, subgraph, why: whyOf(facts, packages, path, by) });
    }
  };
  add(facts.linked, reach(facts.roots, facts.linked), 'runtime');
  if (facts.tested === undefined) return found;
  const roots = [...facts.tested.values()].filter(({ root }) => root).map(({ importPath }) => importPath);
  add(facts.tested, reach(roots.sort(byText), facts.tested), 'core');
  const tests = [...facts.tested.values()].filter(({ module }) => facts.mains.includes(module?.path ?? ''));
  add(facts.tested, reach(tests.map(({ importPath }) => importPath).sort(byText), facts.tested), 'test');
  return found;
}

/** Packages with the one that was seen to import each first. */
type Reached = ReadonlyMap<string, string | undefined>;

/** Breadth first, so that the importer that is named is a near one. */
function reach(roots: readonly string[], packages: ReadonlyMap<string, TestedPackage>): Reached {
  const by = new Map<string, string | undefined>(roots.map((root) => [root, undefined]));
  for (const path of by.keys()) {
    for (const next of packages.get(path)?.imports ?? []) if (!by.has(next)) by.set(next, path);
  }
  return by;
}

function whyOf(
  { mains }: ModuleFacts,
  packages: ReadonlyMap<string, TestedPackage>,
  path: string,
  by: string | undefined,
): string {
  if (mains.includes(packages.get(path)?.module?.path ?? '')) return 'main module';
  return by === undefined ? `has ${path}` : `${by} imports ${path}`;
}

/** The version of each module that minimal version selection takes: the highest that anything requires. */
function selectedVersions(
  { graph, mains }: ModuleFacts,
  compare: (a: string, b: string) => number,
): Map<string, string | undefined> {
  const selected = new Map<string, string | undefined>(mains.map((path) => [path, undefined]));
  for (const { path, version } of (graph ?? []).flat()) {
    if (isToolchain(path) || mains.includes(path)) continue;
    const before = selected.get(path);
    if (before === undefined || compare(version ?? '', before) > 0) selected.set(path, version);
  }
  return selected;
}

/** `go` and `toolchain` stand in the graph as if they were modules. */
function isToolchain(path: string): boolean {
  return path === 'go' || path === 'toolchain';
}

/** Who requires whom, at the selected versions. */
function requirements(
  { graph }: ModuleFacts,
  selected: ReadonlyMap<string, string | undefined>,
  listed: ReadonlyMap<string, Listed>,
): Map<string, Set<string>> {
  const requires = new Map<string, Set<string>>();
  for (const [from, to] of graph ?? []) {
    const known = selected.has(to.path) || listed.has(to.path);
    if (isToolchain(from.path) || !known || selected.get(from.path) !== from.version) continue;
    requires.set(from.path, (requires.get(from.path) ?? new Set()).add(to.path));
  }
  return requires;
}

/** Depth first; a module that is met again above itself is in a circle, and stands where it was met first. */
function ordered(paths: readonly string[], requires: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>();
  const open = new Set<string>();
  for (const start of paths) {
    const stack: { path: string; left: string[] }[] = [];
    const enter = (path: string) => {
      if (done.has(path) || open.has(path)) return;
      open.add(path);
      stack.push({ path, left: [...(requires.get(path) ?? [])].sort(byText).reverse() });
    };
    enter(start);
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const next = top.left.pop();
      if (next !== undefined) enter(next);
      else {
        stack.pop();
        open.delete(top.path);
        done.add(top.path);
      }
    }
  }
  return [...done];
}

function disagreementsOf(
  { graph, mains }: ModuleFacts,
  listed: ReadonlyMap<string, Listed>,
  selected: ReadonlyMap<string, string | undefined>,
): string[] {
  if (graph === undefined) return [];
  return [...listed].flatMap(([path, { version, subgraph }]) => {
    if (mains.includes(path)) return [];
    if (!selected.has(path)) {
      return [`${path}: go list has ${version ?? 'it'} (${subgraph}); go mod graph does not have it at all.`];
    }
    const other = selected.get(path);
    if (version === undefined || other === version) return [];
    return [
      `${path}: go list has ${version} (${subgraph}); in go mod graph the highest is ${other ?? 'without a version'}.`,
    ];
  });
}
