import type { ShellCommand } from '../../shell/syntax.ts';
import { listed, runsWith } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

export const dl3028 = hadolintRule({
  code: 'DL3028',
  severity: 'warning',
  title: 'gem installs versions',
  what: 'Finds gems that gem install takes in whatever version is the newest.',
  why: 'Two builds of the same file get different gems.',
  mend: 'Write gem install name:version, or use a Gemfile with its lock file.',
  check: eachCommand((command) => {
    if (!runsWith(command, 'gem', ['install', 'i']) || hasVersionFlag(command)) return undefined;
    const loose = gemsOf(command.args).filter((name) => !name.includes(':'));
    return loose.length === 0 ? undefined : { message: `gem installs ${listed(loose)} without a version.` };
  }),
});

function hasVersionFlag({ args }: ShellCommand): boolean {
  return args.some((arg) => arg === '-v' || arg === '--version' || arg.startsWith('--version='));
}

/** Words up to `--`, without the flags and the word behind each, which may be its value. */
function gemsOf(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const gems: string[] = [];
  for (let i = 0; i < (end < 0 ? args.length : end); i++) {
    if (args[i]!.startsWith('-')) i++;
    else if (args[i] !== 'install' && args[i] !== 'i') gems.push(args[i]!);
  }
  return gems;
}
