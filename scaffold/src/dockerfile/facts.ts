import { join } from 'node:path';
import {
  type BuildFacts,
  type CgoUser,
  chooseCgo,
  closure,
  type GoLine,
  isGoVersion,
  joined,
  joinPackages,
  type MainFacts,
  type PackageFacts,
  privatePatterns,
} from '../../../images/index.ts';
import type { Disk } from '../disk.ts';
import { failed } from '../errors.ts';
import { withGoParser } from '../go/syntax.ts';
import { cgoOf, cgoUsers } from './cgo-users.ts';
import { filesOfC, readFolders } from './folders.ts';
import { filesOf, importsOf, type ListedPackage, listFlags, parseStream } from './go-list.ts';
import { expectGo, type GoAnswer, type GoTool } from './go-tool.ts';
import { isBelow, isThere, type Layout, within } from './layout.ts';
import { tagFlags } from './mains.ts';
import { signalsOf } from './signals.ts';
import { versionVariables } from './version-variables.ts';

export type FactsInput = {
  layout: Layout;
  mains: readonly ListedPackage[];
  tags: readonly string[];
  cgo: 'on' | 'off' | undefined;
  /** `linux/amd64`, the first one decides. */
  platforms: readonly string[];
  go: GoTool;
  disk: Disk;
};

/** The facts, and what was listed of the linked packages on the first platform. */
export type Read = { facts: BuildFacts; linked: readonly ListedPackage[]; warnings: readonly string[] };

/**
 * Reads everything that a plan is made from.
 * @throws CliError (exit code 1) when go cannot list the packages
 */
export async function readFacts(input: FactsInput): Promise<Read> {
  const { layout, mains, disk, platforms } = input;
  const [withC, without] = await Promise.all([
    list(input, platforms[0]!, '1'),
    list(input, platforms[0]!, '0', '-e'),
  ]);
  const lists = { withC: parsed(withC), without: parsed(without) };
  const users = await cgoUsers(lists.withC, byPath(lists.without), disk);
  const pureProblem = problemOf(lists.without, users);
  const importPaths = mains.map(({ ImportPath }) => ImportPath);
  const plain = joinPackages([lists.withC.map((one) => convert(one, layout))]);
  const { on } = chooseCgo({ cgoUsers: users, pureProblem, packages: plain }, input.cgo);
  const others = await otherPlatforms(input, on ? '1' : '0');
  const listings = [on ? lists.withC : lists.without, ...others.listings];
  if (!on && pureProblem !== undefined) throw pureFailure(pureProblem);
  const packages = joinPackages(listings.map((listing) => listing.map((one) => convert(one, layout))));
  await readTexts(packages, listings[0]!, input);
  const folders = await readFolders(layout.context, contextFiles(packages, layout), disk);
  const facts: BuildFacts = {
    ...{ packages, folders, cgoUsers: users, pureProblem, platforms: input.platforms },
    mains: await readMains(input, listings[0]!, packages),
    localModules: layout.modules,
    workspace: layout.workspace,
    workspaceOff: layout.workspaceOff,
    vendor: layout.vendor ? joined(within(layout.context, layout.root), 'vendor') : undefined,
    workDir: within(layout.context, layout.root),
    goLines: goLines(layout, listings.flat()),
    privatePatterns: privateModules(layout, closure(importPaths, packages)),
    goSreService: await isThere(join(layout.root, '.go-sre/manifest.json'), disk),
  };
  return { facts, linked: listings[0]!, warnings: others.warnings };
}

function list({ layout, mains, tags, go }: FactsInput, platform: string, cgo: '0' | '1', ...more: string[]) {
  const [, arch = 'amd64', variant] = platform.split('/');
  const paths = mains.map(({ ImportPath }) => ImportPath);
  const env = {
    CGO_ENABLED: cgo,
    GOARCH: arch,
    ...(variant === undefined ? {} : { GOARM: variant.replace('v', '') }),
  };
  return go(
    ['list', ...more, '-deps', listFlags.linked, ...tagFlags(tags), '--', ...paths],
    layout.root,
    env,
  );
}

function parsed(answer: GoAnswer): ListedPackage[] {
  return parseStream<ListedPackage>(expectGo(answer, 'Listing what the programs are built from'));
}

function byPath(listed: readonly ListedPackage[]): Map<string, ListedPackage> {
  return new Map(listed.map((one) => [one.ImportPath, one]));
}

/** The first error of the listing without cgo that is not about a package which is C alone. */
function problemOf(without: readonly ListedPackage[], users: readonly CgoUser[]): string | undefined {
  const known = new Set(users.map(({ importPath }) => importPath));
  const broken = without.find(
    ({ Error: error, ImportPath }) => error !== undefined && !known.has(ImportPath),
  );
  return broken?.Error?.Err.split('\n')[0];
}

function pureFailure(problem: string): Error {
  return failed(`The programs cannot be built without cgo. go says:\n  ${problem}\nLeave out --cgo off.`);
}

/** Files that only another platform's build reads have to be there for it; a platform that it is not made for is left out. */
async function otherPlatforms(input: FactsInput, cgo: '0' | '1') {
  const rest = input.platforms.slice(1);
  const answers = await Promise.all(rest.map((platform) => list(input, platform, cgo)));
  const warnings = answers.flatMap((answer, at) =>
    answer.ok ? [] : [`${rest[at]}: not considered, go list says: ${answer.words.split('\n')[0]}`],
  );
  return { listings: answers.flatMap((answer) => (answer.ok ? [parsed(answer)] : [])), warnings };
}

function convert(listed: ListedPackage, layout: Layout): PackageFacts {
  return {
    importPath: listed.ImportPath,
    name: listed.Name ?? '',
    standard: listed.Standard === true,
    module: listed.Module?.Path,
    dir: contextDir(listed, layout),
    imports: importsOf(listed),
    files: filesOf(listed),
    cgo: cgoOf(listed),
    signals: [],
  };
}

/** Where a package lies in the context; what lies in the module cache or GOROOT is not copied, even below it. */
function contextDir({ Dir, Standard }: ListedPackage, { context, env }: Layout): string | undefined {
  if (Dir === undefined || Standard === true || !isBelow(context, Dir)) return undefined;
  const elsewhere = [env.GOMODCACHE, env.GOROOT].some((folder) => folder !== '' && isBelow(folder, Dir));
  return elsewhere && !isBelow(env.GOMODCACHE, context) ? undefined : within(context, Dir);
}

/** Adds what only the packages' texts and folders tell. */
async function readTexts(
  packages: Map<string, PackageFacts>,
  listed: readonly ListedPackage[],
  { disk, layout }: FactsInput,
) {
  const signals = await signalsOf(listed, disk);
  for (const one of listed) {
    const before = packages.get(one.ImportPath)!;
    const own = signals.get(one.ImportPath) ?? [];
    const below =
      before.dir === undefined || before.cgo === undefined ? [] : await cgoFiles(one, layout, disk);
    if (own.length + below.length === 0) continue;
    packages.set(one.ImportPath, {
      ...before,
      signals: own,
      files: [...new Set([...before.files, ...below])],
    });
  }
}

/** Headers, sources and libraries that C code includes from its folder or from one that its flags name. */
async function cgoFiles(listed: ListedPackage, layout: Layout, disk: Disk): Promise<string[]> {
  const own = await filesOfC(listed.Dir!, disk);
  const flags = [listed.CgoCFLAGS, listed.CgoCPPFLAGS, listed.CgoCXXFLAGS, listed.CgoLDFLAGS].flatMap(
    (all) => all ?? [],
  );
  const named = flags.flatMap((flag) => /^-[IL](.+)$/.exec(flag)?.[1] ?? []);
  const others = named.filter(
    (dir) => isBelow(layout.context, dir) && !isBelow(listed.Dir!, dir) && dir !== layout.context,
  );
  const found = await Promise.all(
    others.map(async (dir) =>
      (await filesOfC(dir, disk)).map((name) => joined(within(listed.Dir!, dir), name)),
    ),
  );
  return [...own, ...found.flat()];
}

function* contextFiles(
  packages: ReadonlyMap<string, PackageFacts>,
  { modules, workspace, vendor, context, root }: Layout,
) {
  for (const { dir, files } of packages.values()) {
    if (dir !== undefined) for (const file of files) yield joined(dir, file);
  }
  for (const { dir } of modules) yield joined(dir, 'go.mod');
  if (workspace !== undefined) yield joined(workspace.dir, 'go.work');
  if (vendor) yield joined(within(context, root), 'vendor/modules.txt');
}

function readMains(
  { mains, layout, disk }: FactsInput,
  listed: readonly ListedPackage[],
  packages: ReadonlyMap<string, PackageFacts>,
): Promise<MainFacts[]> {
  const known = byPath(listed);
  return withGoParser((parse) =>
    Promise.all(
      mains.map(async (main) => {
        const own = closure([main.ImportPath], packages).flatMap(
          ({ importPath }) => known.get(importPath) ?? [],
        );
        return {
          importPath: main.ImportPath,
          dir: within(layout.context, main.Dir!),
          module: main.Module!.Path,
          variables: await versionVariables(known.get(main.ImportPath) ?? main, own, parse, disk),
        };
      }),
    ),
  );
}

function goLines({ modules, workspace }: Layout, listed: readonly ListedPackage[]): BuildFacts['goLines'] {
  const lines = new Map<string, GoLine>();
  const add = (by: string, version: string | undefined, wish = false) => {
    if (version !== undefined && isGoVersion(version)) lines.set(by, { version, by, wish });
  };
  for (const { Module } of listed) if (Module !== undefined) add(Module.Path, Module.GoVersion);
  for (const { path, toolchain, role, go } of modules) {
    add(path, go);
    if (role === 'main') add(`the toolchain line of ${path}`, toolchain, true);
  }
  add('go.work', workspace?.go);
  add('the toolchain line of go.work', workspace?.toolchain, true);
  return [...lines.values()];
}

function privateModules({ env }: Layout, linked: readonly PackageFacts[]): string[] {
  const fetched = linked
    .filter(({ dir, standard }) => dir === undefined && !standard)
    .flatMap(({ module }) => module ?? []);
  return privatePatterns(env.GONOPROXY === '' ? env.GOPRIVATE : env.GONOPROXY, fetched);
}
