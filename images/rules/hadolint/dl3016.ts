import { listed, operands, operandsBut } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

const valued = ['loglevel', 'registry'];

export const dl3016 = hadolintRule({
  code: 'DL3016',
  severity: 'warning',
  title: 'npm installs versions',
  what: 'Finds packages that npm install takes in whatever version is the newest. Folders, archives and package.json are left alone.',
  why: 'Two builds of the same file get different packages.',
  mend: 'Write package@version, or install from package.json with npm ci and a lock file.',
  check: eachCommand((command) => {
    if (command.name !== 'npm' || operands(command.args, valued)[0] !== 'install') return undefined;
    const loose = operandsBut(command, ['install'], valued).filter((name) => !isPinned(name));
    return loose.length === 0 ? undefined : { message: `npm installs ${listed(loose)} without a version.` };
  }),
});

function isPinned(name: string): boolean {
  // A revision behind # pins what comes from git.
  if (/^git(?:\+ssh|\+https?)?:\/\//.test(name)) return name.includes('#');
  if (/^(?:\/|\.\/|\.\.\/|~\/)/.test(name) || /\.(?:tar|tar\.gz|tgz)$/.test(name)) return true;
  return name.startsWith('@') ? /^@[^@]*\/[^@]*@/.test(name) : name.includes('@');
}
