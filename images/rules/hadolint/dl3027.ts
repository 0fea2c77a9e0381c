import type { Dockerfile } from '../../dockerfile/syntax.ts';
import type { ShellCommand } from '../../shell/syntax.ts';
import type { Edit } from '../rule.ts';
import { operands } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { isPlain, replaceArgs } from './edits.ts';
import { eachCommand, type Run } from './runs.ts';

/** What both do alike. */
const shared = new Set([
  'install',
  'update',
  'upgrade',
  'remove',
  'purge',
  'autoremove',
  'clean',
  'autoclean',
]);

export const dl3027 = hadolintRule({
  code: 'DL3027',
  severity: 'warning',
  title: 'apt-get is for scripts, apt for people',
  what: 'Finds apt in RUN.',
  why: 'apt changes what it prints and asks between releases, and warns about it itself.',
  mend: 'Write apt-get, or apt-cache for searches.',
  check: eachCommand((command, run, { build }) => {
    if (command.name !== 'apt') return undefined;
    return { message: 'apt is not made for scripts.', fix: asAptGet(build.dockerfile, run, command) };
  }),
});

function asAptGet(
  dockerfile: Dockerfile,
  { instruction }: Run,
  command: ShellCommand,
): readonly Edit[] | undefined {
  const [word] = command.words;
  if (word?.text !== 'apt' || !shared.has(operands(command.args)[0] ?? '') || !isPlain(instruction, command))
    return undefined;
  return replaceArgs(dockerfile, instruction, word.index, word.end, 'apt-get');
}
