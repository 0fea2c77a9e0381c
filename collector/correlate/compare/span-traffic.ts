/** Requests of a side from stored server spans, each counted for what it stands for. */
import type { GroupKey, SpanFilter, Store } from '../../storage/store.ts';
import { stringAt } from '../../telemetry/columns.ts';
import type { EvidenceDeps } from '../incident.ts';
import { bounds } from '../series.ts';
import { groupWeight, QUANTILES, sampledWeight, weightKeys } from '../weights.ts';
import { emptyTraffic, type RouteTraffic, sliceNano } from './route-traffic.ts';

/** Groups (service, route, method, slice) that one page of an aggregate may answer. */
const MAX_GROUPS = 50_000;

/** Routes whose server spans meet the filter, in one reading over the whole range and one by slices. */
export async function readSpanTraffic(
  filter: SpanFilter,
  store: Store,
  deps: EvidenceDeps,
): Promise<RouteTraffic[]> {
  const keys: GroupKey[] = ['service', 'route', 'method', ...(await weightKeys(store, filter, deps))];
  const routes = new Map<string, RouteTraffic>();
  const weights = new Map<string, number>();
  for (const stepNano of [undefined, sliceNano(filter)]) {
    for await (const group of groupsOf(store, filter, keys, stepNano, deps)) {
      const { service, method, route, n, failed, slice, quantilesMs } = group;
      const sampled = weights.get(service) ?? (await sampledWeight(store, { ...filter, service }, deps));
      weights.set(service, sampled);
      const weight = groupWeight(group.stated, sampled);
      const key = [service, method, route].join('\u0000');
      const traffic = routes.get(key) ?? emptyTraffic(service, method, route, 'spans');
      routes.set(key, traffic);
      const durations = { weight, n, slice, quantilesMs };
      if (stepNano === undefined) {
        traffic.requests += weight * n;
        traffic.durations.push(durations);
      } else {
        traffic.groups.push({ weight, n, failed, slice });
        traffic.sliced.push(durations);
      }
    }
  }
  return [...routes.values()];
}

async function* groupsOf(
  store: Store,
  filter: SpanFilter,
  groupBy: GroupKey[],
  stepNano: bigint | undefined,
  deps: EvidenceDeps,
) {
  const query = { filter, groupBy, quantiles: [...QUANTILES], ...(stepNano ? { stepNano } : {}) };
  for (let cursor: string | undefined; ; ) {
    const options = { ...bounds(deps), limit: MAX_GROUPS, ...(cursor === undefined ? {} : { cursor }) };
    const { columns, count, nextCursor } = await store.aggregate(query, options);
    for (let i = 0; i < count; i++) {
      const [service = '', route = '', method = '', stated = ''] = columns.keys.map((key) =>
        stringAt(key, i),
      );
      const since = columns.bucketUnixNano[i]! - filter.fromUnixNano;
      yield {
        ...{ service, route, method, stated, n: columns.count[i]!, failed: columns.errors[i]! },
        slice: stepNano ? Number(since / stepNano) : 0,
        quantilesMs: columns.quantilesMs.map((values) => values[i]!),
      };
    }
    cursor = nextCursor;
    if (cursor === undefined) return;
  }
}
