import { histogramQuantile } from '../stats.ts';
import type { Compared, CompareQuestion } from './comparison.ts';
import { fewOf } from './errors.ts';
import { type QuantileEstimate, quantileOf, quantileRatio, rankInterval } from './estimates.ts';
import type { RoutePair } from './pairs.ts';
import type { RouteTraffic } from './route-traffic.ts';
import { type Scope, scopesOf } from './scopes.ts';
import type { Comparison, Sides } from './sides.ts';

/** The usual request, and the slow ones. A p99 needs hundreds of requests, so it never has to be known. */
const QUANTILES = [
  { name: 'p50', q: 0.5, mayDecide: true },
  { name: 'p95', q: 0.95, mayDecide: true },
  { name: 'p99', q: 0.99, mayDecide: false },
] as const;

/**
 * Quantiles of the duration of each service's and route's requests, from spans: a histogram's buckets are wider than what is
 * accepted. Only services without spans on both sides are told by their buckets, as far as those reach.
 */
export const latency: Comparison = async (question, sides) => {
  const { scopes, notes } = scopesOf(await timedPairs(sides), question);
  const compared = scopes.flatMap((scope) =>
    QUANTILES.map((quantile) => comparedQuantile(scope, quantile, question)),
  );
  return { compared, notes };
};

async function timedPairs(sides: Sides): Promise<RoutePair[]> {
  const spans = await sides.spanPairs();
  const timed = new Set(spans.filter(({ a, b }) => a && b).map(({ service }) => service));
  const all = await sides.pairs();
  const others = all.filter(({ service }) => !timed.has(service));
  return [...spans.filter(({ service }) => timed.has(service)), ...others];
}

function comparedQuantile(
  { subject, required, source, a, b }: Scope,
  { name, q, mayDecide }: (typeof QUANTILES)[number],
  question: CompareQuestion,
): Compared {
  const [before, after] = [estimate(a, q), estimate(b, q)];
  const isTold = before.value > 0 && after.value > 0;
  const few = fewOf(before.n, after.n) || (isTold ? '' : 'its quantile is in no bucket');
  return {
    ...{ kind: 'latency', subject, measure: name, unit: 'ms', source },
    a: { value: before.value, n: before.n },
    b: { value: after.value, n: after.n },
    change: few === '' ? quantileRatio(before, after) : undefined,
    missing: few,
    margin: question.tolerance.latency,
    gates: true,
    required: required && mayDecide,
    references: [],
  };
}

function estimate(routes: readonly RouteTraffic[], q: number): QuantileEstimate {
  const durations = routes.flatMap((route) => route.durations);
  if (durations.length > 0)
    return quantileOf(
      durations,
      routes.flatMap((route) => route.sliced),
      q,
    );
  return fromBuckets(routes, q);
}

/** The quantile by interpolation; its interval reaches to the ends of the buckets, inside which nothing is known. */
function fromBuckets(routes: readonly RouteTraffic[], q: number): QuantileEstimate {
  const n = routes.reduce((sum, { groups }) => sum + groups.reduce((s, group) => s + group.n, 0), 0);
  const bounds = routes[0]?.bounds ?? [];
  const alike = routes.every((route) => String(route.bounds) === String(bounds));
  if (n === 0 || !alike) return { value: Number.NaN, low: 0, high: Number.POSITIVE_INFINITY, n };
  const cumulative = bounds.map((_, i) => routes.reduce((sum, route) => sum + route.cumulative[i]!, 0));
  const ranks = rankInterval(q, n);
  const bucketOf = (rank: number) => {
    const i = cumulative.findIndex((count) => count >= rank * cumulative.at(-1)!);
    return i < 0 ? bounds.length - 1 : i;
  };
  return {
    value: 1000 * histogramQuantile(q, bounds, cumulative),
    low: 1000 * (bounds[bucketOf(ranks.low) - 1] ?? 0),
    high: 1000 * bounds[bucketOf(ranks.high)]!,
    n,
  };
}
