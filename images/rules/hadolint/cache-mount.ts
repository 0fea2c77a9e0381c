import type { ShellCommand } from '../../shell/syntax.ts';
import type { Rule } from '../rule.ts';
import { hasWord } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { keptOut } from './mounts.ts';
import { eachCommand } from './runs.ts';

/** A tool that downloads into a folder which a cache mount would keep from one build to the next. */
export type Downloader = {
  code: string;
  /** As people call it. */
  tool: string;
  /** Whether a command downloads. */
  downloads: (command: ShellCommand) => boolean;
  /** Parts of the paths of which one has to be mounted. */
  folders: readonly string[];
  /** An example of the mount. */
  mount: string;
};

/** A rule of hadolint's that is newer than 2.15.1: off unless a configuration gives it a severity. */
export function cacheMountRule({ code, tool, downloads, folders, mount }: Downloader): Rule {
  return hadolintRule({
    code,
    severity: 'off',
    title: `${tool} has a cache mount`,
    what: `Finds ${tool} in a RUN that mounts no cache for it. Newer than hadolint 2.15.1, and off unless a configuration gives it a severity.`,
    why: 'Without the mount everything is downloaded again with each change, and what is downloaded stays in the layer.',
    mend: `Write RUN --mount=type=cache,target=${mount}.`,
    check: eachCommand((command, { instruction }) =>
      downloads(command) && !folders.some((folder) => keptOut(instruction, folder))
        ? { message: `${command.name} downloads, and no cache is mounted at ${mount}.` }
        : undefined,
    ),
  });
}

/** Whether a command has one of these names and one of these words; any, where no words are given. */
export function called(
  names: readonly string[],
  words: readonly string[] = [],
): (command: ShellCommand) => boolean {
  return (command) => names.includes(command.name) && (words.length === 0 || hasWord(command, words));
}
