import { shellLine } from '../../../shell/of-instruction.ts';
import { readShell } from '../../../shell/parser.ts';
import type { ShellCommand } from '../../../shell/syntax.ts';
import { joinPath } from './paths.ts';
import { commandName, commandsOf } from './shell.ts';
import type { Step } from './steps.ts';

/** One go command that a RUN runs. */
export type GoRun = {
  step: Step;
  line: number;
  /** `build`, `install`, `mod download`, `test`, … */
  verb: string;
  args: readonly string[];
  /** Variables set for it on the line, by `export` in front of it, or by `go env -w`; undefined: the value is not known. */
  env: ReadonlyMap<string, string | undefined>;
  /** The whole command with the variables that ENV and ARG set. */
  text: string;
  /** The folder it runs in, as far as `cd` in front of it tells. */
  folder: string;
  /** Where `-o` writes to, absolute. */
  output: string | undefined;
};

const goNames = /^(?:go(?:\d+(?:\.\d+)*)?|xx-go)$/;

/** The go commands of a step, in their order, read once. */
export function goRunsOf(step: Step): readonly GoRun[] {
  return step.goRuns();
}

/** Reads the go commands of a step. */
export function readGoRuns(step: Step): GoRun[] {
  const runs: GoRun[] = [];
  const exported = new Map<string, string | undefined>();
  let folder = step.workdir;
  for (const { command, index } of withInner(commandsOf(step), step)) {
    const name = commandName(command);
    for (const [key, value] of exportsOf(command, name)) exported.set(key, value);
    if (name === 'cd' && command.args[0] !== undefined) folder = joinPath(folder, command.args[0]);
    const go = goCommand(command, name);
    if (go === undefined) continue;
    const { verb, args } = verbOf(go.args);
    if (verb === 'env' && args.includes('-w')) for (const pair of pairs(args)) exported.set(...pair);
    const output = outputOf(args);
    runs.push({
      step,
      line: shellLine(step.instruction, index),
      verb,
      args,
      folder,
      text: withValues(command.words.map(({ text }) => text).join(' '), step, exported),
      env: new Map([...exported, ...go.env]),
      output: output === undefined ? undefined : joinPath(folder, output),
    });
  }
  return runs;
}

/** Whether the verb ends in a program. */
export function makesProgram(verb: string): boolean {
  return verb === 'build' || verb === 'install';
}

/** Whether all that is installed are other modules' tools, by `go install MODULE@VERSION`. */
export function isToolInstall({ verb, args }: GoRun): boolean {
  const packages = args.filter((arg) => !arg.startsWith('-'));
  return (verb === 'install' || verb === 'run') && packages.some((arg) => /[^@]@[^@]/.test(arg));
}

/** The value of a variable for a go command: on its line, or by ENV and ARG in front of it. */
export function envOf({ env, step }: GoRun, name: string): string | undefined {
  if (!env.has(name)) return step.scope.get(name);
  const value = env.get(name);
  // `CGO_ENABLED=${CGO_ENABLED}` hands on what ENV or ARG say.
  return value?.includes('$') === true ? step.scope.get(name) : value;
}

type Placed = { command: ShellCommand; index: number };

/** Commands in the text of `sh -c` stand in the place of that command. */
function withInner(commands: readonly ShellCommand[], { instruction }: Step): Placed[] {
  return commands.flatMap((command): Placed[] => {
    const { args, index } = command;
    const at = /^(?:ba|da|a|z)?sh$/.test(commandName(command))
      ? args.findIndex((arg) => /^-\w*c$/.test(arg))
      : -1;
    if (at < 0) return [{ command, index }];
    const text = instruction.json === undefined ? args[at + 1] : instruction.json.slice(2).join(' ');
    return readShell(text ?? '').commands.map((inner) => ({ command: inner, index }));
  });
}

function exportsOf({ args, assignments }: ShellCommand, name: string): [string, string | undefined][] {
  if (name === 'export')
    return [...pairs(args), ...assignments.map(({ name: key, value }) => [key, value] as const)].map(
      ([key, value]) => [key, value],
    );
  return name === '' ? assignments.map(({ name: key, value }) => [key, value]) : [];
}

/** The command itself, or what `env`, `time` and the like run. */
function goCommand(
  { args, assignments }: ShellCommand,
  name: string,
): { args: readonly string[]; env: [string, string][] } | undefined {
  const env = assignments.map(({ name: key, value }): [string, string] => [key, value]);
  if (goNames.test(name)) return { args, env };
  if (!['env', 'time', 'nice', 'xargs', 'exec', 'sudo'].includes(name)) return undefined;
  const at = args.findIndex((arg) => goNames.test(arg.slice(arg.lastIndexOf('/') + 1)));
  if (at < 0) return undefined;
  return { args: args.slice(at + 1), env: [...env, ...pairs(args.slice(0, at))] };
}

function pairs(args: readonly string[]): [string, string][] {
  return args.flatMap((arg): [string, string][] => {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(arg);
    return match === null ? [] : [[match[1]!, match[2]!]];
  });
}

/** `go -C dir build` builds too. */
function verbOf(args: readonly string[]): { verb: string; args: readonly string[] } {
  const rest = args[0] === '-C' ? args.slice(2) : args[0]?.startsWith('-C=') ? args.slice(1) : args;
  const [verb = '', ...others] = rest;
  if (verb !== 'mod' && verb !== 'work') return { verb, args: others };
  return { verb: `${verb} ${others[0] ?? ''}`, args: others.slice(1) };
}

function outputOf(args: readonly string[]): string | undefined {
  const at = args.indexOf('-o');
  return at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith('-o='))?.slice(3);
}

/** Quotes stay: the text is searched for words, and not run. */
function withValues(
  text: string,
  { scope }: Step,
  exported: ReadonlyMap<string, string | undefined>,
): string {
  return text.replace(
    /\$\{?([A-Za-z_]\w*)\}?/g,
    (written, name: string) => exported.get(name) ?? scope.get(name) ?? written,
  );
}
