import { hasFlag, hasWord, runsWith } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

export const dl3015 = hadolintRule({
  code: 'DL3015',
  severity: 'info',
  title: 'apt-get installs nothing that is only recommended',
  what: 'Finds apt-get install without --no-install-recommends.',
  why: 'Recommended packages make the image larger and bring programs that nobody asked for.',
  mend: 'Add --no-install-recommends, and name what is really needed.',
  check: eachCommand((command) => {
    if (!runsWith(command, 'apt-get', ['install'])) return undefined;
    const without =
      hasFlag(command, ['no-install-recommends']) || hasWord(command, ['APT::Install-Recommends=false']);
    if (without) return undefined;
    return { message: 'apt-get install takes recommended packages too.' };
  }),
});
