import { hadolintRule } from './card.ts';
import { unquote } from './from.ts';
import { isAbsolute } from './paths.ts';

export const dl3000 = hadolintRule({
  code: 'DL3000',
  severity: 'error',
  title: 'WORKDIR is absolute',
  what: 'Finds WORKDIR with a path that does not begin at the root.',
  why: 'A relative path depends on the WORKDIR before it, which a later edit or another base image changes.',
  mend: 'Write the whole path, /srv/app for app.',
  check: ({ build }) =>
    build.dockerfile.instructions
      .filter(({ keyword, args }) => keyword === 'workdir' && args !== '' && !isAbsolute(unquote(args)))
      .map(({ startLine, args }) => ({
        line: startLine,
        message: `WORKDIR ${args} is relative to the one before it.`,
      })),
});
