// What a service's metrics did between two scrapes, and the same again with more or fewer requests.
import type { Random } from '../../slo/index.ts';
import type { Distribution, Exposition, Single } from './exposition.ts';

/** Counters hold by how much they grew, gauges and quantiles how they stood. */
export type Growth = Omit<Exposition, 'exemplars'>;

/** From one scrape of a process to the next; from its start when there is none before: then all began at 0. */
export function growthOf(before: Growth | undefined, now: Growth): Growth {
  const singles = new Map(
    [...now.singles].map(([key, one]) => {
      const base = one.isCounter ? (before?.singles.get(key)?.value ?? 0) : 0;
      return [key, { ...one, value: one.value - base }];
    }),
  );
  const distributions = new Map(
    [...now.distributions].map(([key, one]) => [key, less(one, before?.distributions.get(key))]),
  );
  return { singles, distributions };
}

function less(now: Distribution, before: Distribution | undefined): Distribution {
  if (before === undefined) return now;
  const counts = now.counts.map((count, i) => count - (before.counts[i] ?? 0));
  return { ...now, counts, count: now.count - before.count, sum: now.sum - before.sum };
}

/** Above this a drawn part is its mean within 3 %. */
const many = 10_000;

/** How many of `n` are there when each is there `factor` times on average: whole copies, and one more by chance. */
export function drawn(n: number, factor: number, random: Random): number {
  const copies = Math.floor(factor);
  const chance = factor - copies;
  if (chance === 0) return n * copies;
  // Bytes are millions, of which chance takes its part evenly.
  if (n > many) return n * copies + Math.round(n * chance);
  let more = 0;
  for (let i = 0; i < n; i++) if (random() < chance) more++;
  return n * copies + more;
}

/** The metrics of one process that is played: running totals that grow, and never fall while it lives. */
export class Totals {
  readonly singles = new Map<string, Single>();
  readonly distributions = new Map<string, Distribution>();

  /** Takes in a growth `factor` times; requests and the like stay whole numbers. */
  add(growth: Growth, factor: number, random: Random): void {
    for (const [key, one] of growth.singles) {
      const known = this.singles.get(key);
      const value = one.isCounter ? (known?.value ?? 0) + scaled(one.value, factor, random) : one.value;
      this.singles.set(key, { ...one, value });
    }
    for (const [key, one] of growth.distributions) {
      this.distributions.set(key, plus(this.distributions.get(key), one, factor, random));
    }
  }
}

/** Events by chance, amounts such as seconds in proportion. */
function scaled(value: number, factor: number, random: Random): number {
  return Number.isInteger(value) ? drawn(value, factor, random) : value * factor;
}

function plus(
  known: Distribution | undefined,
  grown: Distribution,
  factor: number,
  random: Random,
): Distribution {
  const counts = grown.counts.map((count) => drawn(count, factor, random));
  const isHistogram = counts.length > 0;
  const count = isHistogram ? counts.reduce((a, b) => a + b, 0) : drawn(grown.count, factor, random);
  const sum = grown.count > 0 ? (grown.sum * count) / grown.count : 0;
  return {
    ...grown,
    counts: counts.map((own, i) => own + (known?.counts[i] ?? 0)),
    count: count + (known?.count ?? 0),
    sum: sum + (known?.sum ?? 0),
  };
}
