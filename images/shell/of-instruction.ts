import type { Instruction } from '../dockerfile/syntax.ts';
import { readShell } from './parser.ts';
import type { Shell } from './syntax.ts';

/** What the shell of a RUN holds; its indices count in `shellText(instruction)`. */
export type ShellOf = (instruction: Instruction) => Shell;

/** Makes a reader of RUN instructions that reads each of them once, however many rules ask. */
export function createShellOf(): ShellOf {
  const known = new WeakMap<Instruction, Shell>();
  return (instruction) => {
    const before = known.get(instruction);
    if (before !== undefined) return before;
    const shell = readShell(shellText(instruction));
    known.set(instruction, shell);
    return shell;
  };
}

/**
 * The shell text that a RUN runs: its line, its exec form joined with blanks, or the here-document where that is the script
 * (nothing in front of `<<`).
 */
export function shellText(instruction: Instruction): string {
  if (instruction.json !== undefined) return instruction.json.join(' ');
  const script = instruction.heredocs[0];
  if (script === undefined || !/^\d*<</.test(instruction.args)) return instruction.args;
  return script.chomp ? script.content.replace(/^\t+/gm, '') : script.content;
}
