import fc from 'fast-check';

/** A forest of spans with whole start times and durations; anything may be the parent, even in a circle. */
export interface Forest {
  parent: number[];
  start: number[];
  duration: number[];
}

/** Random forests of up to 14 spans on a short clock, so that every coincidence happens. */
export const anyForest: fc.Arbitrary<Forest> = fc
  .array(
    fc.record({
      parent: fc.integer({ min: -1, max: 15 }),
      start: fc.integer({ min: 0, max: 20 }),
      duration: fc.integer({ min: 0, max: 12 }),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((spans) => ({
    parent: spans.map((s) => s.parent),
    start: spans.map((s) => s.start),
    duration: spans.map((s) => s.duration),
  }));
