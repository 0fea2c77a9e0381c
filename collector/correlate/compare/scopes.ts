/** What golden signals are told of: each service as a whole, and each of its routes. */
import type { Subject } from '../incident.ts';
import type { CompareQuestion } from './comparison.ts';
import { type RoutePair, routesOf, subjectOf } from './pairs.ts';
import type { RouteTraffic } from './route-traffic.ts';

/** A service or a route, with all that is stored of it on both sides. */
export interface Scope {
  subject: Subject;
  /** The release cannot be judged without it. */
  required: boolean;
  source: 'metrics' | 'spans';
  a: readonly RouteTraffic[];
  b: readonly RouteTraffic[];
}

/**
 * The scopes of the routes. What decides is a service as a whole, or the route that is asked for; single routes may
 * have too little traffic to say anything, and a service on one side only decides nothing. As a whole, b's routes are
 * weighed as often as they are called in a, and routes on one side only are left out: other traffic is no other release.
 */
export function scopesOf(
  pairs: readonly RoutePair[],
  question: CompareQuestion,
): { scopes: Scope[]; notes: string[] } {
  const { told, left } = routesOf(pairs);
  const scopes: Scope[] = [];
  const notes: string[] = [];
  for (const [service, members] of Map.groupBy(pairs, (pair) => pair.service)) {
    const missing = (['a', 'b'] as const).find((side) => members.every((pair) => pair[side] === undefined));
    if (missing) notes.push(`${service} has no requests in ${missing}.`);
    const isOne = members.length === 1 || question.route !== undefined;
    if (!missing && !isOne) scopes.push(wholeOf(service, members));
    const own = members.filter((pair) => told.includes(pair));
    scopes.push(...own.map((pair) => routeScope(pair, isOne && !missing)));
  }
  if (left > 0) notes.push(`${left} routes with the least traffic have no lines of their own.`);
  return { scopes, notes };
}

function routeScope(pair: RoutePair, required: boolean): Scope {
  const { a, b } = pair;
  return {
    subject: subjectOf(pair),
    required,
    source: (a ?? b)!.source,
    a: a ? [a] : [],
    b: b ? [b] : [],
  };
}

function wholeOf(service: string, members: readonly RoutePair[]): Scope {
  const both = members.flatMap(({ a, b }) => (a && b ? [{ a, b }] : []));
  const sum = (side: 'a' | 'b') => both.reduce((total, pair) => total + pair[side].requests, 0);
  const [totalA, totalB] = [sum('a'), sum('b')];
  return {
    subject: { service },
    required: true,
    source: (members[0]!.a ?? members[0]!.b)!.source,
    a: both.map(({ a }) => a),
    b: both.map(({ a, b }) => weighed(b, a.requests / totalA / (b.requests / totalB))),
  };
}

/** The same traffic with every request counted `factor` times. */
function weighed(traffic: RouteTraffic, factor: number): RouteTraffic {
  const times = <G extends { weight: number }>(groups: readonly G[]): G[] =>
    groups.map((group) => ({ ...group, weight: group.weight * factor }));
  return {
    ...traffic,
    requests: traffic.requests * factor,
    groups: times(traffic.groups),
    durations: times(traffic.durations),
    sliced: times(traffic.sliced),
    cumulative: traffic.cumulative.map((count) => count * factor),
  };
}
