import { hadolintRule } from './card.ts';

/** Codes are two capitals or more and digits; a comment with another word switches off nothing. */
const pragma = /^#\s*hadolint\s+ignore\s*=\s*[A-Z]{2,}\d+(?:\s*,\s*[A-Z]{2,}\d+)*\s*(?:#.*)?$/;

export const dl1001 = hadolintRule({
  code: 'DL1001',
  severity: 'off',
  title: 'No comments that switch rules off',
  what: 'Finds comments that switch rules off for one instruction. Off unless a configuration gives it a severity.',
  why: 'Where a team wants exceptions in one reviewed file, comments scattered over Dockerfiles hide them.',
  mend: 'Remove the comment and mend what it hides, or name the rule in the configuration.',
  always: true,
  check: ({ build }) =>
    build.dockerfile.comments
      .filter(({ text }) => pragma.test(text))
      .map(({ line }) => ({ line, message: 'This comment switches rules off for the next instruction.' })),
});
