// A service emitted afresh from the template, and Go programs built in it.
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Answers } from '../scaffold/src/answers.ts';
import { emitService as emit, optionsOf, plainAnswers, tagsOf } from '../test/helpers/emitted-service.ts';
import type { BenchDeps } from './bench.ts';
import { runCommand } from './processes.ts';

const here = import.meta.dirname;

/** The name of the service in its `cmd/` folder and its image. */
export const serviceName = plainAnswers.name;

/** Which options the service has; none is the default of the create command. */
export interface Choice {
  with?: readonly string[];
  router?: string;
}

/** An emitted service on disk. */
export interface Emitted {
  folder: string;
  /** The build tags that its Dockerfile builds with. */
  tags: string;
}

/** The names of the options that this choice needs and the template lacks. */
export function missingOptions(choice: Choice): string[] {
  const { with: chosen, router } = answersOf(choice);
  const known = new Set([...optionsOf('with'), ...optionsOf('router')]);
  return [...chosen, router].filter((name) => !known.has(name));
}

function answersOf(choice: Choice): Answers {
  return { ...plainAnswers, ...choice, with: [...(choice.with ?? [])].sort() };
}

/** Emits the service into `folder`, which must not exist. */
export async function emitService(folder: string, choice: Choice): Promise<Emitted> {
  const answers = answersOf(choice);
  await emit(answers, folder);
  return { folder, tags: tagsOf(answers) };
}

/** How a Go program is built. */
export interface Build {
  /** Folder of the module. */
  folder: string;
  /** Path of the package in it, "./cmd/shop". */
  package: string;
  /** Path of the binary. */
  output: string;
  tags?: string;
  /** For the linker. */
  ldflags?: string;
  /** Flags of the go command beside these. */
  flags?: readonly string[];
}

/** Builds a static linux/amd64 binary, as the emitted Dockerfile does, and gives what the build said. */
export async function goBuild(build: Build, deps: BenchDeps, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const tags = build.tags === undefined ? [] : ['-tags', build.tags];
  const ldflags = build.ldflags === undefined ? [] : ['-ldflags', build.ldflags];
  const args = [
    'build',
    ...tags,
    '-trimpath',
    ...(build.flags ?? []),
    '-o',
    build.output,
    ...ldflags,
    build.package,
  ];
  const { stdout, stderr } = await runCommand({
    command: 'go',
    args,
    cwd: build.folder,
    env: { ...deps.env, GOWORK: 'off', CGO_ENABLED: '0', ...env },
    signal: deps.signal,
  });
  return stdout + stderr;
}

/** Strips the binary as the emitted Dockerfile does. */
export const releaseFlags = '-s -w -funcalign=16 -X main.version=dev -X main.revision=unknown';

/** Builds the emitted service as it is released. */
export async function buildService(service: Emitted, output: string, deps: BenchDeps): Promise<void> {
  const build = { ...service, package: `./cmd/${serviceName}`, output, ldflags: releaseFlags };
  await goBuild(build, deps, { GOOS: 'linux', GOARCH: 'amd64' });
}

/** Builds a program of bench/peers. */
export async function buildPeer(name: string, output: string, deps: BenchDeps): Promise<void> {
  const folder = join(here, 'peers', name);
  await goBuild({ folder, package: '.', output, tags: 'grpcnotrace', flags: ['-mod=readonly'] }, deps);
}

/**
 * Puts bench/ours/main.go into the emitted service and builds it there, because packages below internal/ can be
 * imported from nowhere else.
 */
export async function buildDriven(service: Emitted, output: string, deps: BenchDeps): Promise<void> {
  const { folder } = service;
  const main = join(folder, 'cmd', 'bench', 'main.go');
  mkdirSync(dirname(main), { recursive: true });
  copyFileSync(join(here, 'ours', 'main.go'), main);
  const driver = 'example.com/bench/driver';
  const edit = [`-require=${driver}@v0.0.0`, `-replace=${driver}=${join(here, 'driver')}`];
  const env = { ...deps.env, GOWORK: 'off' };
  await runCommand({ command: 'go', args: ['mod', 'edit', ...edit], cwd: folder, env, signal: deps.signal });
  await goBuild({ ...service, package: './cmd/bench', output, flags: ['-mod=mod'] }, deps);
}
