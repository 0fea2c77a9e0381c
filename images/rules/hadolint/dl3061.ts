import { hadolintRule } from './card.ts';
import { stretchesOf } from './from.ts';

export const dl3061 = hadolintRule({
  code: 'DL3061',
  severity: 'error',
  title: 'FROM comes first',
  what: 'Finds instructions in front of the first FROM. ARG and comments may stand there.',
  why: 'There is no image yet that they could change: the build fails.',
  mend: 'Move them behind the FROM.',
  check: ({ build }) => {
    const [first] = stretchesOf(build.dockerfile.instructions);
    if (first === undefined || first.from !== undefined) return [];
    return first.instructions
      .filter(({ keyword }) => keyword !== 'arg')
      .map(({ startLine, spelling }) => ({
        line: startLine,
        message: `${spelling.toUpperCase()} stands in front of every FROM.`,
      }));
  },
});
