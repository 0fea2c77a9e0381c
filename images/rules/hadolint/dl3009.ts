import type { ShellCommand } from '../../shell/syntax.ts';
import { hasWord } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { isShipped, stretchesOf } from './from.ts';
import { keptOut } from './mounts.ts';
import { commandLine, type Run, runOf } from './runs.ts';

const tools = new Set(['apt', 'apt-get', 'aptitude']);
const lists = '/var/lib/apt/lists';

export const dl3009 = hadolintRule({
  code: 'DL3009',
  severity: 'info',
  title: 'apt lists are removed',
  what: 'Finds RUN that fetches package lists with apt and leaves them in the layer.',
  why: 'The lists are tens of megabytes that nothing reads later, and that are old when something does.',
  mend: 'End the RUN with rm -rf /var/lib/apt/lists/*, or mount caches at /var/lib/apt and /var/cache/apt.',
  check: (subject) => {
    const stretches = stretchesOf(subject.build.dockerfile.instructions);
    return stretches.flatMap((stretch) => {
      const shipped = isShipped(stretch, stretches);
      return stretch.instructions.flatMap((outer) => {
        const run = runOf(subject, outer);
        const update = run && (shipped || run.deferred) ? leftLists(run) : undefined;
        return run && update
          ? [
              {
                line: commandLine(run, update),
                message: `${update.name} leaves its package lists in the layer.`,
              },
            ]
          : [];
      });
    });
  },
});

function leftLists({ instruction, shell }: Run): ShellCommand | undefined {
  const update = shell.commands.find((command) => tools.has(command.name) && hasWord(command, ['update']));
  if (update === undefined) return undefined;
  if (shell.commands.some((command) => command.name === 'rm' && hasWord(command, ['-rf', `${lists}/*`])))
    return undefined;
  if (keptOut(instruction, lists)) return undefined;
  const cached = keptOut(instruction, '/var/lib/apt') && keptOut(instruction, '/var/cache/apt');
  return cached ? undefined : update;
}
