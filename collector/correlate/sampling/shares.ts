/** What is told of counts: losses, reproduction and cost. Pure; counts in, shares with their intervals out. */
import { type Interval, wilson } from '../stats.ts';
import type { CohortCounters, RouteCount, SpanCounts } from './counters.ts';
import type { Drawn } from './traces.ts';

/**
 * A span is stored under the moment it began and counted when its batch is sent, up to this much later.
 * Source: OTEL_BSP_SCHEDULE_DELAY, https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
const EDGE_SECONDS = 5;
/** Slow without a threshold: longer than all but this share of the route's requests. */
const SLOW_SHARE = 0.01;
/** 97.5 % quantile of the normal distribution. */
const Z95 = 1.959963984540054;

/** A share with its interval, 0 to 1. */
export interface Share extends Interval {
  share: number;
}

/** Sampled spans that the SDK counted, against those that are stored. */
export interface SpanLoss extends Share {
  ended: number;
  dropped: number;
  exportFailed: number;
  notHeld: number;
  stored: number;
}

/** Counted requests, against those that the stored ones say that they stand for. */
export interface TraceLoss extends Share {
  requests: number;
  standFor: number;
  stored: number;
}

/** Requests of which a complete trace is stored. */
export interface Reproduction extends Share {
  /** As the service counted them. */
  requests: number;
  /** Requests that are stored, complete or not. */
  stored: number;
  /** Traces that were looked at, and how many of them are complete. */
  looked: number;
  complete: number;
}

const clamped = (value: number) => Math.min(1, Math.max(0, value));

function secondsOf({ window }: Pick<CohortCounters, 'window'>): number {
  return Number(window.toUnixNano - window.fromUnixNano) / 1e9;
}

/** Seconds at the ends of what was counted for which records and counters may differ. */
function edgeOf(times: Pick<CohortCounters, 'processes' | 'ended' | 'scrapeSeconds'>): number {
  return EDGE_SECONDS + (times.scrapeSeconds * times.ended) / times.processes;
}

/** The share of sampled spans that did not reach the store; the interval is what the ends of the window leave open. */
export function spanLoss(
  counters: Omit<CohortCounters, 'routes'> & { spans: SpanCounts },
  stored: number,
): SpanLoss | undefined {
  const { ended, dropped, failed, notHeld } = counters.spans;
  if (ended <= 0) return undefined;
  const edge = (Math.max(ended, stored) / secondsOf(counters)) * edgeOf(counters);
  const lost = (of: number) => clamped(1 - of / ended);
  return {
    ...{ ended, dropped, exportFailed: failed, notHeld, stored },
    ...{ share: lost(stored), low: lost(stored + edge), high: lost(stored - edge) },
  };
}

/** Stored requests that say what they stand for. */
export interface Weighed {
  stored: number;
  /** Sampled ones, and the mean of what each of them stands for. */
  sampled: number;
  meanWeight: number;
  /** What the others stand for. */
  keptFor: number;
}

/**
 * The share of requests that the stored ones do not stand for, by the weights they state; the interval has what the
 * draw of the sampler leaves open, and the ends of the window.
 * Source: Horvitz and Thompson, A Generalization of Sampling Without Replacement (1952), for Poisson sampling.
 */
export function traceLoss(
  requests: number,
  routes: readonly Weighed[],
  times: Omit<CohortCounters, 'routes' | 'spans'>,
): TraceLoss | undefined {
  if (requests <= 0) return undefined;
  const sampled = routes.filter((route) => route.sampled > 0);
  const kept = routes.reduce((sum, { keptFor }) => sum + keptFor, 0);
  const standFor = kept + sampled.reduce((sum, route) => sum + route.sampled * route.meanWeight, 0);
  const variance = sampled.reduce((sum, { sampled: n, meanWeight: w }) => sum + n * w * (w - 1), 0);
  const edge = (requests / secondsOf(times)) * edgeOf(times);
  const spread = Z95 * Math.sqrt(variance) + edge;
  const lost = (of: number) => clamped(1 - of / requests);
  return {
    ...{ requests, standFor, stored: routes.reduce((sum, { stored }) => sum + stored, 0) },
    ...{ share: lost(standFor), low: lost(standFor + spread), high: lost(standFor - spread) },
  };
}

/**
 * The share of requests of which a complete trace is stored, all routes together; undefined without requests. Where not
 * every trace was looked at, the interval of their completeness widens that of the share.
 */
export function reproduction(
  routes: readonly { requests: number; drawn: Drawn }[],
): Reproduction | undefined {
  const sum = (of: (one: (typeof routes)[number]) => number) =>
    routes.reduce((total, one) => total + of(one), 0);
  const requests = Math.round(sum((one) => one.requests));
  if (requests <= 0) return undefined;
  // Of what is stored at the ends of the window more may be found than was counted.
  const stored = Math.min(
    requests,
    sum(({ drawn }) => drawn.stored),
  );
  const hits = (of: (drawn: Drawn) => number) =>
    Math.min(
      requests,
      sum(({ drawn }) => drawn.stored * of(drawn)),
    );
  const low = hits((drawn) =>
    drawn.n === drawn.stored ? completeness(drawn) : wilson(drawn.complete, drawn.n).low,
  );
  const high = hits((drawn) =>
    drawn.n === drawn.stored ? completeness(drawn) : wilson(drawn.complete, drawn.n).high,
  );
  return {
    ...{
      requests,
      stored,
      looked: sum(({ drawn }) => drawn.n),
      complete: sum(({ drawn }) => drawn.complete),
    },
    share: hits(completeness) / requests,
    low: low === 0 ? 0 : wilson(low, requests).low,
    high: wilson(high, requests).high,
  };
}

function completeness({ n, complete }: Drawn): number {
  return n === 0 ? 0 : complete / n;
}

/**
 * From which duration on a request of the route is slow, in seconds, and how many were: a bucket's bound, so that they
 * are counted and not estimated. The first bound at or above `slowSeconds`; without that, the first that at most a
 * hundredth of the requests exceed. Undefined above the last bound.
 */
export function slowRequests(
  { bounds, cumulative, requests }: RouteCount,
  slowSeconds: number | undefined,
): { seconds: number; requests: number } | undefined {
  const slower = (i: number) => requests - (cumulative[i] ?? requests);
  const at = bounds.findIndex((bound, i) =>
    slowSeconds === undefined ? slower(i) <= SLOW_SHARE * requests : bound >= slowSeconds * (1 - 1e-9),
  );
  const seconds = bounds[at];
  if (seconds === undefined || !Number.isFinite(seconds)) return undefined;
  return { seconds, requests: Math.max(0, Math.round(slower(at))) };
}

/** What a million requests leave in the store. */
export interface Cost {
  spansPerMillionRequests: number;
  /** By the mean size of a span over the whole store; null when that holds no spans. */
  bytesPerMillionRequests: number | null;
}

/** @param bytesPerSpan undefined when the store holds no spans */
export function costOf(requests: number, spans: number, bytesPerSpan: number | undefined): Cost | undefined {
  if (requests <= 0) return undefined;
  const each = (spans / requests) * 1e6;
  return {
    spansPerMillionRequests: each,
    bytesPerMillionRequests: bytesPerSpan === undefined ? null : each * bytesPerSpan,
  };
}
