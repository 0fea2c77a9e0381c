import type { Instruction } from '../../dockerfile/syntax.ts';
import type { ShellCommand } from '../../shell/syntax.ts';
import { hasFlag } from './arguments.ts';
import { hadolintRule } from './card.ts';
import { baseName, fromOf, isArchive, sourcesOf, targetOf } from './copies.ts';
import { stretchesOf } from './from.ts';

const unpackers = new Set(['unzip', 'gunzip', 'bunzip2', 'unlzma', 'unxz', 'zcat', 'gzcat', 'uncompress']);

export const dl3010 = hadolintRule({
  code: 'DL3010',
  severity: 'info',
  title: 'ADD unpacks archives',
  what: 'Finds archives that COPY brings in and a later RUN of the last stage unpacks.',
  why: 'The archive stays in a layer beside what was unpacked from it.',
  mend: 'Use ADD, which unpacks tar archives itself, or mount the archive into the RUN (--mount=type=bind).',
  check: (subject) => {
    const own = stretchesOf(subject.build.dockerfile.instructions).at(-1)?.instructions ?? [];
    const copied: { line: number; name: string }[] = [];
    const found = new Set<(typeof copied)[number]>();
    for (const instruction of own) {
      const { keyword, startLine } = instruction;
      if (keyword === 'copy')
        copied.push(...archivesOf(instruction).map((name) => ({ line: startLine, name })));
      if (keyword !== 'run' || copied.length === 0) continue;
      const unpacked = new Set(
        subject
          .shell(instruction)
          .commands.filter(unpacks)
          .flatMap(({ args }) => args.map(baseName)),
      );
      for (const archive of copied) if (unpacked.has(archive.name)) found.add(archive);
    }
    return [...found].map(({ line, name }) => ({ line, message: `${name} is copied and then unpacked.` }));
  },
});

/** Names that archives have in the image. */
function archivesOf(instruction: Instruction): string[] {
  if (fromOf(instruction) !== undefined) return [];
  const target = targetOf(instruction);
  return (isArchive(target) ? [target] : sourcesOf(instruction).filter(isArchive)).map(baseName);
}

function unpacks(command: ShellCommand): boolean {
  return unpackers.has(command.name) || (command.name === 'tar' && hasFlag(command, ['x', 'extract', 'get']));
}
