import { hasFlag, hasWord } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { flagBehind } from './edits.ts';
import { eachCommand } from './runs.ts';

const tools = new Set(['yum']);
const actions = ['install', 'groupinstall', 'localinstall'];

export const dl3030 = hadolintRule({
  code: 'DL3030',
  severity: 'warning',
  title: 'yum install asks nobody',
  what: 'Finds yum install without a flag that answers yes.',
  why: 'There is nobody to answer in a build: the step fails.',
  mend: 'Add -y to the command.',
  check: eachCommand((command, run, { build }) => {
    if (!tools.has(command.name) || !hasWord(command, actions) || hasFlag(command, ['y', 'assumeyes']))
      return undefined;
    const fix = flagBehind(build.dockerfile, run, command, actions, '-y');
    return { message: `${command.name} waits for an answer, -y is missing.`, fix };
  }),
});
