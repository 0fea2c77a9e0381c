import { type Pair, pairsOf } from '../../dockerfile/pairs.ts';
import type { Violation } from '../rule.ts';
import { hadolintRule } from './card.ts';

export const dl3044 = hadolintRule({
  code: 'DL3044',
  severity: 'error',
  title: 'ENV uses variables that are set above',
  what: 'Finds an ENV that uses a variable which the same ENV sets for the first time.',
  why: 'The variables of one ENV are all expanded before any of them is set: the value is empty, or the one from the base image.',
  mend: 'Set it in an ENV of its own above.',
  check: ({ build }) => {
    const known = new Set<string>();
    return build.dockerfile.instructions.flatMap((instruction): Violation[] => {
      if (instruction.keyword !== 'env' && instruction.keyword !== 'arg') return [];
      const pairs = pairsOf(instruction);
      const found = instruction.keyword === 'env' ? usesOfOwn(pairs, known) : [];
      for (const { key } of pairs) known.add(key);
      return found;
    });
  },
});

/** Variables of one ENV that another variable of it uses, and that nothing above has set. */
function usesOfOwn(pairs: readonly Pair[], known: ReadonlySet<string>): Violation[] {
  return pairs.flatMap(({ value = '', line }, at) => {
    const used = new Set([...value.matchAll(/\$\{(\w+)\}|\$(\w+)/g)].map((match) => match[1] ?? match[2]));
    const own = pairs.find(({ key }, other) => other !== at && used.has(key) && !known.has(key));
    return own === undefined
      ? []
      : [{ line, message: `${own.key} has no value yet in the ENV that sets it.` }];
  });
}
