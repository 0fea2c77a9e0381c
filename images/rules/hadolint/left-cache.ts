import type { ShellCommand } from '../../shell/syntax.ts';
import { hasWord } from './arguments.ts';
import { keptOut } from './mounts.ts';
import type { Run } from './runs.ts';

/** A package manager that leaves a cache behind, and what takes it away. */
export type Cleaning = {
  /** Words of the command that fill the cache. */
  installs: readonly string[];
  /** Words of the same tool that empty it. */
  cleans: readonly string[];
  /** Words of `rm` that do as well. */
  removes?: readonly string[];
  /** A path that may be a cache mount. */
  mount?: string;
};

/** The first command of a tool that fills a cache which nothing behind it in the RUN empties. */
export function leavesCache(
  { instruction, shell }: Run,
  tool: string,
  cleaning: Cleaning,
): ShellCommand | undefined {
  const { installs, cleans, removes = [], mount } = cleaning;
  const { commands } = shell;
  const first = commands.findIndex((command) => command.name === tool && hasWord(command, installs));
  if (first < 0 || (mount !== undefined && keptOut(instruction, mount))) return undefined;
  const cleaned = commands
    .slice(first + 1)
    .some(
      (command) =>
        (command.name === tool && hasWord(command, cleans)) ||
        (command.name === 'rm' && hasWord(command, removes)),
    );
  return cleaned ? undefined : commands[first];
}
