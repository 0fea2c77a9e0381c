/** Numbers from 0 up to 1. */
export type Random = () => number;

/** A generator of random numbers, the same ones for the same seed: mulberry32, public domain. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** From here on the normal curve stands in for the Poisson one: they differ by less than an event or two. */
const large = 40;

/**
 * Draws how many events of independent ones come where `mean` are expected; 0 for a mean of 0.
 * Small means by inversion (https://en.wikipedia.org/wiki/Poisson_distribution#Random_variate_generation).
 */
export function poisson(mean: number, random: Random): number {
  if (mean > large) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  if (mean <= 0) return 0;
  let probability = Math.exp(-mean);
  let left = random();
  let count = 0;
  // Far out in the tail rounding could keep `left` above 0 for ever.
  while (left > probability && count < 4 * large) {
    left -= probability;
    probability *= mean / ++count;
  }
  return count;
}

/** Source: https://en.wikipedia.org/wiki/Box%E2%80%93Muller_transform */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
