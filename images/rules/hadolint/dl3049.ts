import { pairsOf } from '../../dockerfile/pairs.ts';
import type { Instruction } from '../../dockerfile/syntax.ts';
import { hadolintRule } from './card.ts';
import { fromOf } from './copies.ts';
import { type From, type Stretch, stretchesOf, unquote } from './from.ts';

export const dl3049 = hadolintRule({
  code: 'DL3049',
  severity: 'info',
  title: 'Required labels are there',
  what: 'Finds stages without a label that the configuration requires. Stages that others are built on or copy from are left alone where those have it.',
  why: 'Who runs the image finds its source, version or owner by these labels.',
  mend: 'Set the label in the last stage.',
  check: ({ build, settings }) =>
    [...settings.labelSchema.keys()].flatMap((key) =>
      without(stretchesOf(build.dockerfile.instructions), key).map(({ instruction }) => ({
        line: instruction.startLine,
        message: `The label ${key} is missing.`,
      })),
    ),
});

/** FROMs whose stage neither has the label nor is only a part of one that has it. */
function without(stretches: readonly Stretch[], key: string): From[] {
  const byAlias = new Map<string, From>();
  const parentOf = new Map<From, From | undefined>();
  const labelled = new Set<From>();
  const excused = new Set<From>();
  for (const { from, instructions } of stretches) {
    if (from === undefined) continue;
    const parent = byAlias.get(from.name);
    parentOf.set(from, parent);
    if (parent !== undefined && labelled.has(parent)) labelled.add(from);
    if (from.alias !== undefined) byAlias.set(from.alias, from);
    for (const copied of instructions.filter(({ keyword }) => keyword === 'copy')) {
      const stage = byAlias.get(fromOf(copied) ?? '');
      if (stage !== undefined) excused.add(stage);
    }
    if (!instructions.some((instruction) => labels(instruction, key))) continue;
    labelled.add(from);
    for (let stage = parent; stage !== undefined; stage = parentOf.get(stage)) excused.add(stage);
  }
  return [...parentOf.keys()].filter((from) => !labelled.has(from) && !excused.has(from));
}

function labels(instruction: Instruction, key: string): boolean {
  return instruction.keyword === 'label' && pairsOf(instruction).some((pair) => unquote(pair.key) === key);
}
