import { LexError, lex } from './lex.ts';

/** `<<EOF` as an instruction's line announces it. */
export type HeredocStart = { name: string; expand: boolean; chomp: boolean; fd: number };

const start = /^(\d*)<<(-?)[\t\n\f\r ]*([^<]*)$/;
const options = { escapeToken: '\\', get: () => undefined, keepUnset: true } as const;

/** Reads one word of a line; undefined where it announces no here-document. */
export function parseHeredocStart(word: string): HeredocStart | undefined {
  const match = start.exec(word);
  const rest = match?.[3] ?? '';
  if (match === null || rest === '') return undefined;
  const plain = lex(rest, options).words;
  if (plain.length !== 1) return undefined;
  const quoted = lex(rest, { ...options, rawQuotes: true }).words;
  const quotes = (text = '') => text.replace(/[^'"]/g, '').length;
  return {
    name: plain[0]!,
    // Where quotes were taken off, some part of the word was quoted.
    expand: quotes(plain[0]) === quotes(quoted[0]),
    chomp: match[2] === '-',
    fd: Number(match[1] ?? 0),
  };
}

/** Every here-document that a logical line announces, in their order; none where the line cannot be read. */
export function heredocsOf(line: string): HeredocStart[] {
  if (!line.includes('<<')) return [];
  try {
    const { words } = lex(line, { ...options, rawQuotes: true, rawEscapes: true });
    return words.flatMap((word) => parseHeredocStart(word) ?? []);
  } catch (error) {
    if (error instanceof LexError) return [];
    throw error;
  }
}
