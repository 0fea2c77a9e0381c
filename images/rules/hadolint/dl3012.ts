import { hadolintRule } from './card.ts';
import { repeated } from './repeated.ts';

export const dl3012 = hadolintRule({
  code: 'DL3012',
  severity: 'error',
  title: 'One HEALTHCHECK a stage',
  what: 'Finds a second HEALTHCHECK in a stage.',
  why: 'Only the last one counts; the others mislead the reader.',
  mend: 'Keep the one that is meant.',
  check: ({ build }) => repeated(build.dockerfile.instructions, 'healthcheck'),
});
