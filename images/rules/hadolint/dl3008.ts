import { listed, operandsBut, runsWith } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

export const dl3008 = hadolintRule({
  code: 'DL3008',
  severity: 'warning',
  title: 'apt-get installs versions',
  what: 'Finds packages that apt-get install takes in whatever version is the newest.',
  why: 'Two builds of the same file get different packages, and a cached layer keeps old ones.',
  mend: 'Write package=version; a * in it allows for security updates of one release (curl=7.88.*).',
  check: eachCommand((command) => {
    if (!runsWith(command, 'apt-get', ['install'])) return undefined;
    const loose = operandsBut(command, ['install'], ['t', 'target-release']).filter(
      (name) => !isPinned(name),
    );
    return loose.length === 0
      ? undefined
      : { message: `apt-get installs ${listed(loose)} without a version.` };
  }),
});

/** A version, a target release, or a file. */
function isPinned(name: string): boolean {
  return name.includes('=') || name.includes('/') || name.endsWith('.deb');
}
