import { hadolintRule } from './card.ts';
import { repeated } from './repeated.ts';

export const dl4003 = hadolintRule({
  code: 'DL4003',
  severity: 'warning',
  title: 'One CMD a stage',
  what: 'Finds a second CMD in a stage.',
  why: 'Only the last one counts; the others mislead the reader.',
  mend: 'Keep the one that is meant.',
  check: ({ build }) => repeated(build.dockerfile.instructions, 'cmd'),
});
