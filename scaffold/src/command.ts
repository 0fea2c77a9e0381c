import type { Readable, Writable } from 'node:stream';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Disk } from './disk.ts';
import type { Template } from './emit/template.ts';
import type { ExitCode } from './errors.ts';
import { readFlags } from './flags.ts';
import type { RunGit } from './git.ts';
import type { RunProgram } from './processes.ts';

/** What the commands of `go-sre` need from outside. */
export type GoSreDeps = {
  version: string;
  disk: Disk;
  readTemplate: () => Template;
  git: RunGit;
  /** Runs other programs: go, docker, cosign. */
  run: RunProgram;
  env: NodeJS.ProcessEnv;
  /** Milliseconds since 1970. */
  now: () => number;
  fetch: typeof fetch;
  /** Aborted by Ctrl-C, or when the process is asked to end; who reads it has to end then. */
  signal: AbortSignal;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  /** Folder that relative paths are resolved against. */
  cwd: string;
};

/** A flag as node:util parses it, with the words of the help text. */
type Flag = {
  type: 'string' | 'boolean';
  short?: string;
  multiple?: boolean;
  /** What the help calls the value of a string flag, such as DIR. */
  value?: string;
  does: string;
};

type Flags = Readonly<Record<string, Flag>>;

/** The flags of a command line by name, typed by their declaration. */
type Values<F extends Flags> = ReturnType<
  typeof parseArgs<{ args: string[]; options: F; allowPositionals: true }>
>['values'];

/** One command of `go-sre`, as its file declares it. */
type Declaration<F extends Flags> = {
  /** The words after `go-sre`, such as "slo render". */
  name: string;
  /** What follows the name before the flags, such as "METHOD PATTERN". */
  takes?: string;
  /** One line, shown in the list of commands. */
  summary: string;
  /** Below the summary in the command's own help. */
  details?: string;
  flags: F;
  /** The last line of the help, where the exit codes of all commands do not tell enough. */
  exits?: string;
  run: (values: Values<F>, positionals: readonly string[], deps: GoSreDeps) => Promise<ExitCode>;
};

/** A command as the table holds it: whatever its flags are, a list of words and what is outside go in. */
export type Command = Pick<Declaration<Flags>, 'name' | 'summary'> & {
  help: string;
  /** @throws CliError: exit code 2 when the words are wrong, or as the command's `run` does */
  execute: (argv: readonly string[], deps: GoSreDeps) => Promise<ExitCode>;
};

const help = { type: 'boolean', short: 'h', does: 'this text' } as const;

/** Makes a declared command one of the table; `--help` is there for all of them. */
export function command<const F extends Flags>(declared: Declaration<F>): Command {
  const options: ParseArgsConfig['options'] = { ...declared.flags, help };
  const text = helpText(declared);
  return {
    name: declared.name,
    summary: declared.summary,
    help: text,
    execute: async (argv, deps) => {
      const { values, positionals } = readFlags(
        () => parseArgs({ args: [...argv], options, allowPositionals: true }),
        Object.keys(options),
      );
      if (values.help !== true) return declared.run(values as Values<F>, positionals, deps);
      deps.stdout.write(text);
      return 0;
    },
  };
}

function helpText({ name, takes, summary, details, flags, exits }: Declaration<Flags>): string {
  const usage = ['go-sre', name, ...(takes === undefined ? [] : [takes]), '[flags]'].join(' ');
  const rows = Object.entries({ ...flags, help }).map(([flag, { short, value, does }]: [string, Flag]) => [
    `${short === undefined ? '' : `-${short}, `}--${flag}${value === undefined ? '' : ` ${value}`}`,
    does,
  ]);
  const width = Math.max(...rows.map(([left]) => left!.length));
  const lines = rows.map(([left, does]) => `  ${left!.padEnd(width)}  ${does}`);
  const paragraphs = [
    `Usage: ${usage}`,
    summary,
    ...(details === undefined ? [] : [details.replace(/^\n+|\s+$/g, '')]),
  ];
  return `${[...paragraphs, lines.join('\n'), exits ?? exitCodes].join('\n\n')}\n`;
}

/** The exit codes of all commands, for their help. */
export const exitCodes =
  'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but for what is printed, 130 cancelled.';
