/** Several measurements of the same thing. */
export type Spread = { runs: readonly number[]; median: number; min: number; max: number };

/** @param runs at least one */
export function spreadOf(runs: readonly number[]): Spread {
  const sorted = runs.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { runs, median, min: sorted[0]!, max: sorted.at(-1)! };
}
