// Small sets of combinations in which every pair of values of two parameters occurs: most faults of options need
// two of them, seldom three. Source: Kuhn, Wallace, Gallo, "Software fault interactions", IEEE TSE 30(6), 2004.

/** Values by parameter. */
type Parameters = Readonly<Record<string, readonly unknown[]>>;

/** One value for each parameter. */
export type Combination<P extends Parameters> = { -readonly [K in keyof P]: P[K][number] };

/**
 * Combinations that cover every pair, by the greedy rule: begin with a pair that is not covered yet, then give each
 * other parameter the value that covers the most. The same parameters give the same combinations in the same order.
 */
export function pairwise<P extends Parameters>(parameters: P): Combination<P>[] {
  const names = Object.keys(parameters);
  const open = new Set(allPairs(parameters));
  const rows: Combination<P>[] = [];
  for (const [first] of open.entries()) {
    // A set yields what is left in it: pairs that a row covered are gone by the time they would come.
    const row = new Map(JSON.parse(first) as [string, number][]);
    for (const name of names) {
      if (!row.has(name)) row.set(name, best(name, parameters[name]!.length, row, open));
    }
    for (const pair of pairsOf(row, names)) open.delete(pair);
    rows.push(
      Object.fromEntries(names.map((name) => [name, parameters[name]![row.get(name)!]])) as Combination<P>,
    );
  }
  return rows;
}

/** Every pair of values of two parameters, as a key. */
export function allPairs(parameters: Parameters): string[] {
  const names = Object.keys(parameters);
  return names.flatMap((a, i) =>
    names
      .slice(i + 1)
      .flatMap((b) => parameters[a]!.flatMap((_, x) => parameters[b]!.map((_, y) => key([a, x], [b, y])))),
  );
}

/** Position of the value that covers the most open pairs with what the row holds; of equals the first. */
function best(
  name: string,
  values: number,
  row: ReadonlyMap<string, number>,
  open: ReadonlySet<string>,
): number {
  const gains = Array.from(
    { length: values },
    (_, value) =>
      [...row].filter(
        ([other, at]) =>
          open.has(key([name, value], [other, at])) || open.has(key([other, at], [name, value])),
      ).length,
  );
  return gains.indexOf(Math.max(...gains));
}

function pairsOf(row: ReadonlyMap<string, number>, names: readonly string[]): string[] {
  return names.flatMap((a, i) => names.slice(i + 1).map((b) => key([a, row.get(a)!], [b, row.get(b)!])));
}

function key(one: readonly [string, number], other: readonly [string, number]): string {
  return JSON.stringify([one, other]);
}
