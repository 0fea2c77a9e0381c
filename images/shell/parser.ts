import { CommandReader } from './command-reader.ts';
import type { Shell, ShellCommand } from './syntax.ts';
import { ShellSyntaxError } from './word-reader.ts';

/** Longer texts are no scripts that anybody wrote into a Dockerfile. */
const maxLength = 1_000_000;

/**
 * Reads a shell text (POSIX with bash's additions): every simple command wherever it stands, in loops, functions and
 * substitutions too. What cannot follow a complete command is left out; where a quote or a construct is left open the
 * text is `broken` and has no commands. Never throws; its time is linear in the text.
 */
export function readShell(text: string): Shell {
  if (text.length > maxLength) return { commands: [], pipelines: 0, broken: true };
  const reader = new CommandReader(text);
  try {
    reader.read();
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    return { commands: [], pipelines: 0, broken: true };
  }
  return { commands: reader.commands, pipelines: reader.pipelines, broken: false };
}

/** The commands of a shell text, as `readShell` reads it. */
export function parseShell(text: string): readonly ShellCommand[] {
  return readShell(text).commands;
}
