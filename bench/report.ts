import type { BenchName, Target } from './targets.ts';
import { targetsOf, verdict } from './targets.ts';

/** Rows of cells under a head; numbers are shown as `cell` writes them. */
export interface Table {
  head: readonly string[];
  rows: readonly (readonly string[])[];
}

/** Four significant digits, more only before the decimal point: 12,345 stays, 0.234567 is 0.2346. */
export function rounded(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no figure`);
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return Number(value.toFixed(decimals));
}

/** A number as a table shows it, with a thousands separator. */
export function cell(value: number): string {
  return rounded(value).toLocaleString('en-US', { maximumFractionDigits: 20 });
}

/** Lines of text, the first column to the left, the others to the right. */
export function renderTable({ head, rows }: Table): string {
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((row) => (row[at] ?? '').length)));
  const line = (row: readonly string[]) =>
    widths
      .map((width, at) => (at === 0 ? (row[at] ?? '').padEnd(width) : (row[at] ?? '').padStart(width)))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** What is wanted of a figure, as a table shows it: `<= 13`, `= modules`. */
function wanted(target: Target | undefined): string {
  if (target === undefined) return '';
  const { most, least, equals, kind } = target;
  const parts = [
    ...(least === undefined ? [] : [`>= ${cell(least)}`]),
    ...(most === undefined ? [] : [`<= ${cell(most)}`]),
    ...(equals === undefined ? [] : [`= ${equals}`]),
  ];
  return `${kind === 'aim' ? 'aim ' : ''}${parts.join(', ')}`;
}

/** Each figure beside its target. A miss of an `explained` figure has its reason in the bench's notes. */
export function figureTable(
  bench: BenchName,
  figures: Readonly<Record<string, number | null>>,
  explained: readonly string[] = [],
): Table {
  const rows = targetsOf(bench).map(([name, target]) => {
    const value = figures[name] ?? null;
    const became = verdict(value, target, figures);
    const said = became === 'missed' && explained.includes(name) ? 'explained' : became;
    return [name, value === null ? '-' : cell(value), wanted(target), said];
  });
  return { head: ['figure', 'measured', 'target', ''], rows };
}

/**
 * The last line of a bench: `RESULT {"bench":NAME,"figures":{…}}` with exactly the figures of the bench's targets.
 * @throws Error when a figure is missing or is none of the bench's
 */
export function resultLine(bench: BenchName, figures: Readonly<Record<string, number | null>>): string {
  const names = targetsOf(bench).map(([name]) => name);
  const unknown = Object.keys(figures).filter((name) => !names.includes(name));
  const missing = names.filter((name) => !(name in figures));
  if (unknown.length > 0 || missing.length > 0) {
    throw new Error(`${bench}: figures missing: ${missing.join(', ')}; unknown: ${unknown.join(', ')}`);
  }
  const ordered = names.map((name) => {
    const value = figures[name] ?? null;
    return [name, value === null ? null : rounded(value)];
  });
  return `RESULT ${JSON.stringify({ bench, figures: Object.fromEntries(ordered) })}`;
}
