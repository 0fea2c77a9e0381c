import type { HarborChange, HarborPlan } from '../../../images/index.ts';

/** A change and what became of it. */
export type QuotaRow = HarborChange & { state: 'planned' | 'applied' | 'failed' | 'not tried'; why: string };

/** What the command tells: the rows are the plan's changes. */
export type QuotaReport = Pick<HarborPlan, 'unchanged' | 'refused'> & {
  url: string;
  version: string;
  applied: boolean;
  rows: readonly QuotaRow[];
};

const settings = { quota: 'quota', cosign: 'pull', default: 'quota' } as const;

/** The report for a person: a table of the changes, what is left alone and why, and what to do next. */
export function renderQuotaTable({ url, version, applied, unchanged, refused, rows }: QuotaReport): string {
  const cells = rows.map(({ project, kind, from, to, state, why }) => [
    project,
    settings[kind],
    from,
    '→',
    to,
    why === '' ? state : `${state}: ${why}`,
  ]);
  const left = refused.map(({ project, why }) => `left alone  ${project}: ${why}`);
  const counts = (['planned', 'applied', 'failed', 'not tried'] as const)
    .map((state) => [rows.filter((row) => row.state === state).length, state] as const)
    .filter(([count]) => count > 0)
    .map(([count, state]) => `${count} ${state}`);
  const sum = [
    ...counts,
    `${unchanged} as wanted`,
    ...(left.length === 0 ? [] : [`${left.length} left alone`]),
  ];
  return `${[`${url}, Harbor ${version}`, ...align(cells), ...left, `${sum.join(', ')}.${next(rows, applied)}`].join('\n')}\n`;
}

function next(rows: readonly QuotaRow[], applied: boolean): string {
  if (!applied) return rows.length === 0 ? '' : ' Nothing was changed; --apply does it.';
  const rest = rows.some(({ state }) => state !== 'applied');
  return rest ? ' Run it again to finish: what is applied stays, and is not done twice.' : '';
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)),
    [],
  );
  const reduced = rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)));
  return reduced.map((row) => row.join('  ').trimEnd());
}
