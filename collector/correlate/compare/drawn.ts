/** Requests drawn from both sides of the busiest routes: what is inside of them is compared there. */
import type { SpanFilter, Store } from '../../storage/store.ts';
import { drawRequests } from '../cohort.ts';
import type { EvidenceDeps, Reference } from '../incident.ts';
import type { RequestTree } from '../spans.ts';
import type { CompareQuestion, Side } from './comparison.ts';
import { MIN_REQUESTS } from './errors.ts';
import type { WeighedCount } from './estimates.ts';
import { type RoutePair, sideFilter } from './pairs.ts';
import { sliceNano } from './route-traffic.ts';

/** Routes that are looked into: some 600 traces of each are read. */
const MAX_ROUTES = 10;
/** Traces to open that a line names. */
const MAX_REFERENCES = 3;

/** One request with the slice of time that it began in. */
export interface DrawnRequest {
  request: RequestTree;
  slice: number;
}

/** The drawn requests of one route. */
export interface DrawnPair {
  pair: RoutePair;
  a: DrawnRequest[];
  b: DrawnRequest[];
}

/** Up to 300 requests a side of each of the busiest routes that are stored on both, and what was left out. */
export async function drawPairs(
  question: CompareQuestion,
  pairs: readonly RoutePair[],
  store: Store,
  deps: EvidenceDeps,
): Promise<{ drawn: DrawnPair[]; notes: string[] }> {
  const enough = pairs.filter(({ a, b }) => stored(a) >= MIN_REQUESTS && stored(b) >= MIN_REQUESTS);
  const drawn: DrawnPair[] = [];
  for (const pair of enough.slice(0, MAX_ROUTES)) {
    const { service, method, route } = pair;
    const of = async (side: Side) => {
      const filter: SpanFilter = { ...sideFilter(question, side), service, route, method };
      const { requests } = await drawRequests(store, filter, deps);
      return requests.map((request) => ({ request, slice: sliceOf(request, side) }));
    };
    drawn.push({ pair, a: await of(question.a), b: await of(question.b) });
  }
  const left = enough.length - drawn.length;
  const few = pairs.length - enough.length;
  const notes = [
    ...(left > 0 ? [`${left} routes with less traffic were not looked into for calls and log lines.`] : []),
    ...(few > 0
      ? [`${few} routes have fewer than ${MIN_REQUESTS} stored traces on a side: not looked into.`]
      : []),
  ];
  return { drawn, notes };
}

function stored(traffic: RoutePair['a']): number {
  return traffic?.groups.reduce((sum, { n }) => sum + n, 0) ?? 0;
}

function sliceOf({ entry }: RequestTree, { range }: Side): number {
  return Number((entry.startUnixNano - range.fromUnixNano) / sliceNano(range));
}

/** The requests as a share estimate counts them. */
export function hitsOf(
  drawn: readonly DrawnRequest[],
  test: (request: RequestTree) => boolean,
): WeighedCount[] {
  return drawn.map(({ request, slice }) => ({
    weight: request.weight,
    n: 1,
    hits: test(request) ? 1 : 0,
    slice,
  }));
}

/** Traces to open, of b, else of a: the first ones for which the test holds. */
export function tracesWith({ a, b }: DrawnPair, test: (request: RequestTree) => boolean): Reference[] {
  const of = (drawn: readonly DrawnRequest[], label: string): Reference[] =>
    drawn
      .filter(({ request }) => test(request))
      .slice(0, MAX_REFERENCES)
      .map(({ request }) => ({ kind: 'trace', traceId: request.traceId, label }));
  const ofB = of(b, 'b');
  return ofB.length > 0 ? ofB : of(a, 'a');
}
