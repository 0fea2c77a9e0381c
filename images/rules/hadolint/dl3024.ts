import { hadolintRule } from './card.ts';
import { readFrom } from './from.ts';

export const dl3024 = hadolintRule({
  code: 'DL3024',
  severity: 'error',
  title: 'Stages have names of their own',
  what: 'Finds a second stage of the same alias.',
  why: 'Which of them a later COPY --from means is a matter of order: the build fails or takes the wrong one.',
  mend: 'Rename one of them.',
  check: ({ build }) => {
    const aliases = new Set<string>();
    return build.dockerfile.instructions.flatMap((instruction) => {
      const { alias } = instruction.keyword === 'from' ? readFrom(instruction) : { alias: undefined };
      if (alias === undefined) return [];
      if (!aliases.has(alias)) {
        aliases.add(alias);
        return [];
      }
      return [{ line: instruction.startLine, message: `There is another stage ${alias} above.` }];
    });
  },
});
