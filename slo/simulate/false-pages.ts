import { type Tier, tiers, windows } from '../burn-rate.ts';
import { poissonAt, poissonBelow } from './poisson.ts';

/** The share of the error budget that a healthy service spends when false pages are counted. */
export const healthyShare = 0.5;

const minutesOfYear = 365 * 1_440;
/** What is rarer than this in one bad event's past is not counted. */
const negligible = 1e-15;

/**
 * False pages to expect per year from an objective that is well: `rpm` events a minute come and fail independently of each
 * other, and spend `share` of the `budget` (1 - objective). An upper bound, and a close one while it is small: a page begins
 * with a bad event, so it is the number of bad events after which some tier's conditions hold.
 */
export function falsePagesPerYear(budget: number, rpm: number, share = healthyShare): number {
  const badPerMinute = rpm * budget * share;
  const pages = tiers.filter(({ severity }) => severity === 'page');
  const chance = pages.reduce((sum, tier) => sum + chanceOf(tier, budget, rpm, share), 0);
  return badPerMinute * minutesOfYear * Math.min(chance, 1);
}

/** The chance that a tier's conditions hold just after a bad event: enough before it in both windows, and few good ones. */
function chanceOf(tier: Tier, budget: number, rpm: number, share: number): number {
  const [short, long] = [tier.shortWindow, tier.longWindow].map((name) => windows[name].seconds / 60);
  const bad = rpm * budget * share;
  const good = rpm - bad;
  // So many good events for each bad one, and the burn rate is at the factor.
  const odds = 1 / (tier.factor * budget) - 1;
  if (odds <= 0) return 0;
  const inShort = counts(Math.max(tier.minBadShort, 1), bad * short!, good * short!, odds, 1);
  return inShort.reduce((sum, { count, chance, few }) => {
    const rest = counts(Math.max(tier.minBadLong, count), bad * (long! - short!), good * long!, odds, count);
    return sum + chance * rest.reduce((all, one) => all + one.chance * Math.min(one.few, few), 0);
  }, 0);
}

/**
 * Every number of bad events that matters: its chance, when `given` of them are there already, and the chance that good ones
 * are few enough beside it.
 */
function counts(least: number, bad: number, good: number, odds: number, given: number) {
  // Below this many bad events, good ones are never few enough.
  const from = Math.max(least, Math.ceil((good - 9 * Math.sqrt(good)) / odds));
  const found: { count: number; chance: number; few: number }[] = [];
  for (let count = from; ; count++) {
    const chance = poissonAt(count - given, bad);
    if (chance < negligible && count - given >= bad) return found;
    found.push({ count, chance, few: poissonBelow(odds * count, good) });
  }
}
