import type { Instruction } from './syntax.ts';

/** One variable of an ENV, ARG or LABEL, as it is written: quotes and variables stay. */
export type Pair = {
  key: string;
  /** Undefined: an ARG without a default. */
  value: string | undefined;
  line: number;
};

/**
 * The variables that an ENV, ARG or LABEL sets. `ENV key some words`, the old form, is one pair; words of a broken
 * instruction that hold no `=` are left out.
 */
export function pairsOf({ keyword, words, args, lineAt }: Instruction): Pair[] {
  const first = words[0];
  if (first === undefined) return [];
  if (keyword !== 'arg' && !first.text.includes('=')) {
    const [, key = '', value = ''] = /^([^\t\v\f\r ]+)[\t\v\f\r ]+(.*)$/s.exec(args) ?? [];
    return key === '' ? [] : [{ key, value, line: lineAt(0) }];
  }
  return words.flatMap(({ text, line }): Pair[] => {
    const at = text.indexOf('=');
    if (at >= 0) return [{ key: text.slice(0, at), value: text.slice(at + 1), line }];
    return keyword === 'arg' ? [{ key: text, value: undefined, line }] : [];
  });
}
