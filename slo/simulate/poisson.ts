/** Chances of counts of independent events. Source: https://en.wikipedia.org/wiki/Poisson_distribution */

/** The chance of exactly `count` events where `mean` are expected. */
export function poissonAt(count: number, mean: number): number {
  if (mean <= 0) return count === 0 ? 1 : 0;
  return Math.exp(count * Math.log(mean) - mean - logFactorial(count));
}

/** The chance of fewer than `limit` events; beyond a mean of 500 by the normal curve, which is then close enough. */
export function poissonBelow(limit: number, mean: number): number {
  const most = Math.ceil(limit) - 1;
  if (most < 0) return 0;
  if (mean > 500) return normalBelow((most + 0.5 - mean) / Math.sqrt(mean));
  let term = Math.exp(-mean);
  let sum = term;
  // Behind the mean, terms only shrink: what is left then is nothing.
  for (let count = 1; count <= most && (count < mean || term > 1e-17); count++) {
    term *= mean / count;
    sum += term;
  }
  return Math.min(sum, 1);
}

/** Stirling's series: https://en.wikipedia.org/wiki/Stirling%27s_approximation */
function logFactorial(n: number): number {
  if (n < 10) {
    let product = 1;
    for (let factor = 2; factor <= n; factor++) product *= factor;
    return Math.log(product);
  }
  return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + 1 / (12 * n) - 1 / (360 * n ** 3);
}

/** Abramowitz and Stegun 26.2.17, off by less than 1e-7: https://personal.math.ubc.ca/~cbm/aands/page_932.htm */
function normalBelow(x: number): number {
  if (x > 0) return 1 - normalBelow(-x);
  const t = 1 / (1 - 0.2316419 * x);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
}
