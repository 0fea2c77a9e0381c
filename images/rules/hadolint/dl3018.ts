import { listed, operandsBut, runsWith } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

export const dl3018 = hadolintRule({
  code: 'DL3018',
  severity: 'warning',
  title: 'apk adds versions',
  what: 'Finds packages that apk add takes in whatever version is the newest.',
  why: 'Two builds of the same file get different packages, and a cached layer keeps old ones.',
  mend: 'Write package=version, or package~version for any revision of it.',
  check: eachCommand((command) => {
    if (!runsWith(command, 'apk', ['add'])) return undefined;
    const loose = operandsBut(command, ['add'], ['t', 'virtual', 'repository', 'X']).filter(
      (name) => !/[=~<>]/.test(name) && !name.endsWith('.apk'),
    );
    return loose.length === 0 ? undefined : { message: `apk adds ${listed(loose)} without a version.` };
  }),
});
