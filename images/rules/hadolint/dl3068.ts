import { listed, operandsBut, runsWith } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

export const dl3068 = hadolintRule({
  code: 'DL3068',
  severity: 'off',
  title: 'pecl installs versions',
  what: 'Finds extensions that pecl install takes in whatever version is the newest. Newer than hadolint 2.15.1, and off unless a configuration gives it a severity.',
  why: 'Two builds of the same file get different extensions.',
  mend: 'Write name-1.2.3.',
  check: eachCommand((command) => {
    if (!runsWith(command, 'pecl', ['install']) || operandsBut(command, [])[0] !== 'install')
      return undefined;
    const loose = operandsBut(command, ['install']).filter((name) => !isPinned(name));
    return loose.length === 0 ? undefined : { message: `pecl installs ${listed(loose)} without a version.` };
  }),
});

/** A version, an archive or description on disk, or an address. */
function isPinned(name: string): boolean {
  return /-\d[^/]*$|\.(?:tgz|tar|tar\.gz|xml)$|^https?:\/\//.test(name);
}
