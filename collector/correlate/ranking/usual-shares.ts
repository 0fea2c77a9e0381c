/** Quiet time is looked at in slices of this length: what happened in the worst of them is usual, too. */
export const SLICE_MS = 60_000;
/** Observations that the share over all quiet time weighs as, beside those of a slice. */
export const PRIOR = 4;

/** Share of units over all quiet time, and in the slices that had least and most of it. */
export interface UsualShare {
  share: number;
  least: number;
  most: number;
}

/** What units of one operation had in quiet time, all together and slice by slice. */
export class UsualShares {
  units = 0;
  readonly #had = new Map<number, number>();
  readonly #slices = new Map<number, { units: number; had: Map<number, number> }>();
  readonly #known = new Map<number, UsualShare>();

  /** One more unit of quiet time, and the features it had. */
  add(atMs: number, had: ReadonlySet<number>): void {
    this.units++;
    const key = Math.floor(atMs / SLICE_MS);
    const slice = this.#slices.get(key) ?? { units: 0, had: new Map<number, number>() };
    this.#slices.set(key, slice);
    slice.units++;
    for (const feature of had) {
      this.#had.set(feature, (this.#had.get(feature) ?? 0) + 1);
      slice.had.set(feature, (slice.had.get(feature) ?? 0) + 1);
    }
  }

  /** Every feature that a unit had. */
  features(): Iterable<number> {
    return this.#had.keys();
  }

  /** Share of units with a feature over all, and in the slices that had least and most of it. */
  of(feature: number): UsualShare {
    let known = this.#known.get(feature);
    if (!known) {
      const share = ((this.#had.get(feature) ?? 0) + 0.5) / (this.units + 1);
      const shares = [...this.#slices.values()].map(
        ({ units, had }) => ((had.get(feature) ?? 0) + PRIOR * share) / (units + PRIOR),
      );
      known = { share, least: Math.min(share, ...shares), most: Math.max(share, ...shares) };
      this.#known.set(feature, known);
    }
    return known;
  }
}
