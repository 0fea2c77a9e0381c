import { hadolintRule } from './card.ts';
import { baseName } from './copies.ts';
import { stretchesOf } from './from.ts';

export const dl4006 = hadolintRule({
  code: 'DL4006',
  severity: 'warning',
  title: 'Pipes fail when a part of them fails',
  what: 'Finds RUN with a pipe under a shell that has no pipefail set by SHELL.',
  why: 'Only the last command of a pipe counts: where the download in front of it fails, the step goes on.',
  mend: 'Write SHELL ["/bin/bash", "-o", "pipefail", "-c"] above.',
  check: (subject) =>
    stretchesOf(subject.build.dockerfile.instructions).flatMap(({ instructions }) => {
      let safe = false;
      return instructions.flatMap((instruction) => {
        if (instruction.keyword === 'shell')
          safe = failsWithPipe(instruction.json ?? instruction.words.map(({ text }) => text));
        if (instruction.keyword !== 'run' || safe || subject.shell(instruction).pipelines === 0) return [];
        return [
          {
            line: instruction.startLine,
            message: 'A pipe whose first commands may fail unseen: the shell has no pipefail.',
          },
        ];
      });
    }),
});

/** A shell that knows the option and has it, or one whose pipes are another thing. */
function failsWithPipe(shell: readonly string[]): boolean {
  const name = baseName(shell[0] ?? '').toLowerCase();
  if (/^(?:pwsh|powershell|cmd)(?:\.exe)?$/.test(name)) return true;
  if (!['bash', 'zsh', 'ash'].includes(name)) return false;
  return shell.some((word, i) => /^-[a-zA-Z]*o$/.test(word) && shell[i + 1] === 'pipefail');
}
