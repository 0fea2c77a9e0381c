/**
 * Burn-rate alerting as data, and the pure functions over it. The rendered Prometheus rules and the
 * collector judge by the same tables; a burn rate is the bad ratio divided by the error budget.
 */

/**
 * Windows by name: length in seconds, and the shorter window whose recorded increases are summed for it.
 * A window without tiles is read from the counters themselves, so that a fresh outage shows at once.
 */
export const windows = {
  '5m': { seconds: 300 },
  '30m': { seconds: 1_800 },
  '1h': { seconds: 3_600 },
  '2h': { seconds: 7_200, tile: '5m' },
  '6h': { seconds: 21_600, tile: '5m' },
  '1d': { seconds: 86_400, tile: '5m' },
  '3d': { seconds: 259_200, tile: '1h' },
} as const satisfies Record<string, { seconds: number; tile?: string }>;

export type WindowName = keyof typeof windows;

/** Bad and total events of one window. Estimated from counters they may be fractions. */
export interface WindowCounts {
  readonly bad: number;
  readonly total: number;
  /** Tiles present / tiles due, 0 to 1: how much of the window was observed at all. */
  readonly coverage: number;
}

/** One multi-window alert condition. Every part must hold. */
export interface Tier {
  /** Stable value of the label `burnrate_tier`: inhibition and routing rely on it. */
  readonly id: string;
  readonly severity: 'page' | 'ticket';
  readonly longWindow: WindowName;
  readonly shortWindow: WindowName;
  /** Burn rate that both windows must exceed. */
  readonly factor: number;
  /** The guard: bad events that must be there, however large the ratio. */
  readonly minBadLong: number;
  readonly minBadShort: number;
  /** Compare the Wilson lower bound of the long window, not its plain ratio. */
  readonly wilson: boolean;
  /** Bad ratio that the short window must reach beside its burn rate. */
  readonly minShortRatio: number;
  /** Share of the long window that must have been observed. */
  readonly minCoverage: number;
  readonly source: string;
}

const workbook = 'https://sre.google/workbook/alerting-on-slos/#6-multiwindow-multi-burn-rate-alerts';
const lowTraffic =
  'https://sre.google/workbook/alerting-on-slos/#low-traffic-services-and-error-budget-alerting';

/** A page needs this much evidence: one failure on a quiet route wakes nobody. */
const pageGuard = { minBadLong: 5, minBadShort: 2, wilson: false, minShortRatio: 0, minCoverage: 0 } as const;
/** A ticket can wait: statistics in place of a count, and no verdict from a window barely observed. */
const ticketGuard = {
  minBadLong: 1,
  minBadShort: 1,
  wilson: true,
  minShortRatio: 0,
  minCoverage: 0.5,
} as const;

/**
 * Pages at 2 % of a 30-day budget in 1 h and 5 % in 6 h, tickets at 10 % in 1 d and in 3 d. The last tier is
 * by count: a route so idle that the short windows are mostly empty, and most of what comes fails.
 */
export const tiers: readonly Tier[] = [
  {
    id: 'page-1h',
    severity: 'page',
    longWindow: '1h',
    shortWindow: '5m',
    factor: 14.4,
    ...pageGuard,
    source: workbook,
  },
  {
    id: 'page-6h',
    severity: 'page',
    longWindow: '6h',
    shortWindow: '30m',
    factor: 6,
    ...pageGuard,
    source: workbook,
  },
  {
    id: 'ticket-1d',
    severity: 'ticket',
    longWindow: '1d',
    shortWindow: '2h',
    factor: 3,
    ...ticketGuard,
    source: workbook,
  },
  {
    id: 'ticket-3d',
    severity: 'ticket',
    longWindow: '3d',
    shortWindow: '6h',
    factor: 1,
    ...ticketGuard,
    source: workbook,
  },
  {
    id: 'ticket-count',
    severity: 'ticket',
    longWindow: '1d',
    shortWindow: '6h',
    factor: 3,
    ...ticketGuard,
    minBadLong: 3,
    minShortRatio: 0.5,
    source: lowTraffic,
  },
];

/**
 * One-sided 95 % normal quantile of the Wilson score bound.
 * Source: https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
 */
export const wilsonZ = 1.645;

/**
 * Lower end of the bad ratio that is still credible after `bad` of `total` events; 0 without events.
 * Solves (p - bad/total)^2 = z^2 p(1-p)/total for the smaller p.
 */
export function wilsonLower(bad: number, total: number): number {
  if (!(total > 0)) return 0;
  const z2 = wilsonZ * wilsonZ;
  const good = Math.max(total - bad, 0);
  return (bad + z2 / 2 - wilsonZ * Math.sqrt((bad * good) / total + z2 / 4)) / (total + z2);
}

/** Bad ratio / error budget, or undefined where no event came: no traffic is no verdict, and never NaN. */
export function burnRate(counts: WindowCounts, budget: number): number | undefined {
  return counts.total > 0 ? counts.bad / counts.total / budget : undefined;
}

/** Share of the error budget that is left, negative when it is overspent, 1 without events. */
export function budgetLeft(counts: WindowCounts, budget: number): number {
  return 1 - (burnRate(counts, budget) ?? 0);
}

/** Why a tier does not fire, in the order in which the conditions are asked. */
type Verdict = 'firing' | 'not observed' | 'no traffic' | 'too few bad events' | 'below threshold';

export interface TierVerdict {
  readonly tier: Tier;
  readonly verdict: Verdict;
  /** Burn rate of the two windows; undefined without traffic or without counts. */
  readonly longBurn: number | undefined;
  readonly shortBurn: number | undefined;
}

/**
 * Judges every tier from counts per window. `budget` is 1 - objective (0.001), in (0, 1). A window that is
 * missing from `counts` was not observed. Pure; equal to the rendered rules over the same counts.
 */
export function evaluateBurn(
  budget: number,
  counts: Readonly<Partial<Record<WindowName, WindowCounts>>>,
): readonly TierVerdict[] {
  return tiers.map((tier) => {
    const long = counts[tier.longWindow];
    const short = counts[tier.shortWindow];
    return {
      tier,
      verdict: judge(tier, budget, long, short),
      longBurn: long && burnRate(long, budget),
      shortBurn: short && burnRate(short, budget),
    };
  });
}

function judge(tier: Tier, budget: number, long?: WindowCounts, short?: WindowCounts): Verdict {
  if (!long || !short || long.coverage < tier.minCoverage) return 'not observed';
  if (!(long.total > 0 && short.total > 0)) return 'no traffic';
  // Rounded, because a count estimated from scraped counters misses an integer by a few per cent.
  if (Math.round(long.bad) < tier.minBadLong || Math.round(short.bad) < tier.minBadShort) {
    return 'too few bad events';
  }
  const longRatio = tier.wilson ? wilsonLower(long.bad, long.total) : long.bad / long.total;
  const shortRatio = short.bad / short.total;
  const burning = longRatio / budget > tier.factor && shortRatio / budget > tier.factor;
  return burning && shortRatio >= tier.minShortRatio ? 'firing' : 'below threshold';
}
