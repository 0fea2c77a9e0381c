import { hadolintRule } from './card.ts';
import { fromOf } from './copies.ts';
import { stretchesOf } from './from.ts';

export const dl3023 = hadolintRule({
  code: 'DL3023',
  severity: 'error',
  title: 'COPY --from names another stage',
  what: 'Finds COPY --from of the stage it stands in.',
  why: 'A stage cannot copy from itself: the build fails.',
  mend: 'Name the stage that is meant.',
  check: ({ build }) =>
    stretchesOf(build.dockerfile.instructions).flatMap(({ from, instructions }) =>
      instructions
        .filter(
          (instruction) =>
            instruction.keyword === 'copy' && from?.alias !== undefined && fromOf(instruction) === from.alias,
        )
        .map(({ startLine }) => ({
          line: startLine,
          message: `The stage ${from?.alias} copies from itself.`,
        })),
    ),
});
