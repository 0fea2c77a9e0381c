import { hadolintRule } from './card.ts';

export const dl3043 = hadolintRule({
  code: 'DL3043',
  severity: 'error',
  title: 'ONBUILD defers what can be deferred',
  what: 'Finds ONBUILD with ONBUILD, FROM or MAINTAINER behind it.',
  why: 'None of them can be deferred: the build that meets it fails.',
  mend: 'Remove it.',
  check: ({ build }) =>
    build.dockerfile.instructions
      .filter(
        ({ trigger }) => trigger !== undefined && ['onbuild', 'from', 'maintainer'].includes(trigger.keyword),
      )
      .map(({ startLine, trigger }) => ({
        line: startLine,
        message: `ONBUILD cannot defer ${trigger?.keyword.toUpperCase()}.`,
      })),
});
