import { type WindowName, windows } from './burn-rate.ts';
import { rule } from './conventions.ts';

/** Recorded series of an objective's bad events over a window. */
export function badEvents(window: WindowName): string {
  return `${'tile' in windows[window] ? rule.badSumPrefix : rule.badIncreasePrefix}${window}`;
}

/** Recorded series of all events an objective counts over a window. */
export function totalEvents(window: WindowName): string {
  return `${'tile' in windows[window] ? rule.totalSumPrefix : rule.totalIncreasePrefix}${window}`;
}
