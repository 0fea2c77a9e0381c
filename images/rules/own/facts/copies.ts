import type { Instruction } from '../../../dockerfile/syntax.ts';
import { joinPath } from './paths.ts';
import type { Step } from './steps.ts';
import { valueIn } from './values.ts';

/** What a COPY or ADD does. */
export type Copy = {
  step: Step;
  instruction: Instruction;
  /** `--from` as it is written; undefined: from the context. */
  from: string | undefined;
  /** Expanded, here-documents and addresses left out. */
  sources: readonly string[];
  /** Absolute; one that ends in a slash is a folder. */
  destination: string;
  chown: string | undefined;
  /** Whether here-documents are written. */
  inline: boolean;
};

/** Reads the COPY or ADD of a step; undefined for other instructions and for broken ones. */
export function readCopy(step: Step): Copy | undefined {
  const { instruction, workdir } = step;
  if (instruction.keyword !== 'copy' && instruction.keyword !== 'add') return undefined;
  const words = (instruction.json ?? instruction.words.map(({ text }) => text)).map((text) =>
    instruction.json === undefined ? valueIn(step, text) : valueIn(step, quoted(text, step.escapeToken)),
  );
  const last = words.pop();
  if (last === undefined || words.length === 0) return undefined;
  const flag = (name: string) => instruction.flags.find((one) => one.name === name)?.value;
  const chown = flag('chown');
  return {
    step,
    instruction,
    from: flag('from'),
    sources: words.filter((word) => !word.startsWith('<<') && !isAddress(word)),
    destination: joinPath(workdir, last) + (/(?:^|\/)\.?$/.test(last) && last !== '/' ? '/' : ''),
    chown: chown === undefined ? undefined : valueIn(step, chown),
    inline: instruction.heredocs.length > 0,
  };
}

/** Words of the exec form are not unquoted a second time. */
function quoted(text: string, escapeToken: string): string {
  return text.replace(/["'\\`]/g, (character) => {
    return character === '"' || character === "'" || character === escapeToken
      ? escapeToken + character
      : character;
  });
}

/** What ADD downloads or clones. */
function isAddress(source: string): boolean {
  return /^(?:https?|git|ssh):\/\/|^git@/i.test(source);
}

/** What a step copies, read once; undefined where it is no COPY or ADD. */
export function copyOf(step: Step): Copy | undefined {
  return step.copy();
}
