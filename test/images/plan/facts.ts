// Facts of made-up modules, for tests of the plan.
import {
  type BaseImages,
  type BuildFacts,
  type Folder,
  joined,
  type PackageFacts,
  type PlanOptions,
  parentOf,
} from '../../../images/index.ts';

/** A package of the module example.com/app, in the folder of its path. */
export function localPackage(dir: string, made: Partial<PackageFacts> = {}): PackageFacts {
  return {
    importPath: dir === '.' ? 'example.com/app' : `example.com/app/${dir}`,
    name: 'x',
    standard: false,
    module: 'example.com/app',
    dir,
    imports: [],
    files: ['x.go'],
    cgo: undefined,
    signals: [],
    ...made,
  };
}

/** A package that lies in the module cache, or in GOROOT where its path has no dot. */
export function farPackage(importPath: string, made: Partial<PackageFacts> = {}): PackageFacts {
  const standard = !importPath.includes('.');
  const module = standard ? undefined : importPath.split('/').slice(0, 3).join('/');
  return { ...localPackage('.'), importPath, standard, module, dir: undefined, files: ['x.go'], ...made };
}

/** Facts with these packages, of which those in `cmd/` or at the root are programs. */
export function facts(packages: readonly PackageFacts[], made: Partial<BuildFacts> = {}): BuildFacts {
  const mains = packages.filter(({ dir }) => dir === '.' || dir?.startsWith('cmd/') === true);
  return {
    mains: mains.map(({ importPath, dir, module }) => ({
      ...{ importPath, dir: dir!, module: module! },
      variables: [],
    })),
    packages: new Map(packages.map((one) => [one.importPath, one])),
    localModules: [
      { path: 'example.com/app', dir: '.', sum: true, go: '1.26.0', toolchain: undefined, role: 'main' },
    ],
    workspace: undefined,
    workspaceOff: undefined,
    vendor: undefined,
    workDir: '.',
    folders: foldersOf(
      packages.flatMap(({ dir, files }) => (dir === undefined ? [] : files.map((name) => joined(dir, name)))),
    ),
    cgoUsers: [],
    pureProblem: undefined,
    goLines: [{ version: '1.26.0', by: 'example.com/app', wish: false }],
    platforms: ['linux/amd64'],
    privatePatterns: [],
    goSreService: false,
    ...made,
  };
}

/** The folders that hold these files. */
export function foldersOf(files: readonly string[]): Map<string, Folder> {
  const found = new Map<string, { files: Set<string>; folders: Set<string> }>();
  const folder = (dir: string) => {
    const before = found.get(dir);
    if (before !== undefined) return before;
    const made = { files: new Set<string>(), folders: new Set<string>() };
    found.set(dir, made);
    if (dir !== '.') folder(parentOf(dir)).folders.add(dir.slice(dir.lastIndexOf('/') + 1));
    return made;
  };
  folder('.');
  for (const path of files) folder(parentOf(path)).files.add(path.slice(path.lastIndexOf('/') + 1));
  return new Map(
    [...found].map(([dir, { files: f, folders: d }]) => [dir, { files: [...f], folders: [...d] }]),
  );
}

/** Release lines as they were on one day, so that newer data changes no test. */
export const baseImages: BaseImages = {
  made: '2026-11-26',
  source: 'made for tests',
  products: {
    go: [
      { cycle: '1.27', codename: undefined, released: '2026-08-18', eol: undefined, latest: '1.27.4' },
      { cycle: '1.26', codename: undefined, released: '2026-02-10', eol: undefined, latest: '1.26.11' },
      { cycle: '1.25', codename: undefined, released: '2025-08-12', eol: '2026-08-18', latest: '1.25.14' },
    ],
    alpine: [
      { cycle: '3.24', codename: undefined, released: '2026-06-09', eol: '2028-05-01', latest: '3.24.2' },
      { cycle: '3.20', codename: undefined, released: '2024-05-22', eol: '2026-04-01', latest: '3.20.9' },
    ],
    debian: [
      { cycle: '13', codename: 'trixie', released: '2025-08-09', eol: '2028-08-09', latest: '13.8' },
      { cycle: '12', codename: 'bookworm', released: '2023-06-10', eol: '2026-07-11', latest: '12.15' },
    ],
  },
};

export function options(made: Partial<PlanOptions> = {}): PlanOptions {
  return {
    base: undefined,
    cgo: undefined,
    static: false,
    goVersion: undefined,
    tags: [],
    packages: [],
    private: undefined,
    goProxy: false,
    expose: [],
    healthcheck: [],
    versionVariables: undefined,
    source: undefined,
    commandLine: '',
    file: 'Dockerfile',
    baseImages,
    today: '2026-11-26',
    ...made,
  };
}
