import type { StatusBody } from '../../api/types.ts';
import { formatCount } from '../format.ts';

type SignalName = keyof StatusBody['signals'];

/** What one record of a signal is called: in a table, and in a sentence. */
export const SIGNAL_NAMES: Record<SignalName, { title: string; many: string }> = {
  traces: { title: 'Spans', many: 'spans' },
  logs: { title: 'Log lines', many: 'log lines' },
  metrics: { title: 'Metric points', many: 'metric points' },
};

/** How many records of a signal were dropped, and why: `queue full`, or with counts when there are several reasons. */
export function droppedOf(status: StatusBody, signal: SignalName): { total: number; reasons: string } {
  const dropped = status.signals[signal].dropped.filter((d) => d.records > 0);
  const total = dropped.reduce((sum, d) => sum + d.records, 0);
  const [only] = dropped;
  if (dropped.length <= 1) return { total, reasons: only?.reason ?? '' };
  const sorted = dropped.toSorted((a, b) => b.records - a.records);
  return { total, reasons: sorted.map((d) => `${d.reason} ${formatCount(d.records)}`).join('; ') };
}
