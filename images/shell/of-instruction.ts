import type { Instruction } from '../dockerfile/syntax.ts';
import { readShell } from './parser.ts';
import type { Shell } from './syntax.ts';

/** A script whose first line names something that is no shell. */
const otherInterpreter = /^#!(?!.*\b(?:ba|da|a|k|z)?sh\b)/;

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
  if (script === undefined || !isScript(instruction)) return instruction.args;
  if (otherInterpreter.test(script.content)) return '';
  return script.chomp ? script.content.replace(/^\t+/gm, '') : script.content;
}

/** The line in the file of a character of an instruction's shell text. */
export function shellLine(instruction: Instruction, index: number): number {
  if (instruction.json !== undefined) return instruction.startLine;
  const script = instruction.heredocs[0];
  if (script === undefined || !isScript(instruction)) return instruction.lineAt(index);
  const text = shellText(instruction);
  let line = script.startLine;
  for (let at = text.indexOf('\n'); at >= 0 && at < index; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

/** Whether the here-document is the script itself: nothing stands in front of `<<`. */
function isScript({ args }: Instruction): boolean {
  return /^\d*<</.test(args);
}
