// What is known of a Go build before anything is decided. Paths are relative to the build context, with forward slashes
// and `.` for the context itself.

/** What the text of a package's files tells that its imports do not. */
export type Signal = 'time-zone' | 'temp-folder' | 'user-lookup' | 'shell';

/** A C library or header that a package asks its compiler for. */
export type CgoFacts = {
  /** Names behind `#cgo pkg-config:`. */
  pkgConfig: readonly string[];
  /** Names behind `-l`, without those of the C library itself. */
  libraries: readonly string[];
  swig: boolean;
};

/** A package as `go list` names it, for one platform or joined over several. */
export type PackageFacts = {
  importPath: string;
  /** `main` for a program. */
  name: string;
  standard: boolean;
  /** Path of its module; undefined in the standard library. */
  module: string | undefined;
  /** Where it lies in the context; undefined in the module cache or GOROOT. */
  dir: string | undefined;
  /** Import paths as they are resolved. */
  imports: readonly string[];
  /** Every file in its folder that some platform's build reads, embedded ones included: `x.go`, `static/app.js`. */
  files: readonly string[];
  /** Its C side, where CGO is on and it has one. */
  cgo: CgoFacts | undefined;
  signals: readonly Signal[];
};

/** The two ways a package with C may be built, as far as they can be told from its files. */
export type PureSide =
  /** There is no Go file without cgo. */
  | 'none'
  /** Its Go files for a build without cgo say that they do not do the work. */
  | 'refuses'
  /** They say nothing of the kind. */
  | 'whole'
  /** The files with cgo fall away and nothing takes their place. */
  | 'dropped';

/** A package outside the standard library that uses C in the build with cgo. */
export type CgoUser = { importPath: string; module: string; cgo: CgoFacts; pure: PureSide };

/** A module that the build reads from the context. */
export type LocalModule = {
  path: string;
  dir: string;
  /** Whether it has a go.sum of its own. */
  sum: boolean;
  /** The `go` and `toolchain` lines without `go` in front: `1.26.0`. */
  go: string | undefined;
  toolchain: string | undefined;
  /** A main module, or one that a `replace` puts there. */
  role: 'main' | 'replacement';
};

export type Workspace = { dir: string; sum: boolean; go: string | undefined; toolchain: string | undefined };

/** A variable of a program that the linker can set. */
export type VersionVariable = { name: string; holds: 'version' | 'revision' | 'created' };

/** A program. */
export type MainFacts = {
  importPath: string;
  dir: string;
  module: string;
  /** Found in its code, `main.version`. */
  variables: readonly VersionVariable[];
};

/** What a module asks of Go: a `go` line that an older Go refuses, or a `toolchain` line that wishes for a newer one. */
export type GoLine = { version: string; by: string; wish: boolean };

/** A folder of the context that holds, or leads to, what the build reads. */
export type Folder = { files: readonly string[]; folders: readonly string[] };

/** A module as go list and the graph have it. */
export type ModuleVersion = { path: string; version: string | undefined };

/** Everything that a plan is made from. */
export type BuildFacts = {
  mains: readonly MainFacts[];
  /** Every package that the mains link, by import path. */
  packages: ReadonlyMap<string, PackageFacts>;
  localModules: readonly LocalModule[];
  workspace: Workspace | undefined;
  /** Why a go.work that is there is not used. */
  workspaceOff: string | undefined;
  /** Where modules.txt lies, when the build uses it. */
  vendor: string | undefined;
  /** The folder that `go build` runs in: that of go.work or go.mod. */
  workDir: string;
  folders: ReadonlyMap<string, Folder>;
  cgoUsers: readonly CgoUser[];
  /** Why the build without cgo cannot be listed; go's words. */
  pureProblem: string | undefined;
  /** The `go` and `toolchain` lines of every module in the build, without `go` in front, and whose they are. */
  goLines: readonly GoLine[];
  platforms: readonly string[];
  /** Modules that are fetched with a login, by the patterns of GOPRIVATE that match them. */
  privatePatterns: readonly string[];
  /** Made by this generator's template: its program has a subcommand `health` and listens on 8080 and 8081. */
  goSreService: boolean;
};
