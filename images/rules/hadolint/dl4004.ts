import { hadolintRule } from './card.ts';
import { repeated } from './repeated.ts';

export const dl4004 = hadolintRule({
  code: 'DL4004',
  severity: 'error',
  title: 'One ENTRYPOINT a stage',
  what: 'Finds a second ENTRYPOINT in a stage.',
  why: 'Only the last one counts; the others mislead the reader.',
  mend: 'Keep the one that is meant.',
  check: ({ build }) => repeated(build.dockerfile.instructions, 'entrypoint'),
});
