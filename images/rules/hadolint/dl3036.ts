import { hadolintRule } from './card.ts';
import { leavesCache } from './left-cache.ts';
import { commandLine, runsOf } from './runs.ts';

const cleaning = {
  installs: ['install', 'in'],
  cleans: ['clean', 'cc'],
  mount: '/var/cache/zypp',
};

export const dl3036 = hadolintRule({
  code: 'DL3036',
  severity: 'warning',
  title: 'zypper install is followed by a clean',
  what: 'Finds zypper install in a RUN that does not empty the cache behind it.',
  why: 'The cache is in the layer, often larger than what was installed, and nothing reads it later.',
  mend: 'End the RUN with zypper clean, or mount a cache at /var/cache/zypp.',
  check: (subject) =>
    runsOf(subject).flatMap((run) =>
      ['zypper'].flatMap((tool) => {
        const command = leavesCache(run, tool, cleaning);
        return command === undefined
          ? []
          : [{ line: commandLine(run, command), message: `${tool} leaves its cache in the layer.` }];
      }),
    ),
});
