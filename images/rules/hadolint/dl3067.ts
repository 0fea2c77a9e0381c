import { hadolintRule } from './card.ts';
import { fromOf, sourcesOf, targetOf } from './copies.ts';

export const dl3067 = hadolintRule({
  code: 'DL3067',
  severity: 'warning',
  title: 'Stages hand over what is needed, not all of /',
  what: 'Finds COPY --from of / to /.',
  why: 'All that the stage needed for building is in the image then: compilers, sources, caches, secrets.',
  mend: 'Copy the files that the program needs.',
  check: ({ build }) =>
    build.dockerfile.instructions
      .filter((instruction) => instruction.keyword === 'copy' && fromOf(instruction) !== undefined)
      .filter((instruction) => targetOf(instruction) === '/' && sourcesOf(instruction).includes('/'))
      .map((instruction) => ({
        line: instruction.startLine,
        message: `All of ${fromOf(instruction)} is copied.`,
      })),
});
