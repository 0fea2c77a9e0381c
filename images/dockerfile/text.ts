/** White space as Go's unicode.IsSpace has it, which decides where BuildKit cuts. */
const spaces = '\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const oneSpace = new RegExp(`^[${spaces}]$`);
const leadingSpace = new RegExp(`^[${spaces}]+`);

/** Whether a single character is white space. */
export function isSpace(character: string): boolean {
  return character === ' ' || character === '\t' || oneSpace.test(character);
}

/** The text without the white space it begins with. */
export function trimStart(text: string): string {
  return text.replace(leadingSpace, '');
}

/** The text without the white space at its end; its time is linear, which a regular expression's is not. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** Whether a physical line holds nothing but a comment. */
export function isComment(line: string): boolean {
  return trimStart(line).startsWith('#');
}

/** The text up to the first white space, and what stands behind the white space. */
export function firstWord(text: string): { word: string; rest: string } {
  let end = 0;
  while (end < text.length && !isSpace(text[end]!)) end++;
  return { word: text.slice(0, end), rest: trimStart(text.slice(end)) };
}
