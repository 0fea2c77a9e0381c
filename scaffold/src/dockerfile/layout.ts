import { dirname, join, relative, resolve, sep } from 'node:path';
import type { LocalModule, Workspace } from '../../../images/index.ts';
import { type Disk, ifThere } from '../disk.ts';
import { failed } from '../errors.ts';
import { expectGo, type GoTool } from './go-tool.ts';
import { type ModFile, readModFile, readWorkFile, type WorkFile } from './module-files.ts';

/** Settings of go that matter, as `go env` has them. */
type GoEnv = Readonly<
  Record<'GOFLAGS' | 'GOWORK' | 'GOMOD' | 'GOMODCACHE' | 'GOROOT' | 'GOPRIVATE' | 'GONOPROXY', string>
>;

/** Where everything is: which module or workspace, and the folder that is sent to the build. */
export type Layout = {
  env: GoEnv;
  /** The folder of go.work or go.mod, absolute. */
  root: string;
  /** The build context, absolute. */
  context: string;
  modules: readonly LocalModule[];
  /** Absolute folders of the main modules. */
  mains: readonly string[];
  workspace: Workspace | undefined;
  workspaceOff: string | undefined;
  /** Whether the build takes modules from `vendor` in `root`. */
  vendor: boolean;
  /** Environment for every later run of go. */
  settings: Readonly<Record<string, string>>;
  /** Tags that GOFLAGS has. */
  tags: readonly string[];
};

type Deps = { disk: Disk; go: GoTool };

/**
 * Finds module or workspace from `dir` upwards, and what it consists of.
 * @param context the folder the user wants sent to the build, absolute; undefined: that of go.work or go.mod
 * @throws CliError (exit code 1) without a module, and where something lies outside the context
 */
export async function readLayout(dir: string, context: string | undefined, deps: Deps): Promise<Layout> {
  const names = ['GOFLAGS', 'GOWORK', 'GOMOD', 'GOMODCACHE', 'GOROOT', 'GOPRIVATE', 'GONOPROXY'];
  const answer = expectGo(await deps.go(['env', '-json', ...names], dir), 'go env');
  const env = JSON.parse(answer) as GoEnv;
  const goMod = ['', '/dev/null', 'NUL'].includes(env.GOMOD)
    ? await goModAbove(dir, deps.disk)
    : dirname(env.GOMOD);
  const work = await workspaceOf(env.GOWORK, goMod, deps);
  if (goMod === undefined && work.used === undefined) {
    throw failed(
      `There is no go.mod in ${dir} or above it. Name the folder of a Go module, or make one: go mod init example.com/NAME.`,
    );
  }
  const root = work.used?.dir ?? goMod!;
  const mains = work.used?.file.uses ?? [root];
  const files = await Promise.all(mains.map((main) => readModFile(main, deps.go)));
  const sent = context ?? root;
  const local = await localModules(mains, files, work.used?.file, sent, deps);
  const flags = flagsOf(env.GOFLAGS);
  const vendor = await usesVendor(
    root,
    work.used?.file.go ?? files[0]!.go,
    flags.mod,
    work.used !== undefined,
    deps.disk,
  );
  return {
    ...{ env, root, context: sent, mains, workspaceOff: work.off, vendor, tags: flags.tags },
    modules: local,
    workspace: work.used && {
      dir: within(sent, work.used.dir),
      sum: await isThere(join(work.used.dir, 'go.work.sum'), deps.disk),
      ...{ go: work.used.file.go, toolchain: work.used.file.toolchain },
    },
    settings: {
      GOFLAGS: vendor ? '-mod=vendor' : '-mod=readonly',
      GOOS: 'linux',
      ...(work.used === undefined ? { GOWORK: 'off' } : {}),
    },
  };
}

/** Under a go.work that cannot be read `go env` names no module. */
async function goModAbove(dir: string, disk: Disk): Promise<string | undefined> {
  for (let at = dir; ; at = dirname(at)) {
    if (await isThere(join(at, 'go.mod'), disk)) return at;
    if (dirname(at) === at) return undefined;
  }
}

type Work = { used: { dir: string; file: WorkFile } | undefined; off: string | undefined };

/** go.work, unless what it names is not there (a module cut out of its repository) or this module is not of it. */
async function workspaceOf(goWork: string, goMod: string | undefined, { disk, go }: Deps): Promise<Work> {
  if (goWork === '' || goWork === 'off') return { used: undefined, off: undefined };
  const dir = dirname(goWork);
  const file = await readWorkFile(goWork, dir, go);
  if (goMod !== undefined && !file.uses.includes(goMod)) {
    return { used: undefined, off: `${goWork} does not use the module in ${goMod}` };
  }
  const missing: string[] = [];
  for (const use of file.uses)
    if (!(await isThere(join(use, 'go.mod'), disk))) missing.push(relative(dir, use));
  if (missing.length === 0) return { used: { dir, file }, off: undefined };
  if (goMod !== undefined)
    return { used: undefined, off: `it uses modules that are not there: ${missing.join(', ')}` };
  throw failed(
    `${goWork} uses modules that are not there: ${missing.join(', ')}. Mend it, then run this again.`,
  );
}

async function localModules(
  mains: readonly string[],
  files: readonly ModFile[],
  work: WorkFile | undefined,
  context: string,
  { disk, go }: Deps,
): Promise<LocalModule[]> {
  const required = new Set(files.flatMap(({ requires }) => requires));
  const replaced = [...files, ...(work === undefined ? [] : [work])].flatMap(({ local }) => local);
  const found = new Map<string, LocalModule>();
  const add = async (dir: string, file: ModFile, role: LocalModule['role']) => {
    const sum = await isThere(join(dir, 'go.sum'), disk);
    found.set(dir, {
      path: file.path,
      dir: within(context, dir),
      sum,
      go: file.go,
      toolchain: file.toolchain,
      role,
    });
  };
  const used = replaced.filter(({ path }) => required.has(path));
  for (const one of used) if (!(await isThere(join(one.dir, 'go.mod'), disk))) throw notThere(one);
  const outside = [...mains, ...used.map(({ dir }) => dir)].filter((dir) => !isBelow(context, dir));
  if (outside.length > 0) throw outsideContext(context, outside);
  for (const [at, dir] of mains.entries()) await add(dir, files[at]!, 'main');
  for (const { dir } of replaced) {
    if (found.has(dir) || !isBelow(context, dir) || !(await isThere(join(dir, 'go.mod'), disk))) continue;
    await add(dir, await readModFile(dir, go), 'replacement');
  }
  return [...found.values()];
}

/** As in a module from the proxy, which is one folder of its repository. */
function notThere({ path, dir }: { path: string; dir: string }): Error {
  return failed(
    `A replace directive takes ${path} from ${dir}, and no go.mod is there. Run this in a clone of the whole repository, or drop the line: go mod edit -dropreplace=${path}.`,
  );
}

function outsideContext(context: string, outside: readonly string[]): Error {
  let common = context;
  while (!outside.every((dir) => isBelow(common, dir))) common = dirname(common);
  return failed(
    `${outside.join(' and ')} ${outside.length === 1 ? 'belongs' : 'belong'} to the build and ${outside.length === 1 ? 'lies' : 'lie'} outside ${context}, the folder that is sent to it. Send a folder above both: --context ${common}.`,
  );
}

/** Flags that change what is listed: tags and -mod. */
function flagsOf(goFlags: string): { tags: string[]; mod: string | undefined } {
  const words = goFlags.split(/\s+/).map((word) => word.replace(/^--/, '-').replace(/^'|'$/g, ''));
  const value = (name: string) =>
    words.findLast((word) => word.startsWith(`-${name}=`))?.slice(name.length + 2);
  return { tags: (value('tags') ?? '').split(',').filter((tag) => tag !== ''), mod: value('mod') };
}

/**
 * As go decides it: modules.txt is there and the go line is 1.14 or newer (1.22 for go.work), or GOFLAGS says so. A
 * module from the proxy has modules.txt and nothing beside it, which is no vendor folder.
 */
async function usesVendor(
  root: string,
  goLine: string | undefined,
  mod: string | undefined,
  workspace: boolean,
  disk: Disk,
): Promise<boolean> {
  if (mod === 'vendor') return true;
  if (mod !== undefined || !(await isThere(join(root, 'vendor/modules.txt'), disk))) return false;
  const entries = await disk.readdir(join(root, 'vendor'), { withFileTypes: true });
  const [major = 0, minor = 0] = (goLine ?? '1.11').split('.').map((part) => Number.parseInt(part, 10));
  return entries.some((entry) => entry.isDirectory()) && (major > 1 || minor >= (workspace ? 22 : 14));
}

export async function isThere(path: string, disk: Pick<Disk, 'lstat'>): Promise<boolean> {
  return (await ifThere(path, disk.lstat(path))) !== undefined;
}

/** Whether `path` is the folder or lies below it. */
export function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || resolve(way) === way);
}

/** The way from the context, with forward slashes and `.` for the context itself. */
export function within(context: string, path: string): string {
  const way = relative(context, path);
  return way === '' ? '.' : way.split(sep).join('/');
}
