/** Counts things by kind: what a part did that no record tells. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(kind: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  counts(): [kind: string, count: number][] {
    return [...this.#counts];
  }
}
