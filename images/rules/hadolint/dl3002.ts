import { hadolintRule } from './card.ts';
import { stretchesOf } from './from.ts';

export const dl3002 = hadolintRule({
  code: 'DL3002',
  severity: 'warning',
  title: 'The last USER of a stage is not root',
  what: 'Finds stages whose last USER is root, by name or number.',
  why: 'What runs as root in a container has a shorter way out of it, and writes files that belong to root.',
  mend: 'Switch back to an unprivileged user behind the steps that need root.',
  check: ({ build }) =>
    stretchesOf(build.dockerfile.instructions).flatMap(({ from, instructions }) => {
      const last = instructions.findLast(({ keyword }) => keyword === 'user');
      if (from === undefined || last === undefined || !/^(?:root|0)(?::|$)/.test(last.args)) return [];
      return [{ line: last.startLine, message: `The stage ends as ${last.args}.` }];
    }),
});
