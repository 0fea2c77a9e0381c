import { pairsOf } from '../../dockerfile/pairs.ts';
import { hadolintRule } from './card.ts';

export const dl3066 = hadolintRule({
  code: 'DL3066',
  severity: 'info',
  title: 'USER is a number',
  what: 'Finds USER with a name, or with a variable that no ARG above declares.',
  why: 'Kubernetes can only tell from a number that a container does not run as root (runAsNonRoot), and a name may be missing in /etc/passwd.',
  mend: 'Write the number of the user, 65532 for one.',
  check: ({ build }) => {
    const declared = new Set<string>();
    return build.dockerfile.instructions.flatMap((instruction) => {
      const { keyword, args, startLine } = instruction;
      if (keyword === 'arg') for (const { key } of pairsOf(instruction)) declared.add(key);
      if (keyword !== 'user' || /^\d+(?::|$)/.test(args) || uses(args, declared)) return [];
      return [{ line: startLine, message: `USER ${args} is no number.` }];
    });
  },
});

/** Whether a text holds one of these variables: the build may give them any value. */
function uses(text: string, names: ReadonlySet<string>): boolean {
  return [...names].some((name) => text.includes(`$${name}`) || text.includes(`\${${name}}`));
}
