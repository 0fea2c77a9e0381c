import { hadolintRule } from './card.ts';
import { leavesCache } from './left-cache.ts';
import { commandLine, runsOf } from './runs.ts';

const cleaning = {
  installs: ['install', 'upgrade', 'reinstall'],
  cleans: ['clean', 'all'],
  removes: ['-rf', '/var/cache/libdnf5*'],
  mount: '/var/cache/libdnf5',
};

export const dl3040 = hadolintRule({
  code: 'DL3040',
  severity: 'warning',
  title: 'dnf install is followed by a clean',
  what: 'Finds dnf or microdnf install in a RUN that does not empty the cache behind it.',
  why: 'The cache is in the layer, often larger than what was installed, and nothing reads it later.',
  mend: 'End the RUN with dnf clean all, or mount a cache at /var/cache/libdnf5.',
  check: (subject) =>
    runsOf(subject).flatMap((run) =>
      ['dnf', 'microdnf'].flatMap((tool) => {
        const command = leavesCache(run, tool, cleaning);
        return command === undefined
          ? []
          : [{ line: commandLine(run, command), message: `${tool} leaves its cache in the layer.` }];
      }),
    ),
});
