import { type BaseChoice, chooseBase, debianName } from './base.ts';
import { type CgoChoice, chooseCgo, pluginUser } from './cgo.ts';
import { byText, closure } from './closure.ts';
import { type Copies, joined, planCopies, type Unit } from './copies.ts';
import type { BuildFacts, CgoUser, GoLine, MainFacts, PackageFacts, VersionVariable } from './facts.ts';
import { chooseGo, compareGo } from './go-version.ts';
import { renderIgnore } from './ignore-file.ts';
import { programNames } from './names.ts';
import { needsOf } from './needs.ts';
import type { ForProgram, PlanOptions } from './options.ts';

/** Something that was decided, and why. */
type Decision = { about: string; choice: string; reason: string };

/** One program's build stage and runtime stage. */
export type ProgramPlan = {
  /** Of the binary, the stage and the target. */
  name: string;
  importPath: string;
  /** What `go build` is given: `./cmd/shop`. */
  pattern: string;
  cgo: boolean;
  base: BaseChoice;
  /** Copied for this program and not for all. */
  units: readonly Unit[];
  /** Address of its code. */
  source: string;
  variables: readonly VersionVariable[];
  ports: readonly string[];
  health: readonly string[] | undefined;
  /** Libraries that its C side asks for by name. */
  libraries: readonly string[];
};

/** Everything that the two files are written from. */
export type Plan = {
  options: PlanOptions;
  goImage: string;
  /** Built on the machine's own platform for the one that is asked for. */
  cross: boolean;
  workDir: string;
  vendor: boolean;
  /** Copied for all programs. */
  shared: readonly Unit[];
  /** In the order of the file: the last is what a build without a target gives. */
  programs: readonly ProgramPlan[];
  dockerignore: string;
  /** Paths of all files that the build reads from the context. */
  needed: readonly string[];
  decisions: readonly Decision[];
  warnings: readonly string[];
  /** Why no file can be written. */
  problems: readonly string[];
};

/** Decides everything; the same facts and options always give the same plan. */
export function planBuild(facts: BuildFacts, options: PlanOptions): Plan {
  const mains = inOrder(facts.mains);
  const linked = mains.map(({ importPath }) => closure([importPath], facts.packages));
  const cgo = chooseCgo(facts, options.cgo);
  const needed = neededFiles(facts, linked);
  const whole = facts.vendor === undefined ? [] : [facts.vendor];
  const copies = planCopies(needed, facts.folders, whole);
  const names = programNames(mains.map(({ importPath }) => importPath));
  const programs = mains.map((main, at) => {
    const users = cgo.users.filter((user) => linked[at]!.some((one) => one.importPath === user.importPath));
    const own = copies.units.filter((unit) => !isShared(unit, mains.length) && unit.users.includes(at));
    return planProgram({ main, name: names[at]!, linked: linked[at]!, users, own, why: cgo, facts, options });
  });
  const go = goOf(facts, options);
  const onDebian =
    programs.some((one) => one.cgo) || options.private !== undefined || options.packages.length > 0;
  const flavour = onDebian ? debianName(options.baseImages, options.today) : 'alpine';
  const paths = [...needed.keys()].sort(byText);
  const cgoDecision = { about: 'CGO', choice: cgo.on ? 'on' : 'off', reason: cgo.reason };
  const left = cgo.left.map((reason) => ({ about: 'CGO', choice: 'left out', reason }));
  return {
    options,
    goImage: `golang:${go.version}-${flavour}`,
    cross: !programs.some((one) => one.cgo),
    workDir: facts.workDir,
    vendor: facts.vendor !== undefined,
    shared: copies.units.filter((unit) => isShared(unit, mains.length)),
    programs,
    dockerignore: renderIgnore(copies, paths, facts.folders, [ignoreHead(options)]),
    needed: paths,
    decisions: [
      { about: 'Go', choice: go.version, reason: go.reason },
      { about: 'build stage', choice: flavour, reason: flavourReason(programs, options) },
      ...[cgoDecision, ...left],
      ...programs.map(({ name, base }) => ({
        about: `base of ${name}`,
        choice: base.image,
        reason: base.reason,
      })),
      ...copyDecisions(facts, copies),
    ],
    warnings: [
      ...(go.warning === undefined ? [] : [go.warning]),
      ...libraryWarnings(programs, options),
      ...pinWarnings(options),
    ],
    problems: [...(go.problem === undefined ? [] : [go.problem]), ...nameProblems(paths)],
  };
}

/** The program a module is named after goes last, where Docker looks without a target; the others by their paths. */
function inOrder(mains: readonly MainFacts[]): MainFacts[] {
  const rank = ({ importPath, module }: MainFacts) => {
    const base = module
      .replace(/\/v\d+$/, '')
      .split('/')
      .at(-1)!;
    if (importPath === module) return 2;
    return importPath.split('/').at(-1) === base ? 1 : 0;
  };
  return [...mains].sort((a, b) => rank(a) - rank(b) || byText(a.importPath, b.importPath));
}

function isShared({ users }: Unit, programs: number): boolean {
  return users.length === programs;
}

/** Every file of the context that a build reads, with the programs whose build it is. */
function neededFiles(
  { packages, localModules, workspace, vendor, mains }: BuildFacts,
  linked: readonly (readonly PackageFacts[])[],
): Map<string, ReadonlySet<number>> {
  const all = new Set(mains.keys());
  const needed = new Map<string, Set<number>>();
  const add = (path: string, user: number) => needed.set(path, (needed.get(path) ?? new Set()).add(user));
  const common = (path: string) => needed.set(path, new Set(all));
  for (const { dir, sum, role } of localModules) {
    common(joined(dir, 'go.mod'));
    if (sum && role === 'main') common(joined(dir, 'go.sum'));
  }
  if (workspace !== undefined) {
    common(joined(workspace.dir, 'go.work'));
    if (workspace.sum) common(joined(workspace.dir, 'go.work.sum'));
  }
  if (vendor !== undefined) common(joined(vendor, 'modules.txt'));
  for (const [at, own] of linked.entries()) {
    for (const { importPath, dir } of own) {
      if (dir === undefined) continue;
      for (const file of packages.get(importPath)!.files) add(joined(dir, file), at);
    }
  }
  return needed;
}

type ProgramInput = {
  main: MainFacts;
  name: string;
  linked: readonly PackageFacts[];
  users: readonly CgoUser[];
  own: readonly Unit[];
  why: CgoChoice;
  facts: BuildFacts;
  options: PlanOptions;
};

function planProgram({ main, name, linked, users, own, why, facts, options }: ProgramInput): ProgramPlan {
  const plugin = pluginUser(linked);
  const needed = users.filter((user) => why.needed.includes(user));
  const cgo =
    why.on &&
    (needed.length > 0 || plugin !== undefined || options.cgo === 'on' || facts.pureProblem !== undefined);
  const onLibc =
    !options.static && (options.base === undefined || options.base === 'cc' || options.base === 'debian');
  const libc = cgo && onLibc ? (needed[0]?.importPath ?? plugin ?? why.reason) : undefined;
  const { baseImages, today } = options;
  return {
    name,
    importPath: main.importPath,
    pattern: patternOf(main.dir, facts.workDir),
    cgo,
    base: chooseBase(needsOf(linked, libc), options.base, baseImages, today),
    units: own,
    source: options.source ?? sourceOf(main.module),
    variables: options.versionVariables ?? main.variables,
    ports: said(options.expose, name, facts.mains.length) ?? (facts.goSreService ? ['8080', '8081'] : []),
    health:
      said(options.healthcheck, name, facts.mains.length)?.[0] ??
      (facts.goSreService ? ['health'] : undefined),
    libraries: [
      ...new Set(
        users.flatMap(({ cgo: c }) => [...c.pkgConfig, ...c.libraries, ...(c.swig ? ['swig'] : [])]),
      ),
    ],
  };
}

/** What was said of this program or, where there is no other, of none by name; undefined: nothing. */
function said<T>(all: readonly ForProgram<T>[], name: string, programs: number): T[] | undefined {
  const own = all.filter(({ program }) => program === name || (program === undefined && programs >= 1));
  return own.length === 0 ? undefined : own.map(({ value }) => value);
}

function patternOf(dir: string, workDir: string): string {
  if (dir === workDir) return '.';
  return `./${workDir === '.' ? dir : dir.slice(workDir.length + 1)}`;
}

function goOf(facts: BuildFacts, { goVersion, baseImages, today }: PlanOptions) {
  const lines = [...facts.goLines].sort((a, b) => compareGo(a.version, b.version) || byText(b.by, a.by));
  if (goVersion === undefined) {
    return { ...chooseGo(lines.at(-1), baseImages, today), problem: undefined, warning: undefined };
  }
  const newer = (wish: boolean) =>
    lines.findLast((one) => one.wish === wish && compareGo(goVersion, one.version) < 0);
  const say = (line: GoLine | undefined) =>
    line && `--go-version ${goVersion} is older than what ${line.by} asks for: go ${line.version}.`;
  return {
    version: goVersion,
    reason: `--go-version ${goVersion}`,
    problem: say(newer(false)),
    warning: say(newer(true)),
  };
}

function flavourReason(programs: readonly ProgramPlan[], { packages, private: access }: PlanOptions): string {
  if (programs.some(({ cgo }) => cgo)) return 'C is compiled against the C library that the runtime has';
  if (access !== undefined) return 'git fetches private modules, and the alpine image has none';
  return packages.length > 0 ? 'Debian packages were asked for' : 'nothing but Go is needed to build';
}

/** Where the code of a module lies on the web, by its path. */
function sourceOf(module: string): string {
  const known = /^(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)\/[^/]+\/[^/]+/.exec(module);
  return `https://${known?.[0] ?? module.replace(/\/v\d+$/, '')}`;
}

function copyDecisions(facts: BuildFacts, { units }: Copies): Decision[] {
  const local = facts.localModules.filter(({ role }) => role === 'replacement');
  return [
    {
      about: 'COPY',
      choice: `${units.length} lines`,
      reason: 'the folders whose files go list names, and no other',
    },
    ...local.map(({ path, dir }) => ({
      about: 'COPY',
      choice: dir,
      reason: `a replace directive puts ${path} there`,
    })),
    ...(facts.vendor === undefined
      ? []
      : [
          {
            about: 'modules',
            choice: 'vendor',
            reason: `${joined(facts.vendor, 'modules.txt')} is there: nothing is downloaded`,
          },
        ]),
    ...(facts.workspaceOff === undefined
      ? []
      : [{ about: 'go.work', choice: 'not used', reason: facts.workspaceOff }]),
  ];
}

/** A line break in a name would begin another instruction. */
function nameProblems(paths: readonly string[]): string[] {
  const odd = paths.find((path) => [...path].some((char) => char < ' '));
  return odd === undefined
    ? []
    : [`The name ${JSON.stringify(odd)} has a control character, which no Dockerfile can write.`];
}

function libraryWarnings(programs: readonly ProgramPlan[], { packages }: PlanOptions): string[] {
  if (packages.length > 0) return [];
  return programs.flatMap(({ name, libraries }) =>
    libraries.length === 0
      ? []
      : [
          `${name} is compiled against ${libraries.join(', ')}; which Debian packages have that is not known here. Name them with --packages NAME-dev=VERSION.`,
        ],
  );
}

function pinWarnings({ packages }: PlanOptions): string[] {
  const loose = packages.filter((one) => !one.includes('='));
  return loose.length === 0
    ? []
    : [`--packages ${loose.join(',')}: without a version (NAME=VERSION) builds differ over time.`];
}

function ignoreHead({ file }: PlanOptions): string {
  return `# Generated by go-sre dockerfile together with ${file}: everything stays out but what the build reads.`;
}
