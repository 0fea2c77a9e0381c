/** Patterns longer than this are refused where they are read. */
export const maxPattern = 300;

/**
 * Whether a name fits a pattern of names: `*` stands for any run within one part of a path, `**` for any run at all.
 * Linear in the length of both, whatever the pattern is.
 */
export function fits(name: string, pattern: string): boolean {
  const tokens = pattern.match(/\*\*|\*|[^*]/g) ?? [];
  // The places in the pattern that the name read so far may stand at.
  let at = closure(new Set([0]), tokens);
  for (const letter of name) {
    const next = new Set<number>();
    for (const place of at) {
      const token = tokens[place];
      if (token === '**' || (token === '*' && letter !== '/')) next.add(place);
      else if (token === letter) next.add(place + 1);
    }
    if (next.size === 0) return false;
    at = closure(next, tokens);
  }
  return at.has(tokens.length);
}

/** A star may stand for nothing. */
function closure(places: Set<number>, tokens: readonly string[]): Set<number> {
  for (const place of places) if (tokens[place]?.startsWith('*')) places.add(place + 1);
  return places;
}
