import { listed, operandsBut, runsWith } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

const actions = ['install', 'in'];

export const dl3037 = hadolintRule({
  code: 'DL3037',
  severity: 'warning',
  title: 'zypper installs versions',
  what: 'Finds packages that zypper install takes in whatever version is the newest.',
  why: 'Two builds of the same file get different packages.',
  mend: 'Write package=version.',
  check: eachCommand((command) => {
    if (!runsWith(command, 'zypper', actions)) return undefined;
    const loose = operandsBut(command, actions).filter(
      (name) => !/[=<>]/.test(name) && !name.endsWith('.rpm'),
    );
    return loose.length === 0
      ? undefined
      : { message: `zypper installs ${listed(loose)} without a version.` };
  }),
});
