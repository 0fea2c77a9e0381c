import { hadolintRule } from './card.ts';
import { fromOf, sourcesOf } from './copies.ts';

export const dl4007 = hadolintRule({
  code: 'DL4007',
  severity: 'off',
  title: 'COPY names what it needs, not all of the context',
  what: 'Finds COPY of the whole context. Newer than hadolint 2.15.1, and off unless a configuration gives it a severity.',
  why: 'Any change in the folder copies and builds everything again, and secrets beside the source end up in the image.',
  mend: 'Name the files and folders that the build reads.',
  check: ({ build }) =>
    build.dockerfile.instructions
      .filter((instruction) => instruction.keyword === 'copy' && fromOf(instruction) === undefined)
      .filter((instruction) => sourcesOf(instruction).some((source) => source === '.' || source === './'))
      .map(({ startLine }) => ({ line: startLine, message: 'All of the context is copied.' })),
});
