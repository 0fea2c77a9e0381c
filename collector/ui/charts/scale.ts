import type { FindingChart } from '../../api/types.ts';
import { formatDuration, formatLevel, formatRate } from '../format.ts';

/** How charts that stand side by side and share a unit show their values: one scale for all. */
export interface SharedScale {
  log: boolean;
  min: number;
  max: number;
}

/** The next 1, 2, 5 or 10 times a power of ten. */
function roundUp(value: number): number {
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 5, 10].map((f) => f * size).find((s) => s >= value * 0.9999) ?? size * 10;
}

/** One scale over all charts: whole decades when it is logarithmic, else from 0 to a round number. */
export function sharedScale(charts: readonly FindingChart[]): SharedScale {
  const log = charts.every((c) => c.scale === 'log');
  const values = charts
    .flatMap((c) => [...c.value, c.threshold?.value ?? null])
    .filter((v): v is number => v !== null && Number.isFinite(v) && (!log || v > 0));
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  if (!log) return { log, min: 0, max: most > 0 ? roundUp(most) : 1 };
  const least = values.reduce((a, b) => Math.min(a, b), most || 1);
  const min = 10 ** Math.floor(Math.log10(least));
  return { log, min, max: Math.max(min * 10, 10 ** Math.ceil(Math.log10(most || 1))) };
}

/** Gridlines of a scale: every decade, or four. */
export function gridlines({ log, min, max }: SharedScale): number[] {
  if (!log)
    return [0, 1, 2, 3].map((i) => (max * i) / 3).filter((_, i) => max % 3 === 0 || i % 3 === 0 || i === 0);
  const decades: number[] = [];
  for (let v = min; v <= max * 1.0001 && decades.length < 12; v *= 10) decades.push(v);
  return decades;
}

/** A value of a chart with its unit. */
export function formatValue(unit: FindingChart['unit'], value: number): string {
  if (unit === 'ms') return formatDuration(value);
  if (unit === 'share') return formatLevel(value);
  if (unit === 'ratio') return `×${formatRate(value)}`;
  return unit === 'per-second' ? `${formatRate(value)}/s` : formatRate(value);
}
