import type { ShellCommand } from '../../shell/syntax.ts';
import { countFlag, hasFlag, hasWord, runsWith } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { flagBehind } from './edits.ts';
import { eachCommand } from './runs.ts';

export const dl3014 = hadolintRule({
  code: 'DL3014',
  severity: 'warning',
  title: 'apt-get install asks nobody',
  what: 'Finds apt-get install without a flag that answers yes.',
  why: 'There is nobody to answer in a build: the step fails.',
  mend: 'Write apt-get install -y.',
  check: eachCommand((command, run, { build }) => {
    if (!runsWith(command, 'apt-get', ['install']) || answersYes(command)) return undefined;
    const fix = flagBehind(build.dockerfile, run, command, ['install'], '-y');
    return { message: 'apt-get install waits for an answer, -y is missing.', fix };
  }),
});

/** Quiet twice means yes as well. Source: https://manpages.debian.org/apt-get */
function answersYes(command: ShellCommand): boolean {
  if (hasFlag(command, ['y', 'yes', 'assume-yes']) || hasWord(command, ['-q=2'])) return true;
  return countFlag(command, 'q') === 2 || countFlag(command, 'quiet') === 2;
}
