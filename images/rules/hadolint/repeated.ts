import type { Instruction } from '../../dockerfile/syntax.ts';
import type { Violation } from '../rule.ts';
import { stretchesOf } from './from.ts';

/** Each instruction of this keyword that is not the first of its stage. */
export function repeated(instructions: readonly Instruction[], keyword: string): Violation[] {
  return stretchesOf(instructions).flatMap((stretch) =>
    stretch.instructions
      .filter((instruction) => instruction.keyword === keyword)
      .slice(1)
      .map(({ startLine, spelling }) => ({
        line: startLine,
        message: `${spelling.toUpperCase()} stands above already; only the last one of a stage counts.`,
      })),
  );
}
