import { hasFlag, hasWord, listed, operands } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { isPipInstall } from './pip.ts';
import { eachCommand } from './runs.ts';

/** Flags of pip whose value may be the next word. Source: https://pip.pypa.io/en/stable/cli/pip_install/ */
const valued = [
  ...['abi', 'b', 'build', 'e', 'editable', 'extra-index-url', 'f', 'find-links', 'i', 'index-url'],
  ...['implementation', 'no-binary', 'only-binary', 'platform', 'prefix', 'progress-bar', 'proxy', 'python'],
  ...['python-version', 'root', 'root-user-action', 'src', 't', 'target', 'trusted-host', 'upgrade-strategy'],
];

export const dl3013 = hadolintRule({
  code: 'DL3013',
  severity: 'warning',
  title: 'pip installs versions',
  what: 'Finds packages that pip install takes in whatever version is the newest. Requirements and constraints files, folders, archives and URLs are left alone, and so is what stands beside the project itself (.).',
  why: 'Two builds of the same file get different packages.',
  mend: 'Write package==version, or install from a requirements file with versions or a lock file.',
  check: eachCommand((command) => {
    if (!isPipInstall(command) || hasWord(command, ['-r', '--requirement', '.'])) return undefined;
    if (hasFlag(command, ['c', 'constraint'])) return undefined;
    const behind = command.args.slice(command.args.indexOf('install') + 1);
    const loose = operands(behind, valued).filter((name) => name !== 'install' && !isPinned(name));
    return loose.length === 0 ? undefined : { message: `pip installs ${listed(loose)} without a version.` };
  }),
});

function isPinned(name: string): boolean {
  if (/[=~!]=|[<>]/.test(name)) return true;
  // A revision behind @ pins what comes from a repository.
  if (/^(?:git|svn|hg\+|bzr\+)/.test(name)) return name.includes('@');
  return name === '.' || name.includes('/') || name.endsWith('.whl') || name.endsWith('.tar.gz');
}
