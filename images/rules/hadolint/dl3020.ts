import type { Dockerfile, Instruction } from '../../dockerfile/syntax.ts';
import type { Edit, Violation } from '../rule.ts';
import { listed } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { isArchive, sourcesOf } from './copies.ts';
import { asViolation } from './runs.ts';

export const dl3020 = hadolintRule({
  code: 'DL3020',
  severity: 'error',
  title: 'COPY brings files in, not ADD',
  what: 'Finds ADD of what is neither an archive that it unpacks nor an http address.',
  why: 'ADD unpacks and downloads; a reader cannot see which is meant, and a file that happens to be an archive ends up in pieces.',
  mend: 'Write COPY in place of ADD.',
  check: ({ build }) =>
    build.dockerfile.instructions.flatMap((instruction): Violation[] => {
      if (instruction.keyword !== 'add') return [];
      const sources = sourcesOf(instruction);
      const plain = sources.filter((source) => !isArchive(source) && !/^https?:\/\//.test(source));
      if (plain.length === 0) return [];
      const fix = plain.length === sources.length ? asCopy(build.dockerfile, instruction, plain) : undefined;
      return [
        asViolation(instruction.startLine, {
          message: `ADD ${listed(plain)} does nothing that COPY does not do.`,
          fix,
        }),
      ];
    }),
});

/** Only where every source is certainly a file of the context, and no flag is one of ADD's own. */
function asCopy(
  { lines }: Dockerfile,
  { startLine, spelling, flags }: Instruction,
  sources: string[],
): readonly Edit[] | undefined {
  if (sources.some((source) => /[$@]|:\//.test(source))) return undefined;
  if (flags.some(({ name }) => !['chown', 'chmod', 'link'].includes(name))) return undefined;
  const line = lines[startLine - 1]!;
  const at = line.indexOf(spelling);
  const copy = spelling === spelling.toLowerCase() ? 'copy' : 'COPY';
  return at < 0
    ? undefined
    : [
        {
          startLine,
          endLine: startLine,
          lines: [line.slice(0, at) + copy + line.slice(at + spelling.length)],
        },
      ];
}
