import type { Instruction } from '../../dockerfile/syntax.ts';
import type { Shell } from '../../shell/syntax.ts';
import type { Violation } from '../rule.ts';
import { hadolintRule } from './card.ts';

export const dl3059 = hadolintRule({
  code: 'DL3059',
  severity: 'info',
  title: 'RUNs of one command are one RUN',
  what: 'Finds a RUN of a single command behind another with the same flags.',
  why: 'Each RUN is a layer: files that the second removes stay in the first.',
  mend: 'Join them by && where no cache is lost by it.',
  check: (subject) => {
    let before: string | undefined;
    return subject.build.dockerfile.instructions.flatMap((instruction): Violation[] => {
      const single = instruction.keyword === 'run' && isSingle(subject.shell(instruction));
      const own = single ? flagsOf(instruction) : undefined;
      const joined = own !== undefined && own === before;
      before = own;
      return joined ? [{ line: instruction.startLine, message: 'The RUN above has one command too.' }] : [];
    });
  },
});

/** A test in brackets is no step of its own. */
function isSingle({ commands }: Shell): boolean {
  return commands.filter(({ name }) => name !== '[' && name !== '[[').length < 2;
}

/** The same text for the same flags, whatever their order. */
function flagsOf({ flags }: Instruction): string {
  const texts = flags.map(({ name, value = '' }) => `${name}=${value.split(',').sort().join(',')}`);
  return texts.sort().join(' ');
}
