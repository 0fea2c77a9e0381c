// Do generated Dockerfiles build and run well-known Go programs, and what does a rebuild after a one-line change cost
// beside a usual multi-stage file?
import { appendFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imagesOf, provideImages } from '../test/helpers/base-images.ts';
import { type Engine, startEngine, tidy } from '../test/helpers/docker-engine.ts';
import { buildArguments } from '../test/helpers/image-build.ts';
import { tool } from '../test/helpers/tools.ts';
import type { Bench, BenchDeps } from './bench.ts';
import { runCommand } from './processes.ts';
import { type Checkout, checkOut, shortNames } from './real-modules/checkout.ts';
import { cpuSeconds } from './real-modules/engine-cpu.ts';
import { generate } from './real-modules/generate.ts';
import { ownModules, parseModules, type RealModule } from './real-modules/modules.ts';
import { type Trial, tryRun } from './real-modules/try-run.ts';
import { usualDockerfile } from './real-modules/usual.ts';
import { cell, type Table } from './report.ts';
import { median } from './statistics.ts';

const defaultRounds = 1;

/** One program's two images. */
interface Sides<T> {
  ours: T;
  usual: T;
}

/** What became of one module. */
export interface Outcome {
  name: string;
  module: RealModule;
  /** Why the generator wrote no file: a reason of the module's own. */
  refused?: string;
  /** What went wrong elsewhere, in one line. */
  failed?: string;
  built: boolean;
  trial?: Trial;
  /** Findings of our own gate on the generated files. */
  findings?: number;
  /** Bytes. */
  size?: Sides<number>;
  /** CPU seconds of the engine for each rebuild. */
  cpu?: Sides<number[]>;
}

/** The engine, and what a build with it needs. */
interface Workshop {
  engine: Engine;
  compose: string;
  goVersion: string;
  deps: BenchDeps;
}

/** Our rebuilds' share of the usual ones' CPU for one module; undefined where one of them was not measured. */
function rebuildRatio({ cpu }: Pick<Outcome, 'cpu'>): number | undefined {
  return cpu === undefined ? undefined : median(cpu.ours) / median(cpu.usual);
}

/** The figures, and which of them miss their target only by modules that the generator refused with a reason. */
export function figuresOf(outcomes: readonly Outcome[]) {
  const ratios = outcomes.flatMap((one) => rebuildRatio(one) ?? []);
  const built = outcomes.filter((one) => one.built).length;
  const ran = outcomes.filter((one) => one.trial?.ran).length;
  const refused = outcomes.filter((one) => one.refused !== undefined).length;
  const explained = [
    ...(built + refused === outcomes.length ? (['built'] as const) : []),
    ...(ran + refused === outcomes.length ? (['ran'] as const) : []),
  ];
  const figures = {
    modules: outcomes.length,
    built,
    ran,
    rebuildCpuRatio: ratios.length === 0 ? null : median(ratios),
  };
  return { figures, explained: refused === 0 ? [] : explained };
}

async function build(workshop: Workshop, context: string, tag: string): Promise<void> {
  const { engine, compose, deps } = workshop;
  for (const made of provideImages(engine, imagesOf(readFileSync(join(context, 'Dockerfile'), 'utf8')))) {
    deps.tell(made);
  }
  const args = buildArguments(join(deps.folder, 'compose.json'), { context, tag });
  await runCommand({ command: compose, args, env: engine.env, signal: deps.signal });
}

/** CPU seconds of the engine for one build. */
async function costOf(workshop: Workshop, context: string, tag: string): Promise<number> {
  const pid = workshop.engine.pid ?? 0;
  const before = cpuSeconds(pid);
  await build(workshop, context, tag);
  return cpuSeconds(pid) - before;
}

async function sizeOf({ engine, deps }: Workshop, tag: string): Promise<number> {
  const args = ['image', 'inspect', '--format', '{{.Size}}', tag];
  const { stdout } = await runCommand({ command: 'docker', args, env: engine.env, signal: deps.signal });
  return Number(stdout);
}

/** A file of the main package that every build compiles. */
function fileToChange({ folder, main }: Checkout): string {
  const files = globSync('*.go', { cwd: join(folder, main) }).sort();
  const texts = files.map((file) => [file, readFileSync(join(folder, main, file), 'utf8')] as const);
  const plain = texts.filter(
    ([file, text]) => !/_test\.go$/.test(file) && !/^\/\/(go:build| \+build)/m.test(text),
  );
  const found = plain.find(([, text]) => /^func main\(\)/m.test(text)) ?? plain[0];
  if (found === undefined) throw new Error(`${main} has no file that every build compiles`);
  return join(folder, main, found[0]);
}

/** Alternating rebuilds after the same one-line change, each with a warm cache of its own. */
async function rebuilds(
  workshop: Workshop,
  sides: Sides<Checkout>,
  tags: Sides<string>,
): Promise<Sides<number[]>> {
  const cpu: Sides<number[]> = { ours: [], usual: [] };
  const order = ['ours', 'usual'] as const;
  const rounds = workshop.deps.settings.rounds ?? defaultRounds;
  // A line that an earlier run has built already would be found in the builder's cache.
  const now = new Date().toISOString();
  for (let round = 1; round <= rounds; round++) {
    for (const side of round % 2 === 1 ? order : order.toReversed()) {
      appendFileSync(fileToChange(sides[side]), `\nvar goSreBenchRound${round} = "${now}"\n`);
      cpu[side].push(await costOf(workshop, sides[side].folder, tags[side]));
    }
  }
  return cpu;
}

/** The first line that says what went wrong. */
function firstWords(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).trim().split('\n');
  return lines.slice(-6).join(' | ').slice(-600);
}

/** Builds the usual file of the same program, and compares sizes and rebuilds. */
async function compare(outcome: Outcome, sides: Sides<Checkout>, tags: Sides<string>, workshop: Workshop) {
  const { engine, goVersion } = workshop;
  const cgo = /^ENV CGO_ENABLED=1$/m.test(readFileSync(join(sides.ours.folder, 'Dockerfile'), 'utf8'));
  const text = usualDockerfile(outcome.module, sides.usual, { goVersion, cgo });
  writeFileSync(join(sides.usual.folder, 'Dockerfile'), text);
  await build(workshop, sides.usual.folder, tags.usual);
  outcome.size = { ours: await sizeOf(workshop, tags.ours), usual: await sizeOf(workshop, tags.usual) };
  if (engine.pid === undefined) return;
  outcome.cpu = await rebuilds(workshop, sides, tags);
  workshop.deps.tell(`${outcome.name}: ${costs(outcome.cpu)}`);
}

async function measure(module: RealModule, name: string, workshop: Workshop): Promise<Outcome> {
  const { engine, deps, goVersion } = workshop;
  const outcome: Outcome = { name, module, built: false };
  const folder = join(deps.folder, name);
  const tags = { ours: `go-sre-bench/${name}:ours`, usual: `go-sre-bench/${name}:usual` };
  mkdirSync(folder);
  try {
    deps.tell(`${name}: getting ${module.module}`);
    const ours = await checkOut(module, join(folder, 'ours'), deps);
    const usual = await checkOut(module, join(folder, 'usual'), deps);
    const generated = await generate(module, ours, goVersion, deps);
    if ('refused' in generated) return { ...outcome, refused: generated.refused };
    outcome.findings = generated.findings;
    deps.tell(`${name}: building`);
    await build(workshop, ours.folder, tags.ours);
    outcome.built = true;
    outcome.trial = tryRun(engine, tags.ours);
    deps.tell(`${name}: ${outcome.trial.how}, ${outcome.trial.said}`);
    await compare(outcome, { ours, usual }, tags, workshop);
  } catch (error) {
    deps.signal.throwIfAborted();
    outcome.failed = firstWords(error);
    deps.tell(`${name}: ${outcome.failed}`);
  } finally {
    const args = ['image', 'rm', '--force', tags.ours, tags.usual];
    await runCommand({ command: 'docker', args, env: engine.env, signal: AbortSignal.timeout(60_000) }).catch(
      () => undefined,
    );
  }
  return outcome;
}

function costs({ ours, usual }: Sides<number[]>): string {
  return `a rebuild takes ${cell(median(ours))} s of CPU, by the usual file ${cell(median(usual))} s`;
}

function moduleTable(outcomes: readonly Outcome[]): Table {
  const megabytes = (bytes: number | undefined) => (bytes === undefined ? '-' : cell(bytes / 1e6));
  const seconds = (values: readonly number[] | undefined) =>
    values === undefined ? '-' : cell(median(values));
  const rows = outcomes.map((one) => [
    `${one.name} (${one.module.shows ?? one.module.module})`,
    one.built ? 'yes' : one.refused === undefined ? 'NO' : 'refused',
    one.trial === undefined ? '-' : `${one.trial.ran ? '' : 'NO '}${one.trial.how}`,
    one.findings === undefined ? '-' : String(one.findings),
    megabytes(one.size?.ours),
    megabytes(one.size?.usual),
    seconds(one.cpu?.ours),
    seconds(one.cpu?.usual),
    one.cpu === undefined ? '-' : cell(rebuildRatio(one)!),
  ]);
  const head = [
    'module',
    'built',
    'ran',
    'findings',
    'MB',
    'usual MB',
    'rebuild CPU s',
    'usual CPU s',
    'ratio',
  ];
  return { head, rows };
}

function notesOf(outcomes: readonly Outcome[], engine: Engine): string[] {
  const worst = Math.max(...outcomes.flatMap((one) => rebuildRatio(one) ?? []));
  return [
    'A rebuild follows one more line in the main package; its CPU is that of the engine and all it started.',
    ...(Number.isFinite(worst)
      ? [`rebuildCpuRatio is the median of the modules; the largest is ${cell(worst)}.`]
      : []),
    ...(engine.pid === undefined
      ? ['The CPU was not measured: the engine was not started here, so its processes are not known.']
      : []),
    ...outcomes.flatMap(({ name, refused }) =>
      refused === undefined ? [] : [`${name}: no file, ${refused}`],
    ),
    ...outcomes.flatMap(({ name, built, failed }) =>
      failed === undefined
        ? []
        : [`${name}${built ? ', which was built, is not compared' : ' failed'}: ${failed}`],
    ),
    ...outcomes.flatMap(({ name, trial }) =>
      trial === undefined || trial.ran ? [] : [`${name} did not run: ${trial.said}`],
    ),
  ];
}

export const dockerfileRealModules: Bench<'dockerfile-real-modules'> = {
  question: 'whether generated Dockerfiles build and run well-known Go programs, and what a rebuild costs',
  async run(deps) {
    const list = deps.settings.modules;
    const modules = list === undefined ? ownModules : parseModules(readFileSync(list, 'utf8'));
    const missing = (reason?: string) => {
      throw new Error(reason);
    };
    const compose = tool({ skip: missing }, 'docker-compose')!;
    tool({ skip: missing }, 'docker');
    // As in the image of Go that builds: no other toolchain is fetched.
    const env = { ...deps.env, GOTOOLCHAIN: 'local', GOWORK: '' };
    const go = await runCommand({ command: 'go', args: ['env', 'GOVERSION'], env, signal: deps.signal });
    const engine = await startEngine(env);
    const workshop = {
      engine,
      compose,
      goVersion: go.stdout.trim().replace(/^go/, ''),
      deps: { ...deps, env },
    };
    try {
      const outcomes: Outcome[] = [];
      const names = shortNames(modules);
      for (const [at, module] of modules.entries())
        outcomes.push(await measure(module, names[at]!, workshop));
      return { tables: [moduleTable(outcomes)], notes: notesOf(outcomes, engine), ...figuresOf(outcomes) };
    } finally {
      tidy(engine);
      await engine.stop();
    }
  },
};
