import type { Dockerfile, Instruction } from '../../dockerfile/syntax.ts';
import type { Edit, Violation } from '../rule.ts';
import { hadolintRule } from './card.ts';
import { sourcesOf, targetOf } from './copies.ts';
import { replaceArgs } from './edits.ts';
import { asViolation } from './runs.ts';

export const dl3021 = hadolintRule({
  code: 'DL3021',
  severity: 'error',
  title: 'A COPY of several files ends in /',
  what: 'Finds COPY of more than one source to a place that does not end in a slash.',
  why: 'The place has to be a folder, and only the slash says so: the build fails.',
  mend: 'Put a slash behind the last argument.',
  check: ({ build }) =>
    build.dockerfile.instructions.flatMap((instruction): Violation[] => {
      if (instruction.keyword !== 'copy' || sourcesOf(instruction).length < 2) return [];
      const target = targetOf(instruction);
      if (target.endsWith('/')) return [];
      const message = `${target} has to be a folder, with a slash behind it.`;
      return [
        asViolation(instruction.startLine, { message, fix: slashBehind(build.dockerfile, instruction) }),
      ];
    }),
});

function slashBehind(dockerfile: Dockerfile, instruction: Instruction): readonly Edit[] | undefined {
  const { args, json, words } = instruction;
  if (json !== undefined || /["'$\\]/.test(words.at(-1)?.text ?? '"')) return undefined;
  return replaceArgs(dockerfile, instruction, args.length, args.length, '/');
}
