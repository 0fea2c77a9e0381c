import { hadolintRule } from './card.ts';
import { readFrom } from './from.ts';

export const dl3063 = hadolintRule({
  code: 'DL3063',
  severity: 'warning',
  title: 'Stages are not called scratch or context',
  what: 'Finds stages of the names scratch and context.',
  why: 'scratch is the empty image, and context the folder that is built from: what a later FROM or COPY --from means is not what it says.',
  mend: 'Give the stage another name.',
  check: ({ build }) =>
    build.dockerfile.instructions.flatMap((instruction) => {
      const { alias } = instruction.keyword === 'from' ? readFrom(instruction) : { alias: undefined };
      if (alias !== 'scratch' && alias !== 'context') return [];
      return [{ line: instruction.startLine, message: `${alias} is no name for a stage.` }];
    }),
});
