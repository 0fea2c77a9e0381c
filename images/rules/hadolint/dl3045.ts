import type { Instruction } from '../../dockerfile/syntax.ts';
import { hadolintRule } from './card.ts';
import { targetOf } from './copies.ts';
import { inheriting, stretchesOf } from './from.ts';
import { isAbsolute } from './paths.ts';

export const dl3045 = hadolintRule({
  code: 'DL3045',
  severity: 'warning',
  title: 'COPY goes to an absolute path, or WORKDIR is set',
  what: 'Finds COPY to a relative path in a stage where no WORKDIR is set.',
  why: 'It lands wherever the base image has its working directory, which nobody sees here and another version may change.',
  mend: 'Set WORKDIR above, or write the whole path.',
  check: ({ build }) =>
    inheriting(stretchesOf(build.dockerfile.instructions), ({ instructions }) =>
      instructions.some(isWorkdir),
    ).flatMap(({ inherited, stretch: { instructions } }) => {
      const first = inherited ? 0 : instructions.findIndex(isWorkdir);
      return (first < 0 ? instructions : instructions.slice(0, first))
        .filter((instruction) => instruction.keyword === 'copy' && !isAbsolute(targetOf(instruction)))
        .map((instruction) => ({
          line: instruction.startLine,
          message: `${targetOf(instruction)} is relative, and no WORKDIR is set.`,
        }));
    }),
});

function isWorkdir({ keyword }: Instruction): boolean {
  return keyword === 'workdir';
}
