import { hasFlag, runsWith } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { flagBehind } from './edits.ts';
import { keptOut } from './mounts.ts';
import { eachCommand } from './runs.ts';

export const dl3019 = hadolintRule({
  code: 'DL3019',
  severity: 'info',
  title: 'apk add keeps no cache',
  what: 'Finds apk add without --no-cache and without a cache mount.',
  why: 'The index that apk keeps is in the layer, and nothing reads it later.',
  mend: 'Write apk add --no-cache; apk update and rm -rf /var/cache/apk/* are not needed then.',
  check: eachCommand((command, run, { build }) => {
    if (!runsWith(command, 'apk', ['add']) || hasFlag(command, ['no-cache'])) return undefined;
    if (keptOut(run.instruction, '/var/cache/apk')) return undefined;
    const fix = flagBehind(build.dockerfile, run, command, ['add'], '--no-cache');
    return { message: 'apk add leaves its index in the layer, --no-cache is missing.', fix };
  }),
});
