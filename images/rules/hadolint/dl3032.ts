import { hadolintRule } from './card.ts';
import { leavesCache } from './left-cache.ts';
import { commandLine, runsOf } from './runs.ts';

const cleaning = {
  installs: ['install'],
  cleans: ['clean', 'all'],
  removes: ['-rf', '/var/cache/yum/*'],
};

export const dl3032 = hadolintRule({
  code: 'DL3032',
  severity: 'warning',
  title: 'yum install is followed by a clean',
  what: 'Finds yum install in a RUN that does not empty the cache behind it.',
  why: 'The cache is in the layer, often larger than what was installed, and nothing reads it later.',
  mend: 'End the RUN with yum clean all, or rm -rf /var/cache/yum/*.',
  check: (subject) =>
    runsOf(subject).flatMap((run) =>
      ['yum'].flatMap((tool) => {
        const command = leavesCache(run, tool, cleaning);
        return command === undefined
          ? []
          : [{ line: commandLine(run, command), message: `${tool} leaves its cache in the layer.` }];
      }),
    ),
});
