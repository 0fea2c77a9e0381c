import type { Instruction } from '../../dockerfile/syntax.ts';
import { hadolintRule } from './card.ts';

export const dl3025 = hadolintRule({
  code: 'DL3025',
  severity: 'warning',
  title: 'CMD and ENTRYPOINT are JSON',
  what: 'Finds CMD, ENTRYPOINT and the command of HEALTHCHECK in shell form.',
  why: 'A shell is started around the program: it gets no signals, a stop takes ten seconds, and scratch has no shell.',
  mend: 'Write ["program", "argument"].',
  check: ({ build }) =>
    build.dockerfile.instructions.filter(startsAShell).map(({ startLine, spelling }) => ({
      line: startLine,
      message: `${spelling.toUpperCase()} starts a shell around its program.`,
    })),
});

function startsAShell({ keyword, args, json }: Instruction): boolean {
  if (json !== undefined) return false;
  if (keyword === 'healthcheck') return !/^none$/i.test(args);
  return keyword === 'cmd' || keyword === 'entrypoint';
}
