import type { ShellCommand } from '../../shell/syntax.ts';
import { hasWord, operandsBut } from './arguments.ts';

/** `name-1.2`, `name-1:1.2-3.el9`, or a variable in the version's place. */
const pinned = /^[^$]*-(?:\d+:)?(?:\d[\w.^~+:-]*|\$\{VAR\})$/;

/** Packages of yum and dnf that have no version; of modules, those without a stream. */
export function looseRpms(command: ShellCommand): string[] {
  const modules = hasWord(command, ['module']);
  const names = operandsBut(command, modules ? ['install', 'module'] : ['install']);
  return names.filter((name) => (modules ? !name.includes(':') : !pinned.test(name)));
}
