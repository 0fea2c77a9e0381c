import type { Compared, CompareQuestion } from './comparison.ts';
import { fewOf } from './errors.ts';
import { ratioWithError, shareDifference, shareOf } from './estimates.ts';
import { type RoutePair, routesOf, subjectOf } from './pairs.ts';
import { type RouteTraffic, sliceNano } from './route-traffic.ts';
import type { Comparison } from './sides.ts';

/** Smaller changes of traffic are not told: its rate varies by itself, and who calls what is no part of a release. */
const RATE_MARGIN = 0.25;
const SHARE_MARGIN = 0.01;

/** How much traffic each service has, and which part of it each route. It differs for many reasons, so it is no harm. */
export const requests: Comparison = async (question, sides) => {
  const pairs = await sides.pairs();
  const { told } = routesOf(pairs);
  const compared: Compared[] = [];
  for (const [service, members] of Map.groupBy(pairs, (pair) => pair.service)) {
    compared.push(rateOf(service, members, question));
    if (members.length === 1) continue;
    const named = members.filter((pair) => told.includes(pair));
    compared.push(...named.map((pair) => partOf(pair, members)));
  }
  return { compared, notes: [] };
};

const ofSide = (members: readonly RoutePair[], side: 'a' | 'b'): RouteTraffic[] =>
  members.flatMap((pair) => pair[side] ?? []);

function rateOf(service: string, members: readonly RoutePair[], question: CompareQuestion): Compared {
  const [a, b] = (['a', 'b'] as const).map((side) => {
    const groups = ofSide(members, side).flatMap((route) => route.groups);
    const total = groups.reduce((sum, { weight, n }) => sum + weight * n, 0);
    const squares = groups.reduce((sum, { weight, n }) => sum + weight ** 2 * n, 0);
    const slices = groups.filter(({ n }) => n > 0).map(({ slice }) => slice);
    const seen = slices.length === 0 ? 0 : Math.max(...slices) - Math.min(...slices) + 1;
    const seconds = (seen * Number(sliceNano(question[side].range))) / 1e9;
    const n = groups.reduce((sum, group) => sum + group.n, 0);
    return { n, rate: seconds > 0 ? total / seconds : 0, error: Math.sqrt(squares) / total };
  });
  const few = fewOf(a!.n, b!.n);
  const [only] = members;
  return {
    ...{ kind: 'requests', measure: 'requests per second', unit: 'per-second' },
    subject: question.route === undefined || !only ? { service } : subjectOf(only),
    source: (members[0]!.a ?? members[0]!.b)!.source,
    a: { value: a!.rate, n: a!.n },
    b: { value: b!.rate, n: b!.n },
    // Counts of independent arrivals: the variance is the sum of the squared weights.
    change: few === '' ? ratioWithError(b!.rate / a!.rate, Math.hypot(a!.error, b!.error)) : undefined,
    missing: few,
    margin: RATE_MARGIN,
    ...{ gates: false, required: false, references: [] },
  };
}

function partOf(pair: RoutePair, members: readonly RoutePair[]): Compared {
  const [a, b] = (['a', 'b'] as const).map((side) =>
    shareOf(
      ofSide(members, side).flatMap((route) =>
        route.groups.map((group) => ({ ...group, hits: route === pair[side] ? group.n : 0 })),
      ),
    ),
  );
  const few = fewOf(a!.n, b!.n);
  return {
    ...{ kind: 'requests', measure: 'share of the requests', unit: 'share' },
    subject: subjectOf(pair),
    source: (pair.a ?? pair.b)!.source,
    a: { value: a!.share, n: a!.n },
    b: { value: b!.share, n: b!.n },
    change: few === '' ? shareDifference(a!, b!) : undefined,
    missing: few,
    margin: SHARE_MARGIN,
    ...{ gates: false, required: false, references: [] },
  };
}
