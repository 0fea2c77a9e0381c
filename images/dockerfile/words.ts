import { isSpace } from './text.ts';

/** A piece of a logical line and where it begins there (UTF-16 units). */
export type Piece = { text: string; index: number };

/** What BuildKit's parser cuts FROM, COPY, ADD, EXPOSE and VOLUME at: ASCII white space, in quotes too. */
export function whitespacePieces(text: string): Piece[] {
  return [...text.matchAll(/[^\t\v\f\r ]+/g)].map((match) => ({ text: match[0], index: match.index }));
}

/** Cuts at white space outside quotes; quotes and escape characters stay in the pieces. */
export function quotedPieces(text: string, escapeToken: string): Piece[] {
  const pieces: Piece[] = [];
  let quote = '';
  let start = -1;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quote === '' && isSpace(character)) {
      if (start >= 0) pieces.push({ text: text.slice(start, at), index: start });
      start = -1;
      continue;
    }
    if (start < 0) start = at;
    if (character === escapeToken && quote !== "'") at++;
    else if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
  }
  if (start >= 0) pieces.push({ text: text.slice(start), index: start });
  return pieces;
}

/** The flags in front of an instruction's arguments, without their quotes, and where the arguments begin. */
export function leadingFlags(text: string, escapeToken: string): { flags: Piece[]; end: number } {
  const flags: Piece[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace(text[at]!)) at++;
    if (!text.startsWith('--', at)) return { flags, end: at };
    const { flag, end } = flagAt(text, at, escapeToken);
    if (flag === '--') return { flags, end };
    flags.push({ text: flag, index: at });
    at = end;
  }
}

function flagAt(text: string, start: number, escapeToken: string): { flag: string; end: number } {
  let flag = '';
  let quote = '';
  let at = start;
  for (; at < text.length; at++) {
    const character = text[at]!;
    if (quote === '' && isSpace(character)) break;
    if (character === escapeToken) flag += text[++at] ?? '';
    else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else flag += character;
  }
  return { flag, end: at };
}
