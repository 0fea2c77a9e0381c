import { hadolintRule } from './card.ts';
import { readFrom } from './from.ts';

export const dl3007 = hadolintRule({
  code: 'DL3007',
  severity: 'warning',
  title: 'Base images are not latest',
  what: 'Finds FROM with the tag latest and no digest.',
  why: 'latest moves with every release: the same file builds something else tomorrow.',
  mend: 'Name a version, and best a digest behind it.',
  check: ({ build }) =>
    build.dockerfile.instructions.flatMap((instruction) => {
      if (instruction.keyword !== 'from') return [];
      const { name, tag, digest } = readFrom(instruction);
      if (tag !== 'latest' || digest !== undefined) return [];
      return [{ line: instruction.startLine, message: `${name}:latest is another image with each release.` }];
    }),
});
