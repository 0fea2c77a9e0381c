/** Call paths of slow requests against quiet ones. */
import { type PathTimes, pathTimes } from './call-paths.ts';
import { count, duration, percent } from './format.ts';
import type { FindingTable } from './incident.ts';
import type { RequestTree, SpanNode } from './spans.ts';
import { median } from './stats.ts';

/** Call paths in the table; more do not fit on one screen. */
const ROWS = 12;
/** One call path, in slow requests against quiet ones. */
export interface PathRow {
  key: string;
  parentKey: string;
  example: SpanNode;
  depth: number;
  beforeMs: number[];
  slowMs: number[];
  /** Mean growth per request of the time on the critical path, with all below. */
  amount: number;
  /** Share of the slow requests' critical path. */
  share: number;
  shareBefore: number;
}

/** The paths of both sides, parents before children, the child that grew most first. */
export function pathRows(before: readonly RequestTree[], bad: readonly RequestTree[]): PathRow[] {
  const sides = [before.map(pathTimes), bad.map(pathTimes)] as const;
  const rows = new Map<string, PathRow>();
  for (const times of [...sides[1], ...sides[0]]) {
    for (const { key, parentKey, example, depth } of times.values()) {
      if (rows.has(key)) continue;
      const beforeMs = totals(sides[0], key);
      const slowMs = totals(sides[1], key);
      const critical = sides.map((side) => mean(side.map((path) => path.get(key)?.criticalMs ?? 0)));
      const [criticalBefore = 0, criticalSlow = 0] = critical;
      rows.set(key, {
        ...{ key, parentKey, example, depth, beforeMs, slowMs, amount: criticalSlow - criticalBefore },
        share: criticalSlow / mean(bad.map((r) => Math.max(r.durationMs, 1e-6))),
        shareBefore: criticalBefore / mean(before.map((r) => Math.max(r.durationMs, 1e-6))),
      });
    }
  }
  return inTreeOrder([...rows.values()]);
}

function totals(side: readonly PathTimes[], key: string): number[] {
  return side.map((times) => times.get(key)?.totalMs ?? 0);
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function inTreeOrder(rows: readonly PathRow[]): PathRow[] {
  const below = Map.groupBy(rows, (row) => row.parentKey);
  const ordered: PathRow[] = [];
  const visit = (key: string): void => {
    for (const row of [...(below.get(key) ?? [])].sort((a, b) => b.amount - a.amount)) {
      ordered.push(row);
      visit(row.key);
    }
  };
  visit('');
  return ordered;
}

/** The first paths as a table, `main` set off. */
export function pathTable(rows: readonly PathRow[], main: PathRow): FindingTable {
  return {
    columns: [
      { title: 'Call path', align: 'left' },
      { title: 'Before p50', align: 'right' },
      { title: 'Slow p50', align: 'right' },
      { title: 'Critical path', align: 'right' },
    ],
    rows: rows.slice(0, ROWS).map((row) => ({
      cells: [
        `${'  '.repeat(row.depth)}${row.example.label}`,
        duration(median(row.beforeMs)),
        duration(median(row.slowMs)),
        percent(row.share),
      ],
      emphasis: row.key === main.key,
    })),
    caption: `Time per request, summed over attempts; share with everything below. ${count(Math.min(ROWS, rows.length))} of ${count(rows.length)} call paths.`,
  };
}
