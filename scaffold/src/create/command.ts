import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import {
  type CreateAnswers,
  checkAnswers,
  defaultCi,
  defaultModule,
  defaultPort,
  defaultRouter,
  equivalentCommand,
  noCi,
  portProblem,
} from '../answers.ts';
import type { Plan } from '../emit/plan.ts';
import type { Template } from '../emit/template.ts';
import { CliError, type ExitCode, usage } from '../errors.ts';
import { listed, listedOrNone, readFlags } from '../flags.ts';
import type { OptionFlag, TemplateOption } from '../options.ts';
import { cloneScript, nextSteps, type StepsPlace } from './next-steps.ts';
import type { Given } from './prompts.ts';
import { type CreateDeps, createService, planService } from './service.ts';
import { planBytes } from './write.ts';

/** What the command needs from outside. */
export type CommandDeps = Omit<CreateDeps, 'template'> &
  StepsPlace & {
    readTemplate: () => Template;
    stdin: Readable & { isTTY?: boolean };
    stdout: Writable & { isTTY?: boolean };
    stderr: Writable;
  };

const flags = {
  module: { type: 'string' },
  dir: { type: 'string' },
  port: { type: 'string' },
  router: { type: 'string' },
  with: { type: 'string', multiple: true },
  ci: { type: 'string', multiple: true },
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
  checkAnswers(answers, deps.template.options);
  const program =
    deps.clone === undefined
      ? `npx -y create-go-sre-service@${deps.version}`
      : cloneScript(deps.clone, 'create');
  const command = equivalentCommand(answers, program, deps.cwd);
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
    ...(values.router !== undefined && { router: values.router }),
    ...(values.with !== undefined && { with: listed(values.with) }),
    ...(values.ci !== undefined && { ci: listedOrNone(values.ci, 'ci') }),
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
    router: given.router ?? defaultRouter,
    with: [...new Set(given.with ?? [])].sort(),
    ci: [...new Set(given.ci ?? defaultCi(module))].sort(),
    git: given.git ?? true,
  };
}

type Outcome = { dryRun: boolean; notes: readonly string[] };

/** The object of --json. */
function report(
  answers: CreateAnswers,
  plan: Plan,
  command: string,
  deps: CommandDeps & CreateDeps,
  outcome: Outcome,
): object {
  const files = [...plan].map(([path, { bytes }]) => ({ path, bytes: bytes.length }));
  const { name, module, dir, port, router, with: options, ci } = answers;
  return {
    name,
    module,
    dir,
    port,
    router,
    with: options,
    ci,
    files,
    command,
    next: nextSteps(answers, deps.template.options, deps),
    ...outcome,
  };
}

function text(
  answers: CreateAnswers,
  plan: Plan,
  command: string,
  deps: CommandDeps & CreateDeps,
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
    for (const { does, run } of nextSteps(answers, deps.template.options, deps))
      lines.push(`  # ${does}`, `  ${run}`);
  }
  return `${[...lines, '', 'The same again:', `  ${command}`].join('\n')}\n`;
}

function choices(flag: OptionFlag, options: readonly TemplateOption[]): string {
  const lines = options.filter((option) => option.flag === flag);
  return lines.map(({ name, title }) => `                     ${name.padEnd(12)} ${title}`).join('\n');
}

function help(options: readonly TemplateOption[]): string {
  return `Usage: create-go-sre-service NAME [flags]

Creates a Go service whose logs, metrics and traces meet. Asks for what no flag says when it runs in a terminal.

  NAME             name of the service: folder, binary, image, service.name
  --module PATH    Go module path (default example.com/NAME)
  --dir DIR        target folder, new or empty (default NAME)
  --port PORT      public port (default ${defaultPort}); the admin port is the next one
  --router ROUTER  what mounts the routes (default ${defaultRouter}):
${choices('router', options)}
  --with OPTION    an option of the service, repeatable:
${choices('with', options)}
  --ci CI          a pipeline, repeatable (default gitlab when the host of PATH says so, else github):
${choices('ci', options)}
                     ${noCi.padEnd(12)} no pipeline
  --no-git         make no git repository
  -y, --yes        ask nothing, take the defaults
  --dry-run        list the files, write nothing
  --json           print one JSON object
  -h, --help       this text
  -v, --version    the version

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 cancelled.
`;
}
