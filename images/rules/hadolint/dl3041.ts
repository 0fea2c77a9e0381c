import { hasWord, listed } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { looseRpms } from './rpm.ts';
import { eachCommand } from './runs.ts';

export const dl3041 = hadolintRule({
  code: 'DL3041',
  severity: 'warning',
  title: 'dnf installs versions',
  what: 'Finds packages that dnf or microdnf install takes in whatever version is the newest.',
  why: 'Two builds of the same file get different packages.',
  mend: 'Write package-version, for a module module:stream.',
  check: eachCommand((command) => {
    const dnf = ['dnf', 'microdnf'].includes(command.name) && hasWord(command, ['install']);
    const loose = dnf ? looseRpms(command) : [];
    return loose.length === 0
      ? undefined
      : { message: `${command.name} installs ${listed(loose)} without a version.` };
  }),
});
