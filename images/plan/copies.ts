import { byText, groupedBy } from './closure.ts';
import type { Folder } from './facts.ts';

/** What one COPY of the build stage brings. */
export type Unit = {
  /** A whole folder, or files of one folder: names or `*.go`. */
  kind: 'folder' | 'files';
  dir: string;
  /** Of kind `files`; empty for a folder. */
  patterns: readonly string[];
  /** Indexes of the programs that read something of it. */
  users: readonly number[];
};

export type Copies = {
  units: readonly Unit[];
  /** Below the folders that are copied whole: what the build does not read, as folders and as `dir/*.go`. */
  excluded: readonly string[];
};

/** More lines than this are folded into whole folders, whose rest .dockerignore keeps out. */
const maxUnits = 40;

/** A folder that holds, or leads to, what the build reads. */
type Node = {
  path: string;
  /** Needed files directly in it. */
  files: readonly string[];
  /** All files directly in it. */
  there: readonly string[];
  live: Node[];
  /** Paths of folders below in which nothing is needed. */
  dead: readonly string[];
  /** It has Go files and none of them is needed. */
  strayGo: boolean;
  /** Programs that read something in it or below. */
  users: ReadonlySet<number>;
  /** Programs that read each of `files`. */
  own: readonly ReadonlySet<number>[];
};

/**
 * The COPY lines that bring exactly the folders in which something is needed.
 * @param needed paths of files with the programs that read them
 * @param folders the folders of these files and those above them
 * @param whole folders that are one line whatever is in them (vendor)
 */
export function planCopies(
  needed: ReadonlyMap<string, ReadonlySet<number>>,
  folders: ReadonlyMap<string, Folder>,
  whole: readonly string[] = [],
  limit = maxUnits,
): Copies {
  const root = tree(needed, folders);
  const forced = new Set(whole);
  let units = unitsOf(root, forced);
  while (units.length > limit) {
    const next = worthFolding(root, forced);
    if (next === undefined) break;
    forced.add(next);
    units = unitsOf(root, forced);
  }
  const copied = units.filter(({ kind }) => kind === 'folder').map(({ dir }) => dir);
  return { units, excluded: excludedBelow(root, new Set(copied)) };
}

function tree(needed: ReadonlyMap<string, ReadonlySet<number>>, folders: ReadonlyMap<string, Folder>): Node {
  const files = new Map<string, string[]>();
  const users = new Map<string, Set<number>>();
  const children = new Map<string, Set<string>>();
  for (const [path, of] of needed) {
    const dir = parentOf(path);
    files.set(dir, [...(files.get(dir) ?? []), path.slice(dir === '.' ? 0 : dir.length + 1)]);
    for (let at = dir; ; at = parentOf(at)) {
      users.set(at, new Set([...(users.get(at) ?? []), ...of]));
      if (at === '.') break;
      const above = parentOf(at);
      children.set(above, (children.get(above) ?? new Set()).add(at));
    }
  }
  const node = (path: string): Node => {
    const live = [...(children.get(path) ?? [])].sort(byText);
    const folder = folders.get(path) ?? { files: [], folders: [] };
    const own = (files.get(path) ?? []).sort(byText);
    const dead = folder.folders.map((name) => joined(path, name)).filter((at) => !live.includes(at));
    const strayGo = folder.files.some(isGoSource) && !own.some(isGoSource);
    return {
      ...{ path, files: own, there: folder.files, live: live.map(node), dead: dead.sort(byText), strayGo },
      users: users.get(path) ?? new Set(),
      own: own.map((name) => needed.get(joined(path, name))!),
    };
  };
  return node('.');
}

function isGoSource(name: string): boolean {
  return name.endsWith('.go') && !name.endsWith('_test.go');
}

/** Folders that go's patterns pass over as well. Source: https://pkg.go.dev/cmd/go#hdr-Package_lists_and_patterns */
function isPassedOver(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return name === 'testdata' || name.startsWith('.') || name.startsWith('_');
}

/** Nothing in it or below is left out, and whoever reads something of it reads all of it. */
function isClean(node: Node): boolean {
  return !node.strayGo && node.dead.every(isPassedOver) && isUniform(node) && node.live.every(isClean);
}

function isUniform({ users, live, own }: Node): boolean {
  return own.every((of) => of.size === users.size) && live.every((child) => child.users.size === users.size);
}

function unitsOf(node: Node, forced: ReadonlySet<string>): Unit[] {
  const users = [...node.users].sort((a, b) => a - b);
  const isRoot = node.path === '.';
  if (forced.has(node.path) || (!isRoot && isClean(node))) {
    return [{ kind: 'folder', dir: node.path, patterns: [], users }];
  }
  const below = node.live.flatMap((child) => unitsOf(child, forced));
  return [...fileUnits(node), ...below];
}

/** One unit for the files of a folder that the same programs read. */
function fileUnits({ path, files, there, own }: Node): Unit[] {
  const groups = groupedBy(files.keys(), (at) => [...own[at]!].sort((a, b) => a - b).join());
  return [...groups].map(([users, places]) => {
    const names = places.map((at) => files[at]!);
    const others = files.filter((name) => !names.includes(name));
    const patterns = patternsFor(
      names,
      there.filter((name) => !others.includes(name)),
    );
    // A pattern must not bring what another program reads alone.
    const clear = !others.some((name) => patterns.includes(`*${extensionOf(name)}`));
    return {
      kind: 'files',
      dir: path,
      patterns: clear ? patterns : names,
      users: users.split(',').map(Number),
    };
  });
}

/** `*.go`, and `*.ext` for what is needed of all such files; names otherwise. */
export function patternsFor(needed: readonly string[], there: readonly string[]): string[] {
  const byExtension = groupedBy(needed, extensionOf);
  return [...byExtension].flatMap(([extension, names]) => {
    const all = there.filter((name) => extensionOf(name) === extension);
    const isGo = extension === '.go' && names.every(isGoSource);
    const glob =
      extension !== '' && (isGo || (names.length > 2 && all.every((name) => names.includes(name))));
    return glob ? [`*${extension}`] : names;
  });
}

/** From the last dot on; empty where there is none, or something that a pattern would read otherwise. */
function extensionOf(name: string): string {
  return /[^.](\.[\w-]+)$/.exec(name)?.[1] ?? '';
}

/** The folder that spares most lines for what .dockerignore has to keep out then. */
function worthFolding(root: Node, forced: ReadonlySet<string>): string | undefined {
  let best: { path: string; worth: number } | undefined;
  const visit = (node: Node) => {
    if (forced.has(node.path) || isClean(node)) return;
    const spared = unitsOf(node, forced).length - 1;
    const worth = spared / (1 + restOf(node).length);
    if (node.path !== '.' && spared > 0 && (best === undefined || worth > best.worth)) {
      best = { path: node.path, worth };
    }
    for (const child of node.live) visit(child);
  };
  visit(root);
  return best?.path;
}

/** What is not needed below a folder, each named once. */
function restOf(node: Node): string[] {
  const own = node.strayGo ? [joined(node.path, '*.go')] : [];
  return [...own, ...node.dead, ...node.live.flatMap(restOf)];
}

function excludedBelow(node: Node, copied: ReadonlySet<string>): string[] {
  // .dockerignore leaves out by itself what go passes over.
  if (copied.has(node.path)) return restOf(node).filter((path) => !isPassedOver(path));
  return node.live.flatMap((child) => excludedBelow(child, copied));
}

/** The folder of a path, `.` at the top. */
export function parentOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at < 0 ? '.' : path.slice(0, at);
}

/** A name in a folder, or a way from it, without `./` in front; `..` goes up. */
export function joined(dir: string, name: string): string {
  if (name.startsWith('../') && dir !== '.') return joined(parentOf(dir), name.slice(3));
  if (dir === '.') return name;
  return name === '.' ? dir : `${dir}/${name}`;
}
