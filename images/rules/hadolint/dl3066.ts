import { hadolintRule } from './card.ts';

export const dl3066 = hadolintRule({
  code: 'DL3066',
  severity: 'info',
  title: 'USER is a number',
  what: 'Finds USER with a name, or with a variable.',
  why: 'Kubernetes can only tell from a number that a container does not run as root (runAsNonRoot), and a name may be missing in /etc/passwd.',
  mend: 'Write the number of the user, 65532 for one.',
  check: ({ build }) =>
    build.dockerfile.instructions
      .filter(({ keyword, args }) => keyword === 'user' && !/^\d+(?::|$)/.test(args))
      .map(({ startLine, args }) => ({ line: startLine, message: `USER ${args} is no number.` })),
});
