import type { GroupKey, SpanFilter, Store, TimeRange } from '../../storage/store.ts';
import { stringAt } from '../../telemetry/columns.ts';
import { toHex } from '../../telemetry/ids.ts';
import { SPAN_KINDS, SPAN_STATUSES } from '../../telemetry/model.ts';
import { bounds } from '../series.ts';
import { groupWeight, weightKeys } from '../weights.ts';
import { lookAt } from './completeness.ts';
import type { CohortAttribute } from './processes.ts';

const SERVER = SPAN_KINDS.indexOf('server');
const ERROR = SPAN_STATUSES.indexOf('error');
/** A range is drawn from in this many slices, so that its newest part does not stand for all of it. */
const SLICES = 4n;
const TRACES_PER_SLICE = 50;
/** Groups of one page: kinds, routes, methods and weights of one cohort. */
const MAX_GROUPS = 10_000;

/** Whose traces are looked at. */
export interface TracesOf extends TimeRange {
  service: string;
  attribute: CohortAttribute | undefined;
}

/** Stored requests of one route. */
export interface StoredRoute {
  method: string;
  route: string;
  /** Stored server spans. */
  stored: number;
  /** Of those: sampled, and not kept for what happened in them. */
  sampled: number;
  /** Requests that the others stand for: themselves, as a rule. */
  keptFor: number;
}

/** Traces drawn from those that meet a condition. */
export interface Drawn {
  /** Traces that meet it. */
  stored: number;
  /** Traces looked at. */
  n: number;
  /** Of those: no stored span lacks its parent, but for those that came from outside. */
  complete: number;
  /** Of those: sampled, and not kept for what happened in them. */
  sampled: number;
  /** Of the sampled ones: how many say of how many requests they are one. */
  stating: number;
  /** The mean of what those say; NaN when none does. */
  meanWeight: number;
}

function filterOf({ service, attribute, fromUnixNano, toUnixNano }: TracesOf): SpanFilter {
  return {
    ...{ service, fromUnixNano, toUnixNano },
    ...(attribute === undefined ? {} : { attributes: [attribute] }),
  };
}

/** What is stored of a cohort: all spans, and requests by route; one reading, as an attribute is looked for in every span. */
export async function countStored(
  store: Store,
  of: TracesOf,
  deps: { signal: AbortSignal },
): Promise<{ spans: number; routes: StoredRoute[] }> {
  const filter = filterOf(of);
  const weights = await weightKeys(store, { ...filter, kind: SERVER }, deps);
  const query = { filter, groupBy: ['kind', 'route', 'method', ...weights] as GroupKey[], quantiles: [] };
  const routes = new Map<string, StoredRoute>();
  let spans = 0;
  let cursor: string | undefined;
  do {
    const options = { ...bounds(deps), limit: MAX_GROUPS, ...(cursor === undefined ? {} : { cursor }) };
    const { columns, count, nextCursor } = await store.aggregate(query, options);
    for (let i = 0; i < count; i++) {
      const stored = columns.count[i]!;
      const [kind, route = '', method = '', stated = ''] = columns.keys.map((key) => stringAt(key, i));
      spans += stored;
      if (kind !== SPAN_KINDS[SERVER]) continue;
      const entry = routes.get(`${method} ${route}`) ?? { method, route, stored: 0, sampled: 0, keptFor: 0 };
      routes.set(`${method} ${route}`, entry);
      entry.stored += stored;
      if (stated === '') entry.sampled += stored;
      else entry.keptFor += stored * groupWeight(stated, 1);
    }
    cursor = nextCursor;
  } while (cursor !== undefined);
  return { spans, routes: [...routes.values()] };
}

/** Which requests of a route are drawn. */
export type Which = 'any' | 'failed' | { slowerThanSeconds: number };

/** Draws stored requests of a route evenly over the range and looks at their traces. */
export async function drawTraces(
  store: Store,
  of: TracesOf,
  { method, route }: { method: string; route: string },
  which: Which,
  deps: { signal: AbortSignal },
): Promise<Drawn> {
  const filter: SpanFilter = {
    ...{ ...filterOf(of), kind: SERVER, route },
    ...(method === '' ? {} : { method }),
    ...(which === 'failed' ? { status: ERROR } : {}),
    ...(typeof which === 'object'
      ? { minDurationNano: BigInt(Math.floor(which.slowerThanSeconds * 1e9)) + 1n }
      : {}),
  };
  const entries = new Map<string, string>();
  let stored = 0;
  const width = (of.toUnixNano - of.fromUnixNano) / SLICES + 1n;
  for (let from = of.fromUnixNano; from < of.toUnixNano; from += width) {
    const toUnixNano = from + width < of.toUnixNano ? from + width : of.toUnixNano;
    const page = await store.findTraces(
      { filter: { ...filter, fromUnixNano: from, toUnixNano }, order: 'newest' },
      { ...bounds(deps), limit: TRACES_PER_SLICE },
    );
    stored += page.matched;
    for (let i = 0; i < page.count; i++)
      entries.set(toHex(page.columns.traceId, i * 16, 16), toHex(page.columns.hitSpanId, i * 8, 8));
  }
  const looks = await lookAt(store, entries, which === 'any', deps);
  const sampled = looks.filter(({ kept }) => !kept);
  const weights = sampled.flatMap(({ weight }) => weight ?? []);
  return {
    ...{ stored, n: looks.length, complete: looks.filter(({ complete }) => complete).length },
    ...{ sampled: sampled.length, stating: weights.length },
    meanWeight: weights.reduce((sum, weight) => sum + weight, 0) / weights.length,
  };
}
