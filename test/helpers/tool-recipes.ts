// How an external tool is found on a machine and how it is got when it is not there. The table of tools
// themselves stands in tools.ts. Nothing here writes into the clone.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';

/** One external tool: `find` is cheap and changes nothing, `get` may take minutes and throws a clear error. */
export interface Recipe {
  /** Path of the executable, or undefined when the machine has none that is new enough. */
  find(): string | undefined;
  /** Builds or installs the tool, so that `find` then succeeds; runs only when it did not. */
  get(): void;
  /** What the executable says about its version, in one line. */
  version(path: string): string;
  /** What to do by hand where `get` cannot help. */
  remedy: string;
}

/** Folder outside the clone that keeps built tools, images and the container engine's data between runs. */
export function cacheRoot(env: NodeJS.ProcessEnv): string {
  if (env.GO_SRE_TOOLS_DIR) return env.GO_SRE_TOOLS_DIR;
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'go-sre', 'tools');
}

/** Runs a command to its end and answers its output; throws with the command line and its last words. */
export function run(command: string, args: string[], env: NodeJS.ProcessEnv = process.env): string {
  const done = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 64 * 1024 * 1024 });
  if (done.error) throw new Error(`${command}: ${done.error.message}`);
  if (done.status !== 0) {
    const lastWords = `${done.stdout}${done.stderr}`.trim().split('\n').slice(-30).join('\n');
    throw new Error(
      `\`${[command, ...args].join(' ')}\` ended with ${done.status ?? done.signal}:\n${lastWords}`,
    );
  }
  return done.stdout;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Path of the first command that PATH (or, for an absolute name, the disk) has. */
export function onPath(commands: string[], env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const command of commands) {
    const candidates = isAbsolute(command) ? [command] : folders.map((folder) => join(folder, command));
    const hit = candidates.find(executable);
    if (hit) return hit;
  }
  return undefined;
}

/** Paths of one command in a folder per version, the newest version first; none where the folder is missing. */
export function versionedCommands(folder: string, command: string): string[] {
  if (!existsSync(folder)) return [];
  const newestFirst = readdirSync(folder).sort((a, b) => Number.parseFloat(b) - Number.parseFloat(a));
  return newestFirst.map((version) => join(folder, version, command));
}

/** The first line that holds a version's number: some print their name as a picture first. */
function versionLine(path: string, args: string[]): string {
  const lines = run(path, args).trim().split('\n');
  return lines.find((line) => /\d\.\d/.test(line)) ?? lines[0] ?? '';
}

interface GoTool {
  command: string;
  module: string;
  version: string;
  /** The main package, relative to the module: `./cmd/promtool`. */
  package: string;
  versionArgs: string[];
  /** Where a copy may stand that is not our build (names on PATH or absolute), and what it must say to be taken. */
  others?: { paths: string[]; say: RegExp };
  tags?: string;
  ldflags?: string;
  remedy: string;
}

/** Folder of a module's unpacked source, fetched from the Go module proxy when it is not in Go's cache yet. */
export function moduleFolder(moduleAtVersion: string): string {
  const answer: unknown = JSON.parse(run('go', ['mod', 'download', '-json', moduleAtVersion]));
  if (typeof answer === 'object' && answer !== null && 'Dir' in answer && typeof answer.Dir === 'string') {
    return answer.Dir;
  }
  throw new Error(`go mod download ${moduleAtVersion} names no folder`);
}

/**
 * Lets `build` write an executable and puts it into `folder` when it is finished: a build that was cut short leaves
 * nothing that looks finished.
 */
function buildInto(folder: string, command: string, build: (output: string) => void): void {
  mkdirSync(cacheRoot(process.env), { recursive: true });
  const unfinished = mkdtempSync(join(cacheRoot(process.env), '.building-'));
  try {
    build(join(unfinished, command));
    mkdirSync(folder, { recursive: true });
    renameSync(join(unfinished, command), join(folder, command));
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** `go build` of one main package inside its own module, small and without C. */
function goBuild(
  source: string,
  output: string,
  mainPackage: string,
  more: string[] = [],
  ldflags = '',
): void {
  const flags = ['-trimpath', '-buildvcs=false', ...more, '-ldflags', `-s -w ${ldflags}`];
  run('go', ['build', '-C', source, ...flags, '-o', output, mainPackage], {
    ...process.env,
    CGO_ENABLED: '0',
    GOWORK: 'off',
  });
}

/**
 * A command built from the Go module proxy into a cache folder named after its version, so that a new version is a new
 * folder. It is built inside its own module, since `go install` refuses a module whose go.mod excludes or replaces
 * others.
 */
export function goTool(tool: GoTool): Recipe {
  const folder = join(cacheRoot(process.env), `${tool.command}-${tool.version}`);
  const built = join(folder, tool.command);
  return {
    remedy: tool.remedy,
    version: (path) => versionLine(path, tool.versionArgs),
    find() {
      if (executable(built)) return built;
      const other = tool.others && onPath(tool.others.paths);
      return other && tool.others?.say.test(versionLine(other, tool.versionArgs)) ? other : undefined;
    },
    get() {
      const source = moduleFolder(`${tool.module}@${tool.version}`);
      const tags = tool.tags ? ['-tags', tool.tags] : [];
      buildInto(folder, tool.command, (output) => goBuild(source, output, tool.package, tags, tool.ldflags));
    },
  };
}

interface OracleTool {
  command: string;
  /** Folder of its Go module in the clone. */
  source: string;
  versionArgs: string[];
  remedy: string;
}

/** A command built from a Go module of this clone, into a cache folder named after what its files hold. */
export function oracleTool(tool: OracleTool): Recipe {
  const folder = () => join(cacheRoot(process.env), `${tool.command}-${hashOf(tool.source)}`);
  const built = () => join(folder(), tool.command);
  return {
    remedy: tool.remedy,
    version: (path) => versionLine(path, tool.versionArgs),
    find: () => (executable(built()) ? built() : undefined),
    get: () => buildInto(folder(), tool.command, (output) => goBuild(tool.source, output, '.')),
  };
}

/** Of the names and contents of a folder's files, as much of it as a folder's name needs. */
function hashOf(folder: string): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) {
    hash.update(`${file}\0`).update(readFileSync(join(folder, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

interface PypiTool {
  command: string;
  /** The package and its exact version. */
  package: string;
  version: string;
  remedy: string;
}

/** A command of a Python package, in a virtual environment of its own. */
export function pypiTool(tool: PypiTool): Recipe {
  const folder = join(cacheRoot(process.env), `${tool.package}-${tool.version}`);
  const linked = join(folder, tool.command);
  return {
    remedy: tool.remedy,
    version(path) {
      // Not each of them tells its version, but this shows that it starts.
      run(path, ['--help']);
      return `${tool.package} ${tool.version}`;
    },
    find: () => (executable(linked) ? linked : undefined),
    get() {
      mkdirSync(folder, { recursive: true });
      // An environment cannot be moved, so it is the link that tells that it is finished.
      const environment = mkdtempSync(join(folder, 'venv-'));
      try {
        makeEnvironment(environment);
        const pip = ['install', '--quiet', '--disable-pip-version-check', `${tool.package}==${tool.version}`];
        run(join(environment, 'bin/pip'), pip);
        rmSync(linked, { force: true });
        symlinkSync(join(environment, 'bin', tool.command), linked);
      } catch (error) {
        rmSync(environment, { recursive: true, force: true });
        throw error;
      }
    },
  };
}

/** Debian's Python comes without what a virtual environment needs; the package is installed where that is possible. */
function makeEnvironment(folder: string): void {
  const make = () => run('python3', ['-m', 'venv', folder]);
  try {
    make();
  } catch (error) {
    if (process.getuid?.() !== 0 || !onPath(['apt-get'])) throw error;
    installPackages(['python3-venv']);
    make();
  }
}

interface DebianTool {
  /** Names on PATH, or absolute paths, in order of preference. */
  commands: string[] | (() => string[]);
  /** What is wrong beyond a missing command; without it the command alone decides. */
  problem?: () => string | undefined;
  packages: string[];
  /** The package starts a server of its own when it is installed; tests start theirs, so that one is kept down. */
  startsDaemon?: boolean;
  versionArgs: string[];
  remedy: string;
}

/**
 * Runs `install` while Debian's packages may start nothing: a policy that answers "forbidden" for every start.
 * A machine that has a policy keeps its own. Source: /usr/share/doc/init-system-helpers/README.policy-rc.d.gz
 */
function withoutDaemons(install: () => void): void {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) {
    install();
    return;
  }
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install();
  } finally {
    rmSync(policy);
  }
}

let packageListsUpdated = false;

function installPackages(packages: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  if (!packageListsUpdated) run('apt-get', ['update', '-qq'], env);
  packageListsUpdated = true;
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], env);
}

/** A command from PATH, installed with apt where that is possible: Debian or Ubuntu, as root. */
export function debianTool(tool: DebianTool): Recipe {
  const commands = () => (typeof tool.commands === 'function' ? tool.commands() : tool.commands);
  return {
    remedy: tool.remedy,
    version: (path) => versionLine(path, tool.versionArgs),
    find: () => (tool.problem?.() ? undefined : onPath(commands())),
    get() {
      if (process.getuid?.() !== 0 || !onPath(['apt-get'])) throw new Error(tool.remedy);
      const install = () => installPackages(tool.packages);
      if (tool.startsDaemon) withoutDaemons(install);
      else install();
    },
  };
}
