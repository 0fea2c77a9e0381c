/** The lowest share of a route's traces that does what is wanted. Pure: counts in, advice out. */
import type { SamplingAdvice } from '../../../slo/index.ts';
import { count, duration, percent, span } from '../format.ts';
import { type Interval, wilson } from '../stats.ts';
import type { RouteCount } from './counters.ts';
import type { Share } from './shares.ts';

/** What the stored traces shall be enough for. */
export interface Wanted {
  /** Probability with which each of the numbers below is reached in times like those that were counted. */
  certainty: number;
  /** Complete traces of failed requests, and of slow ones, in each `faultWithinSeconds`. */
  faultTraces: number;
  faultWithinSeconds: number;
  /** Complete traces a day, whatever happened in them. */
  dailyTraces: number;
  /** Where failed or slow requests need a larger share, they are kept whatever is drawn; 1 never keeps. */
  keepAbove: number;
}

export const WANTED: Wanted = {
  certainty: 0.95,
  faultTraces: 5,
  faultWithinSeconds: 3600,
  dailyTraces: 100,
  keepAbove: 0.25,
};

const SECONDS_A_DAY = 86_400;
/** A share below this says nothing that a larger one does not, and a typing error would be as small. */
const LEAST_SHARE = 0.0001;
const HALVINGS = 60;

/**
 * Probability of at least `k` hits in `n` draws of probability `p`; draws are whole, what is over is left out.
 * Source: the binomial distribution, its lower tail summed term by term in logarithms.
 */
export function atLeast(k: number, n: number, p: number): number {
  const draws = Math.floor(n);
  if (k <= 0) return 1;
  if (draws < k || p <= 0) return 0;
  if (p >= 1) return 1;
  const odds = Math.log(p) - Math.log1p(-p);
  let term = draws * Math.log1p(-p);
  let below = 0;
  for (let i = 0; i < k; i++) {
    below += Math.exp(term);
    term += Math.log((draws - i) / (i + 1)) + odds;
  }
  return Math.max(0, 1 - below);
}

/**
 * The lowest share of `requests` to be sampled so that at least `traces` of them are stored complete with the
 * wanted certainty, when a sampled one survives with probability `survival`; undefined when no share is enough.
 */
export function lowestShare(of: {
  requests: number;
  traces: number;
  survival: number;
  certainty: number;
}): number | undefined {
  const reaches = (share: number) =>
    atLeast(of.traces, of.requests, share * Math.min(1, of.survival)) >= of.certainty;
  if (!reaches(1)) return undefined;
  let [low, high] = [0, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (reaches(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** What is known of a route. */
export interface RouteFacts {
  count: RouteCount;
  slow: { seconds: number; requests: number } | undefined;
  /** Seconds in which the requests were counted. */
  seconds: number;
  /** Probability that a sampled request is stored complete. */
  survival: Share;
}

/** How large a share one kind of request needs. */
interface Need {
  interval: Interval;
  isKept: boolean;
  sentence: string;
}

/** The advice for a route; undefined when it had no requests. */
export function recommend(
  { count: counted, slow, seconds, survival }: RouteFacts,
  wanted: Wanted,
): SamplingAdvice | undefined {
  if (counted.requests <= 0) return undefined;
  const perDay = (counted.requests * SECONDS_A_DAY) / seconds;
  const { method, route } = counted;
  const all = { requests: counted.requests, perDay, survival, wanted };
  const daily = dailyNeed(all);
  const failed = faultNeed(Math.round(counted.failed), 'failed', all);
  // Nobody knows when the first failure comes; a request that is slow by a bound nobody chose may never come.
  const slower =
    slow === undefined || slow.requests === 0
      ? undefined
      : faultNeed(slow.requests, `took over ${duration(slow.seconds * 1000)}`, all);
  const needs = [daily, failed, slower].filter((need) => need !== undefined);
  const sampled = needs.filter(({ isKept }) => !isKept);
  const high = Math.max(...sampled.map(({ interval }) => interval.high));
  const low = Math.max(...sampled.map(({ interval }) => interval.low));
  const share = roundedUp(high);
  // Where all are stored, nothing is left to keep.
  const keeps = (need: Need | undefined) => share < 1 && need?.isKept === true;
  return {
    ...{ method, route, share, interval: { low, high } },
    keepFailed: keeps(failed),
    keepSlowSeconds: keeps(slower) ? slow!.seconds : null,
    because: needs.map(({ sentence }) => sentence).join(' '),
  };
}

interface All {
  requests: number;
  perDay: number;
  survival: Share;
  wanted: Wanted;
}

function dailyNeed({ requests, perDay, survival, wanted }: All): Need {
  const traces = wanted.dailyTraces;
  const interval = needed({ low: perDay, high: perDay }, traces, survival, wanted);
  const what = `${count(requests)} requests counted, ${count(perDay)} a day:`;
  const isEnough = lowestShare({
    requests: perDay,
    traces,
    survival: survival.low,
    certainty: wanted.certainty,
  });
  const sentence =
    isEnough === undefined
      ? `${what} too few for ${count(traces)} complete traces, so all are stored.`
      : `${what} ${count(traces)} complete traces need ${between(interval)}.`;
  return { interval, isKept: false, sentence };
}

function faultNeed(hits: number, what: string, { requests, perDay, survival, wanted }: All): Need {
  const total = Math.max(hits, Math.round(requests));
  const share = wilson(hits, total);
  const within = (perDay * wanted.faultWithinSeconds) / SECONDS_A_DAY;
  const expected = { low: share.low * within, high: share.high * within };
  const interval = needed(expected, wanted.faultTraces, survival, wanted);
  const isKept = interval.high > wanted.keepAbove;
  const seen = `${count(hits)} ${what} (${percent(hits / total)}, ${percent(share.low)} to ${percent(share.high)}):`;
  const traces = `${count(wanted.faultTraces)} complete traces in ${span(wanted.faultWithinSeconds)}`;
  const kept = `${traces} need up to ${shareText(interval.high)}, so they are kept whatever is drawn.`;
  return { interval, isKept, sentence: `${seen} ${isKept ? kept : `${traces} need ${between(interval)}.`}` };
}

/** The share that is needed: the lower end when there are as many requests as there may be and as few are lost. */
function needed(requests: Interval, traces: number, survival: Share, { certainty }: Wanted): Interval {
  const least = lowestShare({ requests: requests.high, traces, survival: survival.high, certainty });
  const most = lowestShare({ requests: requests.low, traces, survival: survival.low, certainty });
  return { low: least ?? 1, high: most ?? 1 };
}

/** Two significant digits, never below: what is written is enough. */
function roundedUp(share: number): number {
  if (share >= 1) return 1;
  const unit = 10 ** (Math.floor(Math.log10(Math.max(share, LEAST_SHARE))) - 1);
  const steps = Math.ceil(Math.max(share, LEAST_SHARE) / unit - 1e-9);
  return Math.min(1, Number((steps * unit).toPrecision(2)));
}

function between({ low, high }: Interval): string {
  const [from, to] = [shareText(low), shareText(high)];
  return from === to ? from : `${from} to ${to}`;
}

/** A share to be sampled in percent, with two significant digits: small ones differ in the third place behind the point. */
export function shareText(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
