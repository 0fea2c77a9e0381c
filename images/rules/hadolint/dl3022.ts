import { hadolintRule } from './card.ts';
import { fromOf } from './copies.ts';
import { readFrom } from './from.ts';

export const dl3022 = hadolintRule({
  code: 'DL3022',
  severity: 'warning',
  title: 'COPY --from names a stage above',
  what: 'Finds COPY --from of what is neither a stage above nor an image with a tag or digest.',
  why: 'A misspelt stage is taken for an image of that name, which is pulled from a registry.',
  mend: 'Write the alias of a stage above, or the image with its version.',
  check: ({ build }) => {
    const aliases = new Set<string>();
    let stages = 0;
    return build.dockerfile.instructions.flatMap((instruction) => {
      if (instruction.keyword === 'from') {
        stages++;
        const { alias } = readFrom(instruction);
        if (alias !== undefined) aliases.add(alias);
      }
      const from = instruction.keyword === 'copy' ? fromOf(instruction) : undefined;
      if (from === undefined || from.includes(':') || aliases.has(from)) return [];
      if (/^\d+$/.test(from) && Number(from) < stages) return [];
      return [{ line: instruction.startLine, message: `There is no stage ${from} above.` }];
    });
  },
});
