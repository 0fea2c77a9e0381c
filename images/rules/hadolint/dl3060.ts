import { hasWord } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { isShipped, stretchesOf } from './from.ts';
import { leavesCache } from './left-cache.ts';
import { commandLine, runOf } from './runs.ts';

const cleaning = { installs: ['install'], cleans: ['cache', 'clean'], mount: '.cache/yarn' };

export const dl3060 = hadolintRule({
  code: 'DL3060',
  severity: 'info',
  title: 'yarn install is followed by a clean',
  what: 'Finds yarn install that leaves its cache in a stage which ends up in an image.',
  why: 'The cache is in the layer, often larger than what was installed, and nothing reads it later.',
  mend: 'End the RUN with yarn cache clean, or mount a cache at /root/.cache/yarn.',
  check: (subject) => {
    const stretches = stretchesOf(subject.build.dockerfile.instructions);
    return stretches.flatMap((stretch) => {
      const shipped = isShipped(stretch, stretches);
      return stretch.instructions.flatMap((outer) => {
        const run = runOf(subject, outer);
        const command = run && (shipped || run.deferred) ? leavesCache(run, 'yarn', cleaning) : undefined;
        if (run === undefined || command === undefined || hasWord(command, cleaning.cleans)) return [];
        return [{ line: commandLine(run, command), message: 'yarn leaves its cache in the layer.' }];
      });
    });
  },
});
