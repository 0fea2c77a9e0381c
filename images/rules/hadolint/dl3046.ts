import { hasFlag } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { flagBehind } from './edits.ts';
import { eachCommand } from './runs.ts';

export const dl3046 = hadolintRule({
  code: 'DL3046',
  severity: 'warning',
  title: 'useradd -l for large user ids',
  what: 'Finds useradd with a user id of six digits or more and without -l.',
  why: 'useradd writes /var/log/lastlog as a sparse file of a size that grows with the id, and the layer holds all of it.',
  mend: 'Add -l (--no-log-init).',
  check: eachCommand((command, run, { build }) => {
    if (command.name !== 'useradd' || hasFlag(command, ['l', 'no-log-init'])) return undefined;
    const id = idOf(command.args);
    if (id === undefined || id.length <= 5 || id.includes('$')) return undefined;
    const fix = flagBehind(build.dockerfile, run, command, ['useradd'], '-l');
    return { message: `useradd with the id ${id} makes a huge lastlog, -l is missing.`, fix };
  }),
});

function idOf(args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => /^-[^-=]*u[^=]*$/.test(arg));
  return at < 0 ? undefined : args[at + 1];
}
