// Patterns of `${name#pattern}`, `${name%pattern}` and `${name/pattern/text}`: `*`, `?` and a backslash before a literal.

/** A pattern's parts: any text, any character, or this one. */
type Part = { any: true } | { one: true } | { literal: string };

/** Longer values and patterns are left as they are: matching costs their product. */
const maxLength = 4096;

function parts(pattern: string): Part[] {
  const found: Part[] = [];
  const characters = [...pattern];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!;
    if (character === '*') found.push({ any: true });
    else if (character === '?') found.push({ one: true });
    else found.push({ literal: character === '\\' ? (characters[++i] ?? '\\') : character });
  }
  return found;
}

/** The lengths (in characters) of what the pattern matches at the start of `value`. */
function matchLengths(value: readonly string[], pattern: readonly Part[]): number[] {
  let reached = new Set([0]);
  for (const part of pattern) {
    const next = new Set<number>();
    if ('any' in part) {
      for (let i = Math.min(...reached); i <= value.length; i++) next.add(i);
    } else {
      for (const i of reached) {
        if (i < value.length && ('one' in part || part.literal === value[i])) next.add(i + 1);
      }
    }
    reached = next;
    if (reached.size === 0) break;
  }
  return [...reached].sort((a, b) => a - b);
}

/** The value without the shortest (or, greedy, longest) match of the pattern at its start, or at its end. */
export function trimPattern(
  value: string,
  pattern: string,
  { greedy, atEnd }: { greedy: boolean; atEnd: boolean },
): string {
  if (value.length > maxLength || pattern.length > maxLength) return value;
  const [characters, wanted] = [[...value], parts(pattern)];
  const lengths = atEnd
    ? matchLengths(characters.toReversed(), wanted.toReversed())
    : matchLengths(characters, wanted);
  const length = greedy ? lengths.at(-1) : lengths[0];
  if (length === undefined) return value;
  return (atEnd ? characters.slice(0, characters.length - length) : characters.slice(length)).join('');
}

/** The value with the first, or with all, longest matches of the pattern replaced. */
export function replacePattern(value: string, pattern: string, by: string, all: boolean): string {
  if (value.length > maxLength || pattern.length > maxLength) return value;
  const [characters, wanted] = [[...value], parts(pattern)];
  let result = '';
  let replaced = false;
  for (let i = 0; i < characters.length; ) {
    const length = replaced && !all ? undefined : matchLengths(characters.slice(i), wanted).at(-1);
    if (length === undefined || length === 0) result += characters[i++];
    else {
      result += by;
      replaced = true;
      i += length;
    }
  }
  return result;
}
