import type { Store } from '../../storage/store.ts';
import type { RouteCount } from './counters.ts';
import { type Reproduction, reproduction, slowRequests } from './shares.ts';
import { type Drawn, drawTraces, type StoredRoute, type TracesOf } from './traces.ts';

/** One route of a cohort. */
export interface RouteReport {
  method: string;
  route: string;
  requests: number;
  storedRequests: number;
  /** Stored of all requests; a sampler's share and what was lost together. */
  storedShare: number | null;
  /** Requests that take longer are slow; null when no bound tells them. */
  slowSeconds: number | null;
  failed: Reproduction | null;
  slow: Reproduction | null;
}

/** What the routes of a cohort are looked at with. */
export interface Looking {
  store: Store;
  of: TracesOf;
  slowSeconds: number | undefined;
  signal: AbortSignal;
}

/** One route with all that was drawn of it. */
export interface Looked {
  counted: RouteCount;
  stored: StoredRoute;
  slow: ReturnType<typeof slowRequests>;
  any: Drawn;
  failed: Drawn;
  slower: Drawn | undefined;
}

/** Draws what is needed to judge one route. */
export async function lookAtRoute(
  counted: RouteCount,
  stored: readonly StoredRoute[],
  { store, of, slowSeconds, signal }: Looking,
): Promise<Looked> {
  const draw = (which: Parameters<typeof drawTraces>[3]) => drawTraces(store, of, counted, which, { signal });
  const slow = slowRequests(counted, slowSeconds);
  const { method, route } = counted;
  const none = { method, route, stored: 0, sampled: 0, keptFor: 0 };
  return {
    counted,
    stored: stored.find((one) => one.method === method && one.route === route) ?? none,
    slow,
    any: await draw('any'),
    failed: await draw('failed'),
    slower: slow && (await draw({ slowerThanSeconds: slow.seconds })),
  };
}

/** Failed requests of a route, counted and drawn. */
export function failedOf({ counted, failed }: Looked) {
  return { requests: Math.round(counted.failed), drawn: failed };
}

/** Slow ones; none where no bound tells them. */
export function slowOf({ slow, slower }: Looked) {
  return slow && slower ? [{ requests: slow.requests, drawn: slower }] : [];
}

/** A route as it is told. */
export function routeReport(looked: Looked): RouteReport {
  const { counted, stored, slow } = looked;
  const { method, route, requests } = counted;
  return {
    ...{ method, route, requests, storedRequests: stored.stored },
    storedShare: Math.min(1, stored.stored / requests),
    slowSeconds: slow?.seconds ?? null,
    failed: reproduction([failedOf(looked)]) ?? null,
    slow: reproduction(slowOf(looked)) ?? null,
  };
}
