import type { Dockerfile, Instruction } from '../../dockerfile/syntax.ts';
import type { Edit } from '../rule.ts';
import { hadolintRule } from './card.ts';
import { unquote } from './from.ts';
import { asViolation } from './runs.ts';

export const dl4000 = hadolintRule({
  code: 'DL4000',
  severity: 'error',
  title: 'LABEL names the maintainer, not MAINTAINER',
  what: 'Finds MAINTAINER.',
  why: 'It is deprecated: tools that read labels do not see it.',
  mend: 'Write LABEL maintainer="Name <name@example.org>", or org.opencontainers.image.authors.',
  check: ({ build }) =>
    build.dockerfile.instructions
      .filter(({ keyword }) => keyword === 'maintainer')
      .map((instruction) =>
        asViolation(instruction.startLine, {
          message: 'MAINTAINER is deprecated.',
          fix: asLabel(build.dockerfile, instruction),
        }),
      ),
});

/** MAINTAINER takes its text as it is, a label's value is quoted. */
function asLabel(
  { lines }: Dockerfile,
  { startLine, endLine, spelling, args }: Instruction,
): readonly Edit[] | undefined {
  const name = unquote(args);
  if (startLine !== endLine || args === '' || /["'$\\`]/.test(name)) return undefined;
  const indent = lines[startLine - 1]!.slice(0, lines[startLine - 1]!.indexOf(spelling));
  const label = spelling === spelling.toLowerCase() ? 'label' : 'LABEL';
  return [{ startLine, endLine, lines: [`${indent}${label} maintainer="${name}"`] }];
}
