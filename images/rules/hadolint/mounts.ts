import { mountsOf } from '../../dockerfile/mounts.ts';
import type { Instruction } from '../../dockerfile/syntax.ts';

/** Whether a folder that has this in its path is a cache or in memory during the RUN, so that nothing of it stays in the image. */
export function keptOut(instruction: Instruction, path: string): boolean {
  return mountsOf(instruction).some(({ type, fields }) => {
    const target = fields.get('target') ?? '';
    return (type === 'cache' || type === 'tmpfs') && target.includes(path);
  });
}
