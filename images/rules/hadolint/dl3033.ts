import { listed, runsWith } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { looseRpms } from './rpm.ts';
import { eachCommand } from './runs.ts';

export const dl3033 = hadolintRule({
  code: 'DL3033',
  severity: 'warning',
  title: 'yum installs versions',
  what: 'Finds packages that yum install takes in whatever version is the newest.',
  why: 'Two builds of the same file get different packages.',
  mend: 'Write package-version, for a module module:stream.',
  check: eachCommand((command) => {
    const loose = runsWith(command, 'yum', ['install']) ? looseRpms(command) : [];
    return loose.length === 0 ? undefined : { message: `yum installs ${listed(loose)} without a version.` };
  }),
});
