import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import {
  type CreateAnswers,
  defaultCi,
  defaultModule,
  defaultPort,
  defaultRouter,
  equivalentCommand,
  portProblem,
  shellWord,
} from './answers.ts';
import { type CreateDeps, checkAnswers, createService, planService } from './create-service.ts';
import { CliError, type ExitCode, usage } from './errors.ts';
import { readFlags } from './flags.ts';
import type { TemplateOption } from './options.ts';
import type { Plan } from './plan.ts';
import type { Given } from './prompts.ts';
import type { Template } from './template.ts';
import { planBytes } from './write.ts';

/** What the command needs from outside. */
export type CommandDeps = Omit<CreateDeps, 'template'> & {
  readTemplate: () => Template;
  stdin: Readable & { isTTY?: boolean };
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable;
  /** Folder that relative paths are resolved against. */
  cwd: string;
  /** Root of the clone when the command runs there by `npm run`: the steps name its scripts then. */
  clone?: string;
};

const flags = {
  module: { type: 'string' },
  dir: { type: 'string' },
  port: { type: 'string' },
  with: { type: 'string', multiple: true },
  yes: { type: 'boolean', short: 'y' },
  'dry-run': { type: 'boolean' },
  json: { type: 'boolean' },
  'no-git': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const satisfies ParseArgsConfig['options'];

type Flags = ReturnType<typeof parse>;

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: flags, allowPositionals: true });
}

/** `create-go-sre-service ARGV`: does it, prints, and gives the exit code. */
export async function runCreate(argv: readonly string[], deps: CommandDeps): Promise<ExitCode> {
  try {
    const parsed = readFlags(() => parse(argv), Object.keys(flags));
    if (parsed.values.version) deps.stdout.write(`${deps.version}\n`);
    else if (parsed.values.help) deps.stdout.write(help(deps.readTemplate().options));
    else await create(parsed, { ...deps, template: deps.readTemplate() });
    return 0;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    deps.stderr.write(`create-go-sre-service: ${error.message}\n`);
    if (error.exitCode === 2) deps.stderr.write('Run create-go-sre-service --help for the flags.\n');
    return error.exitCode;
  }
}

async function create({ values, positionals }: Flags, deps: CommandDeps & CreateDeps): Promise<void> {
  const answers = await completeAnswers(values, positionals, deps);
  checkAnswers(answers, deps.template);
  const command = equivalentCommand(answers, deps.version, deps.cwd);
  const dryRun = values['dry-run'] === true;
  const { plan, notes } = dryRun
    ? { plan: await planService(answers, deps), notes: [] }
    : await createService(answers, deps);
  deps.stdout.write(
    values.json
      ? `${JSON.stringify(report(answers, plan, command, deps, { dryRun, notes }))}\n`
      : text(answers, plan, command, deps, { dryRun, notes }),
  );
}

/** Flags first, then prompts when a person sits there, then the defaults. */
async function completeAnswers(
  values: Flags['values'],
  positionals: readonly string[],
  deps: CommandDeps & CreateDeps,
): Promise<CreateAnswers> {
  const [name, ...more] = positionals;
  if (more.length > 0) throw usage(`One NAME is expected, ${JSON.stringify(more[0])} is a second one.`);
  let given: Given = {
    ...(name !== undefined && { name }),
    ...(values.module !== undefined && { module: values.module }),
    ...(values.dir !== undefined && { dir: values.dir }),
    ...(values.port !== undefined && { port: values.port }),
    ...(values.with !== undefined && { with: values.with.flatMap((list) => list.split(',')) }),
    ...(values['no-git'] && { git: false }),
  };
  const person = deps.stdin.isTTY === true && deps.stdout.isTTY === true;
  if (person && !values.yes && !values.json) {
    const { ask } = await import('./prompts.ts');
    given = await ask(given, deps.template.options, { input: deps.stdin, output: deps.stdout });
  }
  return withDefaults(given, deps.cwd);
}

function withDefaults(given: Given, cwd: string): CreateAnswers {
  const { name, port = String(defaultPort) } = given;
  if (name === undefined) {
    throw usage(
      'NAME is missing, and there is no terminal to ask for it. Try: create-go-sre-service orders --yes',
    );
  }
  const problem = portProblem(port, given.with ?? []);
  if (problem !== undefined) throw usage(problem);
  const module = given.module ?? defaultModule(name);
  return {
    name,
    module,
    dir: resolve(cwd, given.dir ?? name),
    port: Number(port),
    router: defaultRouter,
    with: [...new Set(given.with ?? [])].sort(),
    ci: defaultCi(module),
    git: given.git ?? true,
  };
}

type Outcome = { dryRun: boolean; notes: readonly string[] };

type Step = { does: string; run: string };

/** The steps from here to the first trace, each with the command that does it. */
function nextSteps({ name, dir, port }: CreateAnswers, { cwd, clone }: CommandDeps): Step[] {
  const folder = dir.startsWith(`${cwd}/`) ? dir.slice(cwd.length + 1) : dir;
  const collector =
    clone === undefined ? 'npx -y go-sre-collector' : `npm --prefix ${shellWord(clone)} run collector --`;
  const older =
    clone === undefined
      ? ' (it needs Node 24; with an older Node: npx -y -p node@24 -p go-sre-collector go-sre-collector …)'
      : '';
  return [
    ...(dir === cwd ? [] : [{ does: 'go there', run: `cd ${shellWord(folder)}` }]),
    {
      does: `in a second terminal, the collector: brings logs, metrics and traces together on http://localhost:4319${older}`,
      run: `cd ${shellWord(dir)} && ${collector} --scrape ${name}=localhost:${port + 1} --log-file ${name}=${name}.log`,
    },
    {
      does: 'run the service, every request traced',
      run: `OTEL_TRACES_SAMPLER=always_on LOG_FILE=${name}.log go run -tags grpcnotrace ./cmd/${name}`,
    },
    {
      does: 'the first request: the service logs its trace_id, the collector shows its trace',
      run: `curl -i -d '{"item":"tea","quantity":2}' http://localhost:${port}/orders`,
    },
    {
      does: 'its metrics, with the trace ids as exemplars',
      run: `curl -H 'Accept: application/openmetrics-text' http://localhost:${port + 1}/metrics`,
    },
  ];
}

/** The object of --json. */
function report(
  answers: CreateAnswers,
  plan: Plan,
  command: string,
  deps: CommandDeps,
  outcome: Outcome,
): object {
  const files = [...plan].map(([path, { bytes }]) => ({ path, bytes: bytes.length }));
  const { name, module, dir } = answers;
  return { name, module, dir, files, command, next: nextSteps(answers, deps), ...outcome };
}

function text(
  answers: CreateAnswers,
  plan: Plan,
  command: string,
  deps: CommandDeps,
  outcome: Outcome,
): string {
  const total = `${plan.size} files, ${planBytes(plan)} bytes`;
  const lines: string[] = [];
  if (outcome.dryRun) {
    for (const [path, { bytes }] of plan) lines.push(`${String(bytes.length).padStart(8)}  ${path}`);
    lines.push('', `Nothing was written. ${answers.dir} would get ${total}.`);
  } else {
    lines.push(`Created ${answers.name} in ${answers.dir}: ${total}.`, ...outcome.notes);
    lines.push('', 'Next:');
    for (const { does, run } of nextSteps(answers, deps)) lines.push(`  # ${does}`, `  ${run}`);
  }
  return `${[...lines, '', 'The same again:', `  ${command}`].join('\n')}\n`;
}

function help(options: readonly TemplateOption[]): string {
  return `Usage: create-go-sre-service NAME [flags]

Creates a Go service whose logs, metrics and traces meet. Asks for what no flag says when it runs in a terminal.

  NAME             name of the service: folder, binary, image, service.name
  --module PATH    Go module path (default example.com/NAME)
  --dir DIR        target folder, new or empty (default NAME)
  --port PORT      public port (default ${defaultPort}); the admin port is the next one
  --with OPTION    an option of the service, repeatable:
${options.map(({ name, title }) => `                     ${name.padEnd(8)} ${title}`).join('\n')}
  --no-git         make no git repository
  -y, --yes        ask nothing, take the defaults
  --dry-run        list the files, write nothing
  --json           print one JSON object
  -h, --help       this text
  -v, --version    the version

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 cancelled.
`;
}
