import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearest } from '../../slo/index.ts';
import { CliError, type ExitCode, usage } from './errors.ts';
import { readFlags } from './flags.ts';
import { planRendering, type RenderDisk, writeRendering } from './slo-render.ts';

/** What the command needs from outside. */
export type GoSreDeps = {
  version: string;
  disk: RenderDisk;
  stdout: Writable;
  stderr: Writable;
  /** Folder that relative paths are resolved against. */
  cwd: string;
};

const flags = {
  dir: { type: 'string' },
  check: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const satisfies ParseArgsConfig['options'];

type Flags = ReturnType<typeof parse>['values'];

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options: flags, allowPositionals: true });
}

const commands: Readonly<Record<string, (values: Flags, deps: GoSreDeps) => Promise<ExitCode>>> = {
  'slo render': sloRender,
};

/** `go-sre ARGV`: does it, prints, and gives the exit code. */
export async function runGoSre(argv: readonly string[], deps: GoSreDeps): Promise<ExitCode> {
  try {
    const { values, positionals } = readFlags(() => parse(argv), Object.keys(flags));
    if (values.version) deps.stdout.write(`${deps.version}\n`);
    else if (values.help) deps.stdout.write(help);
    else return await command(positionals.join(' '))(values, deps);
    return 0;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    deps.stderr.write(`go-sre: ${error.message}\n`);
    if (error.exitCode === 2) deps.stderr.write('Run go-sre --help for the commands.\n');
    return error.exitCode;
  }
}

function command(words: string): (values: Flags, deps: GoSreDeps) => Promise<ExitCode> {
  const found = commands[words];
  if (found !== undefined) return found;
  if (words === '') throw usage('A command is missing.');
  const longer = Object.keys(commands).find((known) => known.startsWith(`${words} `));
  if (longer !== undefined) throw usage(`"${words}" is no whole command. Try: go-sre ${longer}`);
  const near = nearest(words, Object.keys(commands));
  throw usage(`There is no command "${words}".${near === undefined ? '' : ` Did you mean "${near}"?`}`);
}

async function sloRender(values: Flags, deps: GoSreDeps): Promise<ExitCode> {
  const dir = resolve(deps.cwd, values.dir ?? '.');
  const rendering = await planRendering(dir, deps.disk);
  const written = !values['dry-run'] && !values.check;
  if (written) await writeRendering(dir, rendering, deps.disk);
  const { files, warnings } = rendering;
  for (const warning of warnings) deps.stderr.write(`go-sre: ${warning}\n`);
  const stale = files.filter(({ state }) => state !== 'unchanged');
  if (values.json) deps.stdout.write(`${JSON.stringify({ dir, written, files, warnings })}\n`);
  else for (const { path, state } of files) deps.stdout.write(`${state.padEnd(9)}  ${path}\n`);
  if (!values.check || stale.length === 0) return 0;
  deps.stderr.write(
    `go-sre: ${stale.length} of ${files.length} files do not follow from slo.json any more. Run npx -y -p create-go-sre-service go-sre slo render.\n`,
  );
  return 1;
}

const help = `Usage: go-sre slo render [flags]

Renders Prometheus rules, their unit tests and a Grafana dashboard from slo.json into ops/.

  --dir DIR    folder of the service (default: the current one)
  --check      write nothing; exit code 1 when a file does not follow from slo.json
  --dry-run    list the files, write nothing
  --json       print one JSON object
  -h, --help   this text
  -v, --version    the version

Exit codes: 0 done, 1 failed, 2 wrong usage.
`;
