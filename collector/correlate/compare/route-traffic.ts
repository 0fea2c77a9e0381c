/** What one route did on one side, counted in slices of time. */
import type { TimeRange } from '../../storage/store.ts';
import type { DurationGroup } from './estimates.ts';

/** A range is counted in this many slices: enough to see that bad minutes come in a row. */
const SLICES = 30;

/** Requests of one weight in one slice. */
interface TrafficGroup {
  weight: number;
  n: number;
  failed: number;
  slice: number;
}

/** One route on one side. */
export interface RouteTraffic {
  service: string;
  method: string;
  route: string;
  source: 'metrics' | 'spans';
  /** How many requests there were; sampled ones count for what they stand for. */
  requests: number;
  groups: TrafficGroup[];
  /** Durations of spans, over the whole range and by slices; empty with metrics. */
  durations: DurationGroup[];
  sliced: DurationGroup[];
  /** Requests up to each bound in seconds, the last +Infinity; empty with spans. */
  bounds: readonly number[];
  cumulative: readonly number[];
}

/** The width of a side's slices in nanoseconds. */
export function sliceNano({ fromUnixNano, toUnixNano }: TimeRange): bigint {
  return (toUnixNano - fromUnixNano) / BigInt(SLICES) + 1n;
}

/** A route of which nothing is counted yet. */
export function emptyTraffic(
  service: string,
  method: string,
  route: string,
  source: RouteTraffic['source'],
): RouteTraffic {
  return {
    ...{ service, method, route, source, requests: 0 },
    ...{ groups: [], durations: [], sliced: [], bounds: [], cumulative: [] },
  };
}
