import { hadolintRule } from './card.ts';
import { readFrom } from './from.ts';

export const dl3006 = hadolintRule({
  code: 'DL3006',
  severity: 'warning',
  title: 'Base images have a tag',
  what: 'Finds FROM with neither tag nor digest. Stages of the same file, scratch and names that begin with a variable are left alone.',
  why: 'Without a tag the newest image is taken, so that the same file builds something else tomorrow.',
  mend: 'Name a version, golang:1.26.8-alpine for golang, and best a digest behind it.',
  check: ({ build }) => {
    const aliases = new Set<string>();
    return build.dockerfile.instructions.flatMap((instruction) => {
      if (instruction.keyword !== 'from') return [];
      const { name, tag, digest, alias } = readFrom(instruction);
      const known = name === 'scratch' || name === '' || name.startsWith('$') || aliases.has(name);
      if (alias !== undefined) aliases.add(alias);
      if (known || tag !== undefined || digest !== undefined) return [];
      return [{ line: instruction.startLine, message: `${name} has no tag.` }];
    });
  },
});
