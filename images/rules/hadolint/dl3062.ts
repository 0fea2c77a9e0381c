import { hasWord, listed, operandsBut, runsWith } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { eachCommand } from './runs.ts';

const actions = ['install', 'get', 'run'];

export const dl3062 = hadolintRule({
  code: 'DL3062',
  severity: 'warning',
  title: 'go install takes versions',
  what: 'Finds go install, go get and go run of a package in whatever version is the newest. Paths are left alone.',
  why: 'Two builds of the same file get different programs.',
  mend: 'Write package@v1.2.3.',
  check: eachCommand((command) => {
    if (!runsWith(command, 'go', actions)) return undefined;
    const named = operandsBut(command, [...actions, 'tool']);
    const packages =
      hasWord(command, ['run']) && !hasWord(command, ['install', 'get']) ? named.slice(0, 1) : named;
    const loose = packages.filter((name) => !isPinned(name));
    return loose.length === 0 ? undefined : { message: `go takes ${listed(loose)} without a version.` };
  }),
});

function isPinned(name: string): boolean {
  if (name.startsWith('/') || name.startsWith('.')) return true;
  return name.includes('@') && !name.endsWith('@latest') && !name.endsWith('@none');
}
