import { type Tier, tiers, type WindowName } from './burn-rate.ts';

/**
 * Groups of rules: how often each is evaluated, and the windows that it records. A fast page needs fresh counters, a ticket does
 * not. Every interval is a minute below 5m, the lookback of instant selectors: series would vanish, and tickets resolve, when one
 * evaluation comes late.
 */
const groups: readonly { name: string; seconds: number; windows: readonly WindowName[] }[] = [
  { name: 'fast', seconds: 30, windows: ['5m', '1h'] },
  { name: 'medium', seconds: 60, windows: ['30m', '6h'] },
  { name: 'slow', seconds: 240, windows: ['2h', '1d', '3d'] },
];

/** A group, the tiers that alert in it, and all windows that they read. */
export interface Cadence {
  readonly name: string;
  readonly seconds: number;
  readonly windows: readonly WindowName[];
  readonly tiers: readonly Tier[];
  readonly reads: readonly WindowName[];
}

/** A tier is judged in the first group by which both of its windows are recorded. */
export const cadences: readonly Cadence[] = groups.map((group, index) => {
  const own = tiers.filter((tier) => groupOf(tier) === index);
  const reads = [...new Set(own.flatMap(({ longWindow, shortWindow }) => [longWindow, shortWindow]))];
  return { ...group, tiers: own, reads };
});

function groupOf({ longWindow, shortWindow }: Tier): number {
  const recordedIn = (window: WindowName) => groups.findIndex((group) => group.windows.includes(window));
  return Math.max(recordedIn(longWindow), recordedIn(shortWindow));
}
