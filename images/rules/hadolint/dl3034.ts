import { hasFlag, hasWord } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { flagBehind } from './edits.ts';
import { eachCommand } from './runs.ts';

const tools = new Set(['zypper']);
const actions = ['install', 'in', 'remove', 'rm', 'source-install', 'si', 'patch'];
/** Those that know -y themselves. */
const mendable = ['install', 'in', 'remove', 'rm', 'patch'];

export const dl3034 = hadolintRule({
  code: 'DL3034',
  severity: 'warning',
  title: 'zypper asks nobody',
  what: 'Finds zypper install, remove, source-install and patch without a flag that answers yes.',
  why: 'There is nobody to answer in a build: the step fails.',
  mend: 'Add -y to the command.',
  check: eachCommand((command, run, { build }) => {
    if (
      !tools.has(command.name) ||
      !hasWord(command, actions) ||
      hasFlag(command, ['n', 'non-interactive', 'no-confirm', 'y'])
    )
      return undefined;
    const fix = flagBehind(build.dockerfile, run, command, mendable, '-y');
    return { message: `${command.name} waits for an answer, -y is missing.`, fix };
  }),
});
