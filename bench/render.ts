// What does it cost to render what follows from 1, 100 and 1,000 objectives, beside Sloth? By turns; what counts is the CPU time of
// the whole process. `slo rules` writes what Sloth writes; `slo render` their unit tests and the dashboards, too.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSpec, type Service, specSchema } from '../slo/index.ts';
import type { Bench, BenchDeps, Findings } from './bench.ts';
import { cpuSeconds } from './hadolint/cost.ts';
import { runCommand } from './processes.ts';
import { cell, type Table } from './report.ts';
import { sloth, slothSpec } from './rules/sloth.ts';
import { median } from './statistics.ts';

const scaffold = join(import.meta.dirname, '../scaffold');
const counts = [1, 100, 1000] as const;
type Count = (typeof counts)[number];
const defaultRounds = 10;
/** Runs of a round, each in a folder of its own: the shell counts CPU time in hundredths of a second. */
const repeats: Readonly<Record<Count, number>> = { 1: 10, 100: 5, 1000: 1 };

/** CPU seconds of a round, and bytes that were written, by what was run. */
interface Rendered {
  readonly cpu: Readonly<Record<Runner, readonly number[]>>;
  readonly bytes: Readonly<Record<Runner, number>>;
}

/** `rules`: rules alone, as Sloth writes them; `whole`: their unit tests and the dashboards, too. */
type Runner = 'rules' | 'whole' | 'sloth';
export type AllRendered = Readonly<Record<Count, Rendered>>;

/** A service of so many routes, each with an objective of three nines, as slo.json: pure. */
export function sloJson(count: number): string {
  const slos = Array.from({ length: count }, (_, at) => ({
    id: `get-resource-${at}-availability`,
    kind: 'availability',
    method: 'GET',
    route: `/resource-${at}/{id}`,
    objective: 0.999,
    window: '30d',
  }));
  const runbook = 'https://example.com/runbooks/shop';
  return JSON.stringify({ schema: specSchema, service: 'shop', owner: 'team-shop', runbook, slos });
}

function serviceFrom(text: string): Service {
  const spec = parseSpec(text);
  if (!spec.ok) throw new Error('the specification of the bench is wrong');
  return spec.service;
}

/** Builds the package and copies what it publishes into the bench's folder; answers the path of `go-sre`. */
async function buildGoSre({ env, signal, folder, tell }: BenchDeps): Promise<string> {
  tell('building go-sre');
  await runCommand({ command: process.execPath, args: ['build.ts'], cwd: scaffold, env, signal });
  const built = join(folder, 'create-go-sre-service');
  cpSync(join(scaffold, 'dist'), join(built, 'dist'), { recursive: true });
  cpSync(join(scaffold, 'package.json'), join(built, 'package.json'));
  return join(built, 'dist/go-sre.js');
}

interface Programs {
  readonly goSre: string;
  readonly sloth: string;
}

async function measure(count: Count, programs: Programs, deps: BenchDeps): Promise<Rendered> {
  const { env, signal, folder, settings, tell } = deps;
  const cwd = join(folder, `objectives-${count}`);
  const services = Array.from({ length: repeats[count] }, (_, at) => join(cwd, `service-${at}`));
  for (const service of services) {
    mkdirSync(service, { recursive: true });
    writeFileSync(join(service, 'slo.json'), sloJson(count));
    writeFileSync(join(service, 'sloth.yaml'), slothSpec(serviceFrom(sloJson(count))));
  }
  // npm names the folder that it was started in, and go-sre goes by that.
  const inEach = (...words: string[]) => ({
    command: 'sh',
    args: [
      '-c',
      'unset INIT_CWD; for service in service-*; do cd "$service" && "$@" && cd .. || exit 1; done',
      'sh',
      ...words,
    ],
    ...{ cwd, env, signal },
  });
  const commands = {
    whole: inEach(process.execPath, programs.goSre, 'slo', 'render'),
    rules: inEach(process.execPath, programs.goSre, 'slo', 'rules', 'slo.json', '--out', 'rules.yaml'),
    sloth: inEach(programs.sloth, 'generate', '-i', 'sloth.yaml', '-o', 'sloth-rules.yaml'),
  };
  const cpu: Record<Runner, number[]> = { rules: [], whole: [], sloth: [] };
  const rounds = settings.rounds ?? defaultRounds;
  for (let round = 0; round <= rounds; round++) {
    tell(`${count} objectives, round ${round} of ${rounds}`);
    for (const runner of Object.keys(commands) as Runner[]) {
      // Everything is written anew, as by Sloth.
      for (const service of services) rmSync(join(service, 'ops'), { recursive: true, force: true });
      const report = join(folder, `said-${runner}.txt`);
      const seconds = (await cpuSeconds(commands[runner], report)) / services.length;
      if (round > 0) cpu[runner].push(seconds);
      if (runner === 'whole') mustBeThere(join(services.at(-1)!, 'ops'), report);
    }
  }
  await runCommand(commands.whole);
  const size = (file: string) => statSync(join(services[0]!, file)).size;
  const whole = sizeOf(join(services[0]!, 'ops'));
  return { cpu, bytes: { whole, rules: size('rules.yaml'), sloth: size('sloth-rules.yaml') } };
}

/** A command that fails is fast. */
function mustBeThere(ops: string, report: string): void {
  if (sizeOf(ops) === 0) throw new Error(`go-sre slo render wrote nothing:\n${readFileSync(report, 'utf8')}`);
}

function sizeOf(folder: string): number {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  } catch {
    return 0;
  }
}

/** The ratio of the medians: a round is too short for a ratio of its own. Pure. */
function ratioOf({ cpu }: Rendered, runner: Runner): number {
  return median(cpu[runner]) / median(cpu.sloth);
}

/** Figures from the rounds: pure. */
export function renderFigures(all: AllRendered): Findings<'render'>['figures'] {
  return {
    ratio1: ratioOf(all[1], 'rules'),
    ratio100: ratioOf(all[100], 'rules'),
    ratio1000: ratioOf(all[1000], 'rules'),
    wholeRatio1: ratioOf(all[1], 'whole'),
    wholeRatio100: ratioOf(all[100], 'whole'),
    wholeRatio1000: ratioOf(all[1000], 'whole'),
  };
}

function costTable(all: AllRendered): Table {
  const names: Record<Runner, string> = {
    rules: 'go-sre slo rules',
    whole: 'go-sre slo render',
    sloth: 'sloth generate',
  };
  const rows = counts.flatMap((count) =>
    (Object.keys(names) as Runner[]).map((runner) => [
      `${count}, ${names[runner]}`,
      cell(median(all[count].cpu[runner])),
      cell(ratioOf(all[count], runner)),
      cell(all[count].bytes[runner] / 1000),
      cell(all[count].bytes[runner] / count),
    ]),
  );
  return { head: ['objectives', 'CPU s', 'of Sloth', 'kB', 'bytes an objective'], rows };
}

export const render: Bench<'render'> = {
  question: 'what rendering 1, 100 and 1,000 objectives costs, beside Sloth',
  async run(deps) {
    const programs = {
      goSre: await buildGoSre(deps),
      sloth: sloth(deps),
    };
    const all = {
      1: await measure(1, programs, deps),
      100: await measure(100, programs, deps),
      1000: await measure(1000, programs, deps),
    };
    return {
      tables: [costTable(all)],
      notes: [
        'ratio is of equal work: rules alone. go-sre slo render writes their unit tests and dashboards for Grafana and Perses too; wholeRatio is of all of that to the rules of Sloth.',
        'The first round is not counted: programs are then read from the disk.',
      ],
      figures: renderFigures(all),
    };
  },
};
