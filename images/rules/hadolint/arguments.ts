import type { ShellCommand } from '../../shell/syntax.ts';

/** Whether one of these words is among the arguments of a command of this name. */
export function runsWith(command: ShellCommand, name: string, words: readonly string[]): boolean {
  return command.name === name && hasWord(command, words);
}

/** Whether one of these words is among the arguments. */
export function hasWord({ args }: ShellCommand, words: readonly string[]): boolean {
  return args.some((arg) => words.includes(arg));
}

/** Whether one of these flags is given, by its name without dashes. */
export function hasFlag({ flags }: ShellCommand, names: readonly string[]): boolean {
  return flags.some((flag) => names.includes(flag));
}

/** How often a flag is given. */
export function countFlag({ flags }: ShellCommand, name: string): number {
  return flags.filter((flag) => flag === name).length;
}

/** A dash or two alone are no flag: they mean standard input and the end of the flags. */
function isFlag(arg: string): boolean {
  return arg.startsWith('-') && arg !== '-' && arg !== '--';
}

/**
 * The arguments that are no flags and no values of those flags that take one as the next word (names without dashes;
 * letters count in clusters too, so `-yt x` gives its value to `t`).
 */
export function operands(args: readonly string[], valued: readonly string[] = []): string[] {
  const found: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (!isFlag(arg)) found.push(arg);
    else if (takesNext(arg, valued)) i++;
  }
  return found;
}

function takesNext(arg: string, valued: readonly string[]): boolean {
  if (arg.includes('=')) return false;
  return arg.startsWith('--')
    ? valued.includes(arg.slice(2))
    : [...arg.slice(1)].some((letter) => valued.includes(letter));
}

/** The operands without the words that name the action: `install`, `add`. */
export function operandsBut(
  { args }: ShellCommand,
  actions: readonly string[],
  valued: readonly string[] = [],
): string[] {
  return operands(args, valued).filter((arg) => !actions.includes(arg));
}

/** Names for a message: all, or the first few of them. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 4).join(', ');
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown;
}
