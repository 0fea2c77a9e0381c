import { accessLog, durationBoundaries } from '../../../slo/index.ts';
import type { FindLogsQuery, Store, TimeRange } from '../../storage/store.ts';
import { stringAt } from '../../telemetry/columns.ts';
import { bounds } from '../series.ts';
import { plain } from '../spans.ts';
import type { RouteCount } from './counters.ts';
import type { CohortAttribute } from './processes.ts';

/** Access lines that are counted at the most: some ten seconds of reading. */
const MAX_LINES = 200_000;
const PAGE_LINES = 10_000;

/** Requests by the access lines of a service; undefined with the reason when there are none, or too many. */
export async function countAccessLines(
  store: Store,
  of: { service: string; attribute: CohortAttribute | undefined } & TimeRange,
  deps: { signal: AbortSignal },
): Promise<{ routes: RouteCount[]; missing?: undefined } | { routes?: undefined; missing: string }> {
  const { service, attribute, fromUnixNano, toUnixNano } = of;
  const query: FindLogsQuery = {
    ...{ service, fromUnixNano, toUnixNano, template: accessLog.message, order: 'oldest' },
    ...(attribute === undefined ? {} : { attributes: [attribute] }),
  };
  const counts = new RequestCounts();
  let cursor: string | undefined;
  do {
    const options = { ...bounds(deps), limit: PAGE_LINES, ...(cursor === undefined ? {} : { cursor }) };
    const { columns, count, matched, nextCursor } = await store.findLogs(query, options);
    if (matched > MAX_LINES)
      return { missing: `${matched} access lines are stored, at most ${MAX_LINES} are counted` };
    for (let i = 0; i < count; i++) {
      if (stringAt(columns.body, i) !== accessLog.message) continue;
      const field = (name: string) => plain(columns.attributes[i]?.[name]);
      const [route, status, ms] = [accessLog.route, accessLog.status, accessLog.durationMs].map(field);
      if (route === '' || ms === '') continue;
      const request = { method: field(accessLog.method), route: route!, failed: Number(status) >= 500 };
      counts.add({ ...request, seconds: Number(ms) / 1000 });
    }
    cursor = nextCursor;
  } while (cursor !== undefined);
  const routes = counts.routes();
  return routes.length > 0 ? { routes } : { missing: 'no access lines of it are stored' };
}

/** Counts one request after the other, by the buckets that the semantic conventions advise. */
class RequestCounts {
  readonly #bounds = [...durationBoundaries, Number.POSITIVE_INFINITY];
  readonly #routes = new Map<string, RouteCount & { cumulative: number[] }>();

  add(request: { method: string; route: string; failed: boolean; seconds: number }): void {
    const { method, route, failed, seconds } = request;
    const key = `${method} ${route}`;
    let count = this.#routes.get(key);
    if (count === undefined) {
      const cumulative = this.#bounds.map(() => 0);
      count = { method, route, requests: 0, failed: 0, bounds: this.#bounds, cumulative };
      this.#routes.set(key, count);
    }
    count.requests++;
    if (failed) count.failed++;
    this.#bounds.forEach((bound, i) => {
      if (seconds <= bound) count.cumulative[i]!++;
    });
  }

  routes(): RouteCount[] {
    return [...this.#routes.values()];
  }
}
