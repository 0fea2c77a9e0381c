import type { Dockerfile, Instruction } from '../../dockerfile/syntax.ts';
import type { ShellCommand } from '../../shell/syntax.ts';
import type { Edit } from '../rule.ts';
import type { Run } from './runs.ts';

/**
 * Replaces characters of an instruction's `args` in the file's line.
 * @returns undefined where they stand in several lines, or their place in the file is not certain
 */
export function replaceArgs(
  { lines }: Dockerfile,
  { args, lineAt }: Instruction,
  from: number,
  to: number,
  text: string,
): readonly Edit[] | undefined {
  const line = lineAt(from);
  if (to > from && lineAt(to - 1) !== line) return undefined;
  let start = from;
  while (start > 0 && lineAt(start - 1) === line) start--;
  let end = to;
  while (end < args.length && lineAt(end) === line) end++;
  const piece = args.slice(start, end);
  const whole = lines[line - 1] ?? '';
  const column = whole.lastIndexOf(piece);
  if (column < 0) return undefined;
  const at = column + from - start;
  return [
    { startLine: line, endLine: line, lines: [whole.slice(0, at) + text + whole.slice(at + to - from)] },
  ];
}

/** Puts a flag behind a word of a command, `install` for one; undefined where the command is not the instruction's plain text. */
export function flagBehind(
  dockerfile: Dockerfile,
  { instruction }: Run,
  command: ShellCommand,
  words: readonly string[],
  flag: string,
): readonly Edit[] | undefined {
  const word = command.words.find(({ text }) => words.includes(text));
  if (word === undefined || !isPlain(instruction, command)) return undefined;
  return replaceArgs(dockerfile, instruction, word.end, word.end, ` ${flag}`);
}

/** Whether a command's indices count in the instruction's text: it is no exec form, here-document or backtick. */
export function isPlain({ json, heredocs, args }: Instruction, { index, words }: ShellCommand): boolean {
  if (json !== undefined || heredocs.length > 0) return false;
  return words.every((word) => args.slice(word.index, word.end) === word.text) && index >= 0;
}
