import type { ShellCommand } from '../../shell/syntax.ts';

/** Whether a command installs with pip: `pip3.12 install`, `python -m pip install`. pipenv has a lock file of its own. */
export function isPipInstall({ name, args }: ShellCommand): boolean {
  if (name.startsWith('pip')) return !name.startsWith('pipenv') && args.includes('install');
  if (!name.startsWith('python')) return false;
  return args.some((arg, i) => arg === '-m' && args[i + 1] === 'pip' && args[i + 2] === 'install');
}
